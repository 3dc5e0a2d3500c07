"""Takes over a model file that is on this machine already."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from longagent.errors import UsageError
from longagent.events import Emit, WeightsProgress
from longagent.llm.embedded.gguf import model_file
from longagent.llm.model_files.folder import PART, ModelFile, file_name, model_file_at
from longagent.llm.model_files.pull import checksum, keeping, kept, require_room

_PIECE = 2**22


async def take_over(
    given: Path, *, folder: Path, emit: Emit, name: str | None = None, sha256: str | None = None
) -> ModelFile:
    """Return a file of this machine as one of the folder: linked where that is possible, else copied.

    Raises:
        UsageError: it cannot be read, is none, or there is another of that name.
        ModelRejectedError: it has another checksum, or is damaged.
        ModelUnavailableError: the disk is full.
    """
    source = model_file(given).resolve()
    path = folder / file_name(name or given.name)
    async with keeping(path, emit):
        if path.exists():
            return await asyncio.to_thread(_already, path, source)
        part = path.with_name(f"{path.name}{PART}")
        part.unlink(missing_ok=True)
        # A link takes no room and no time, and stays when the other name is removed.
        with suppress(OSError):
            os.link(source, part)
        if not part.exists():
            require_room(folder, source.stat().st_size)
            await asyncio.to_thread(_copy, source, part, emit)
        return await asyncio.to_thread(kept, part, path, source=str(source), sha256=sha256)


def _already(path: Path, source: Path) -> ModelFile:
    there = model_file_at(path)
    if path.samefile(source):
        return there
    if there.size == source.stat().st_size and checksum(path) == checksum(source):
        return there
    raise UsageError(
        f"there is another {path.name} already, from {there.source or 'elsewhere'}.",
        hint=f"Remove it with `longagent models remove {there.name}`, or give this one another name with --name.",
    )


def _copy(source: Path, part: Path, emit: Emit) -> None:
    size = source.stat().st_size
    with source.open("rb") as file, part.open("xb") as target:
        while piece := file.read(_PIECE):
            target.write(piece)
            emit(WeightsProgress(done=target.tell(), total=size, name=source.name))
        target.flush()
        os.fsync(target.fileno())
