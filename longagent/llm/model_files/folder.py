"""The folder of model files: which are there, what is known about each, and which one a name means."""

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from longagent.errors import UsageError

SUFFIX = ".gguf"
PART = ".part"
"""What the name of a file ends with while it is being fetched."""
_RECORD = ".json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,180}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A file of the folder; what is not known of one that was put there by hand is `None`."""

    path: Path
    size: int
    source: str | None = None
    """Where it came from."""
    sha256: str | None = None
    """What it had when it came."""
    licence: str | None = None
    """As the file says."""

    @property
    def name(self) -> str:
        """As users name it, after `local/`."""
        return self.path.name.removesuffix(SUFFIX)


def models_folder(data_dir: Path) -> Path:
    """Return where model files are kept."""
    return data_dir / "models"


def file_name(name: str) -> str:
    """Return the name that a file gets in the folder: a plain one, whatever a hub or a person calls it.

    Raises:
        UsageError: it would lie elsewhere, or be hidden.
    """
    stem = name.removesuffix(SUFFIX)
    if not _NAME.fullmatch(stem):
        raise UsageError(
            f"{name!r} is no name for a model file.", hint="Letters, digits, dots, + - and _ will do: --name NAME."
        )
    return stem + SUFFIX


def model_files(folder: Path) -> tuple[ModelFile, ...]:
    """Return the files of a folder, by name."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with suppress(OSError):  # removed meanwhile
            found.append(model_file_at(path))
    return tuple(found)


def model_file_at(path: Path) -> ModelFile:
    """Return what is known about a file.

    Raises:
        OSError: it is not there.
    """
    size = path.stat().st_size
    record = _record(path)
    # A record of another size is of a file that was there before.
    if record.get("size") != size:
        return ModelFile(path=path, size=size)
    told = {key: record.get(key) for key in ("source", "sha256", "licence")}
    return ModelFile(path=path, size=size, **{key: said for key, said in told.items() if isinstance(said, str)})


def write_record(file: ModelFile) -> None:
    """Keep what is known about a file beside it, whole or not at all."""
    record = {"source": file.source, "sha256": file.sha256, "size": file.size, "licence": file.licence}
    with NamedTemporaryFile("w", dir=file.path.parent, prefix=".record-", encoding="utf-8", delete=False) as draft:
        json.dump(record, draft, indent=2)
    Path(draft.name).replace(_beside(file.path))


def remove(folder: Path, name: str) -> bool:
    """Remove a file, what is known about it, and what was fetched of it; return whether there was anything."""
    path = folder / file_name(name)
    part = Path(f"{path}{PART}")
    found = [each for each in (path, part) if each.is_file()]
    for each in (path, _beside(path), path.with_suffix(".LICENSE"), part, _beside(part)):
        each.unlink(missing_ok=True)
    return bool(found)


def find_model_file(name: str, *, data_dir: Path) -> Path:
    """Return the path of the file that `local/NAME` means: one of the folder, with or without its ending, or a path.

    Raises:
        UsageError: a name that is no path means none.
    """
    folder = models_folder(data_dir)
    path = Path(name).expanduser()
    if not {"/", os.sep} & {*name} and name not in {".", ".."}:
        # Before what lies in the current folder: what is asked for must not depend on where it is asked.
        for candidate in (folder / name, folder / f"{name}{SUFFIX}", path):
            if _is_file(candidate):
                return candidate
        raise _unknown(name, folder)
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a name, or with a null character
        return False


def _unknown(name: str, folder: Path) -> UsageError:
    there = [file.name for file in model_files(folder)]
    by_case = {each.lower(): each for each in there}
    close = get_close_matches(name.removesuffix(SUFFIX).lower(), by_case, n=1)
    if close:
        hint = f"Did you mean 'local/{by_case[close[0]]}'?"
    elif there:
        hint = f"There are: {', '.join(f'local/{each}' for each in there[:8])}; `longagent models list` tells them all."
    else:
        hint = "Fetch one with `longagent models pull OWNER/REPO/FILE.gguf`, or give a path: -m local/PATH.gguf."
    return UsageError(f"there is no model file {name!r}.", hint=hint)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + _RECORD)


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(_beside(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
