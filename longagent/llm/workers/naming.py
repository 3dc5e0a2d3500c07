"""What a worker serves and under which names: judged first, for these become arguments and names of files."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from longagent.errors import UsageError

# A first letter or digit: nothing that is passed on can be taken for a flag.
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?(:[\w.-]+)?", re.ASCII)
_SERVED = re.compile(r"[A-Za-z0-9][\w./:+-]{0,199}", re.ASCII)
_LONGEST_NAME = 60


class Model(NamedTuple):
    """What is to be served."""

    source: str
    """For vLLM: a name of the hub, or the absolute path of a folder."""
    served: str
    """The name under which it is asked for."""


def judge_model(text: str, *, served: str | None = None) -> Model:
    """Return the model that a user means.

    Args:
        text: a folder, or a name of the Hugging Face hub.
        served: the name to serve it under; `None`: the last part of the model's own.

    Raises:
        UsageError: there is no such folder, or no model in it, or it is no name at all.
    """
    folder = Path(text).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UsageError(
                f"The folder {text!r} holds no model: there is no config.json in it.",
                hint="A GGUF file is served by longagent itself: --model local/PATH.gguf." if _has_gguf(folder) else "",
            )
        # As written, not resolved: the hub's own cache is a folder of links whose targets have no names.
        source, own = str(folder.absolute()), folder.absolute().name
    elif folder.is_file():
        raise UsageError(f"{text!r} is a file, and vLLM serves a folder or a name of the hub.")
    elif text.startswith(("/", "./", "../", "~")) or text.count("/") > 1:
        raise UsageError(f"There is no folder {text!r}.")
    elif not _HUB_NAME.fullmatch(text) or ".." in text:
        raise UsageError(
            f"{text!r} is no model.", hint="Give a folder, or a name of the hub such as Qwen/Qwen3-8B; flags follow --."
        )
    else:
        source, own = text, text.rpartition("/")[2]
    name = own if served is None else served
    if not _SERVED.fullmatch(name):
        raise UsageError(
            f"The model cannot be served as {name!r}.", hint="Give --served-name, of letters, digits and . _ - / : +."
        )
    return Model(source, name)


def new_names(served: str, taken: Collection[str], *, count: int) -> tuple[str, ...]:
    """Return names for workers, `qwen3-8b-1` and so on: those that are free, safe as names of files."""
    stem = re.sub(r"[^a-z0-9.-]+", "-", served.lower()).strip("-.")[:_LONGEST_NAME].rstrip("-.") or "worker"
    numbers = (f"{stem}-{number}" for number in range(1, len(taken) + count + 1))
    return tuple([name for name in numbers if name not in taken][:count])


def _has_gguf(folder: Path) -> bool:
    return any(folder.glob("*.gguf"))
