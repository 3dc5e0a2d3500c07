"""Which GPUs there are for us, and how they are dealt to workers."""

import re
import subprocess
from collections.abc import Collection, Mapping, Sequence

from longagent.errors import UsageError

_LISTED = re.compile(r"GPU (\d+): .*\(UUID: (GPU-[0-9a-f-]+)\)")
_ASK_SECONDS = 60.0


def parse_gpus(text: str) -> tuple[int, ...]:
    """Read the numbers of GPUs: `0,1`.

    Raises:
        UsageError: it is something else.
    """
    words = text.split(",")
    if not all(word.strip().isdecimal() for word in words):
        raise UsageError(f"--gpus {text!r} are no numbers of GPUs.", hint="Write them like 0,1, as nvidia-smi -L does.")
    gpus = tuple(int(word) for word in words)
    if len(set(gpus)) < len(gpus):
        raise UsageError(f"--gpus {text!r} names one twice.")
    return gpus


def find_gpus(wanted: tuple[int, ...] | None, *, environ: Mapping[str, str]) -> tuple[int, ...]:
    """Return the GPUs to use, by their numbers in `nvidia-smi -L`.

    Args:
        wanted: those that were named; `None`: all there are for us.
        environ: where `CUDA_VISIBLE_DEVICES`, set by a batch system or the user, says which are for us.

    Raises:
        UsageError: there is none, or not one that was named.
    """
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    numbers = _visible(visible, environ) if visible is not None else None
    if wanted is None:
        found = tuple(_listed(environ)) if numbers is None else numbers
        if not found:
            why = "CUDA_VISIBLE_DEVICES hides all" if visible is not None else "nvidia-smi lists none"
            raise UsageError(f"There is no GPU to use: {why}.", hint="--cpu starts workers on the CPU.")
        return found
    if numbers is not None and (hidden := [gpu for gpu in wanted if gpu not in numbers]):
        raise UsageError(f"GPU {hidden[0]} is not among CUDA_VISIBLE_DEVICES={visible}.")
    # Without nvidia-smi (AMD's cards, some containers) what the user names is taken at its word.
    known = None if numbers is not None else _listed(environ, needed=False)
    if known and (missing := [gpu for gpu in wanted if gpu not in known]):
        raise UsageError(f"There is no GPU {missing[0]}; nvidia-smi lists {', '.join(map(str, known))}.")
    return wanted


def deal(gpus: Sequence[int], *, each: int, replicas: int | None) -> tuple[tuple[int, ...], ...]:
    """Return the GPUs of each worker.

    Args:
        gpus: to be dealt.
        each: how many a worker takes.
        replicas: how many workers; `None`: as many as the GPUs allow.

    Raises:
        UsageError: there are too few.
    """
    most = len(gpus) // each
    count = most if replicas is None else replicas
    if count > most or not count:
        has = "1 GPU is" if len(gpus) == 1 else f"{len(gpus)} GPUs are"
        needs = max(count, 1) * each
        raise UsageError(
            f"{needs} GPUs are needed, and {has} free for this.",
            hint="Start fewer --replicas, or lower --tensor-parallel and --pipeline-parallel.",
        )
    return tuple(tuple(gpus[number * each : (number + 1) * each]) for number in range(count))


def free_of(gpus: Sequence[int], busy: Mapping[int, str]) -> tuple[int, ...]:
    """Return the GPUs on which no worker of ours is; `busy` names the worker of each that has one.

    Raises:
        UsageError: there is one on each.
    """
    free = tuple(gpu for gpu in gpus if gpu not in busy)
    if not free:
        raise UsageError(
            f"Every GPU has a worker already ({_several(busy.values())}).",
            hint="Stop one with: longagent workers stop NAME; or share GPUs by --gpus with --memory-fraction.",
        )
    return free


def check_shared(gpus: Sequence[int], busy: Mapping[int, str]) -> None:
    """Refuse GPUs that workers of ours fill already: vLLM takes nearly all memory unless it is told how much.

    Raises:
        UsageError: there is one.
    """
    for gpu in gpus:
        if gpu in busy:
            raise UsageError(
                f"GPU {gpu} has a worker already ({busy[gpu]}).",
                hint="Stop it; or give each that is to share it a --memory-fraction.",
            )


def _visible(text: str, environ: Mapping[str, str]) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if all(word.isdecimal() for word in words):
        return tuple(map(int, words))
    if any(word.startswith("GPU-") for word in words):
        by_uuid = {uuid: number for number, uuid in _listed(environ).items()}
        # CUDA takes how an UUID begins for the whole.
        found = [next((by_uuid[uuid] for uuid in by_uuid if uuid.startswith(word)), None) for word in words]
        if None not in found:
            return tuple(number for number in found if number is not None)
    if words == ["-1"]:
        return ()
    raise UsageError(
        f"CUDA_VISIBLE_DEVICES={text} names what cannot be dealt to workers.",
        hint="Name whole GPUs there, or start vLLM by hand and give --base-url.",
    )


def _listed(environ: Mapping[str, str], *, needed: bool = True) -> dict[int, str]:
    """Return the GPUs by number, each with its UUID."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "-L"],  # noqa: S607 - it is where the driver put it
            env=dict(environ),
            capture_output=True,
            timeout=_ASK_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        if not needed:
            return {}
        raise UsageError(
            "No GPU was found: nvidia-smi cannot be run.", hint="--cpu starts workers on the CPU; --gpus 0 names one."
        ) from None
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode and needed:
        from longagent.llm.refusals import plain

        why = plain(said or done.stderr.decode("utf-8", "replace"), key=None).rstrip(".")
        raise UsageError(
            f"The GPUs cannot be listed: {why or 'nvidia-smi failed'}.",
            hint="Is NVIDIA's driver loaded, and the same as its libraries? --cpu does without.",
        )
    return {int(found[1]): found[2] for found in _LISTED.finditer(said)}


def _several(names: Collection[str]) -> str:
    return ", ".join(dict.fromkeys(names))
