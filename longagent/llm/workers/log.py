"""The log of a worker, which vLLM writes: its end, and how far a start has come by it."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep
from typing import BinaryIO

_LOOK_SECONDS = 0.2
_TAIL_BYTES = 256 * 1024

# In the order in which vLLM (0.32) passes through them; the last one that is found counts.
_STAGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), stage)
    for pattern, stage in (
        (r"non-default args", "reading the configuration"),
        (r"thrown while requesting|Error retrieving file list", "the hub does not answer, it is asked again"),
        (r"Initializing a V1 LLM engine", "starting the engine"),
        (r"Starting to load model|Loading model from", "loading the model"),
        (r"(?:Fetching|Downloading).*?(\d+)%", "fetching the model, {} %"),
        (r"Loading .*checkpoint shards: +(\d+)%", "loading weights, {} %"),
        (r"Loading weights took|Model loading took", "weights are loaded"),
        (r"Starting torch\.compile|Dynamo bytecode|Compiling a graph|Warming up model", "compiling and warming up"),
        (r"KV cache size", "memory for keys and values is taken"),
        (r"Capturing CUDA graphs?.*?(\d+)%", "capturing CUDA graphs, {} %"),
        (r"Warming up done|Graph capturing finished", "warmed up"),
        (r"init engine", "the engine is ready"),
        (r"Starting vLLM server|Application startup complete", "opening the server"),
    )
)


def tail(log: Path, *, size: int = _TAIL_BYTES) -> str:
    """Return the end of a log, whole lines of it, as its writer left it; empty if there is none."""
    try:
        with log.open("rb") as file:
            return _end(file, size)
    except OSError:
        return ""


def last_lines(log: Path, count: int) -> tuple[str, ...]:
    """Return the last lines of a log. Progress bars, which write over themselves, come as lines of their own."""
    return _last(tail(log, size=_room(count)), count)


def followed(log: Path, count: int, *, alive: Callable[[], bool]) -> Iterator[str]:
    """Yield the last lines of a log, and then each that is written; ends when its writer has."""
    with log.open("rb") as file:
        yield from _last(_end(file, _room(count)), count)
        rest = b""
        while True:
            # Asked before reading: what was written until the end is read.
            over = not alive()
            *whole, rest = (rest + file.read()).replace(b"\r", b"\n").split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in (*whole, rest if over else b"") if line)
            if over:
                return
            sleep(_LOOK_SECONDS)


def stage(text: str) -> str:
    """Return what a starting worker is at, by the end of its log; empty if that does not say."""
    for line in reversed(text.splitlines()):
        for pattern, words in reversed(_STAGES):
            if found := pattern.search(line):
                return words.format(*found.groups()) if found.groups() else words
    return ""


def _end(file: BinaryIO, size: int) -> str:
    """Return the end of a file, which is then read to its end."""
    length = os.fstat(file.fileno()).st_size
    file.seek(max(0, length - size))
    text = file.read().decode("utf-8", "replace")
    return text if length <= size else text.partition("\n")[2]


def _room(count: int) -> int:
    return max(_TAIL_BYTES, 512 * count)


def _last(text: str, count: int) -> tuple[str, ...]:
    return tuple(text.splitlines()[-count:]) if count else ()
