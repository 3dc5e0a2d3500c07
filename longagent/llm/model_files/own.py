"""Takes over a model file that is on this machine already."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from longagent.errors import ModelRejectedError, UsageError
from longagent.events import Emit, WeightsProgress
from longagent.llm.embedded.gguf import model_file
from longagent.llm.model_files.folder import PART, ModelFile, file_name, model_file_at
from longagent.llm.model_files.pull import checksum, drop_part, keeping, kept, require_room

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
            return await asyncio.to_thread(_already, path, source, sha256)
        part = path.with_name(f"{path.name}{PART}")
        # With what is known of a part from a hub: fetching would go on within this file, and a link is a person's own.
        drop_part(part)
        # A link takes no room and no time, and stays when the other name is removed.
        with suppress(OSError):
            os.link(source, part)
        if not part.exists():
            require_room(folder, source.stat().st_size)
            await asyncio.to_thread(_copy, source, part, emit)
        return await asyncio.to_thread(kept, part, path, source=str(source), sha256=sha256)


def _already(path: Path, source: Path, sha256: str | None) -> ModelFile:
    there = model_file_at(path)
    same = path.samefile(source)
    if same or there.size == source.stat().st_size:
        found = checksum(source) if sha256 or not same else None
        if sha256 not in {None, found}:
            raise ModelRejectedError(f"{source} has the sha256 {found}, not {sha256}.")
        if same or checksum(path) == found:
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
