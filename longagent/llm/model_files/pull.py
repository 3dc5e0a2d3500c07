"""Fetches a model file from a hub into the folder: whole or not at all, checked, resumed where it broke off."""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from longagent.errors import ModelRejectedError, ModelUnavailableError, UsageError
from longagent.events import Emit, Warned, WeightsProgress
from longagent.llm.embedded.header import read_header
from longagent.llm.embedded.lock import exclusive
from longagent.llm.model_files.folder import PART, ModelFile, file_name, model_file_at, write_record
from longagent.llm.model_files.hub import Hub, Told
from longagent.llm.model_files.source import HubFile
from longagent.llm.refusals import plain

_PIECE = 2**20
_ATTEMPTS = 5
"""In a row that bring nothing."""
_PAUSE_SECONDS = 1.0
_SPARE = 64 * 2**20
"""Bytes of the disk that are left to others."""
_MAGIC = b"GGUF"
_MAKE_ROOM = "Make room there, or set LONGAGENT_DATA_DIR to another folder."


async def pull(
    source: HubFile, *, hub: Hub, folder: Path, emit: Emit, name: str | None = None, sha256: str | None = None
) -> ModelFile:
    """Return a file of a hub, fetched if it is not in the folder yet.

    Args:
        source: which file.
        hub: where it is.
        folder: where it goes.
        emit: is told of progress.
        name: of the file in the folder; `None`: as on the hub.
        sha256: that it must have; `None`: as the hub says.

    Raises:
        UsageError: the name cannot be one, or there is another file of that name.
        ModelRejectedError: there is no such file, it is not for us, or not what was to come.
        ModelUnavailableError: the hub cannot be reached, or the disk is full. What has come is kept for the next time.
    """
    path = folder / file_name(name or source.name)
    told = await hub.ask(source)
    if sha256 is not None and told.sha256 not in {None, sha256}:
        raise ModelRejectedError(f"the hub has {source.name} with the sha256 {told.sha256}, not {sha256}.")
    told = told._replace(sha256=sha256 or told.sha256)
    async with keeping(path, emit):
        if path.exists():
            return await asyncio.to_thread(_already, path, source, told)
        part = Part(Path(f"{path}{PART}"), source, told)
        await _fetch(part, source, hub, emit)
        return await asyncio.to_thread(kept, part.path, path, source=str(source), sha256=told.sha256)


@asynccontextmanager
async def keeping(path: Path, emit: Emit) -> AsyncIterator[None]:
    """Let nobody else put a file there meanwhile, and tell in words what goes wrong with the disk.

    Raises:
        ModelUnavailableError: the folder cannot be used, or is full.
    """
    waiting = Warned(message=f"Another command is fetching {path.name}; waiting for it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        async with exclusive(path.with_name(f".{path.name}.lock"), waiting=lambda: emit(waiting)):
            yield
    except OSError as error:
        raise ModelUnavailableError(
            f"{path.name} cannot be kept in {path.parent}: {error.strerror or error}.", hint=_MAKE_ROOM
        ) from error


class Part:
    """What has come of a file so far, and which file it is of."""

    def __init__(self, path: Path, source: HubFile, told: Told) -> None:
        self.path = path
        self.size = told.size
        self.validator = ""
        """The storage's own word for what it sent; only if it is still that, the rest fits."""
        self._about = _about(path)
        self._of = {"source": str(source), "size": told.size, "etag": told.etag, "sha256": told.sha256}
        try:
            before = json.loads(self._about.read_text(encoding="utf-8"))
            validator = before.pop("validator")
            if before == self._of and isinstance(validator, str):
                self.validator = validator
            else:
                self.drop()
        except (OSError, ValueError, AttributeError, KeyError, RecursionError):
            self.drop()

    @property
    def done(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.exists() else 0

    def begin(self, validator: str) -> None:
        """Remember what is about to come."""
        # A weak one says that two contents mean the same, not that they are the same.
        self.validator = "" if validator.startswith("W/") else validator
        self._about.write_text(json.dumps({**self._of, "validator": self.validator}), encoding="utf-8")

    def drop(self) -> None:
        """Forget what has come."""
        self.validator = ""
        drop_part(self.path)


def drop_part(path: Path) -> None:
    """Remove what has come of a file, and what is known about it."""
    path.unlink(missing_ok=True)
    _about(path).unlink(missing_ok=True)


def kept(part: Path, path: Path, *, source: str, sha256: str | None) -> ModelFile:
    """Put a file that is complete into its place, with what is known about it, after checking that it is right. Blocks.

    Raises:
        ModelRejectedError: it has another checksum, or is no model; then it is removed.
    """
    found = checksum(part)
    problem = "" if sha256 in {None, found} else f"has the sha256 {found}, not {sha256}"
    licence = None
    if not problem:
        try:
            header = read_header(part)
            licence = None if header.licence is None else plain(header.licence, key=None, limit=80)
            problem = "is one of several parts of a model" if header.parts > 1 else ""
        except UsageError:
            problem = "is not a whole GGUF file"
    if problem:
        drop_part(part)
        raise ModelRejectedError(f"{source} {problem}; it was not kept.", hint="Try again, or another.")
    file = ModelFile(path=path, size=part.stat().st_size, source=source, sha256=found, licence=licence)
    # First what is known about it: a record without its file is none, a file without its record is somebody's own.
    write_record(file)
    part.replace(path)
    _about(part).unlink(missing_ok=True)
    return file


def _about(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def checksum(path: Path) -> str:
    """Return the sha256 of a file. Blocks, for a second or two a gigabyte."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_room(folder: Path, size: int) -> None:
    """Raise an error unless the disk holds so many bytes more.

    Raises:
        ModelUnavailableError: it does not.
    """
    free = shutil.disk_usage(folder).free
    if size + _SPARE > free:
        raise ModelUnavailableError(
            f"{size / 1e9:.1f} GB are needed in {folder}, and {free / 1e9:.1f} GB are free.",
            hint=_MAKE_ROOM,
        )


def _already(path: Path, source: HubFile, told: Told) -> ModelFile:
    """Return the file that is there, if it is the one that was asked for."""
    there = model_file_at(path)
    found = there.sha256
    if there.size == told.size and found is None:
        found = checksum(path)
    same = found == told.sha256 if told.sha256 else there.source == str(source)
    if there.size == told.size and same:
        return there
    raise UsageError(
        f"there is another {path.name} already, from {there.source or 'elsewhere'}.",
        hint=f"Remove it with `longagent models remove {there.name}`, or give this one another name with --name.",
    )


async def _fetch(part: Part, source: HubFile, hub: Hub, emit: Emit) -> None:
    """Fetch until all is there; go on after a broken connection, as long as each attempt brings something."""
    require_room(part.path.parent, part.size - part.done)
    emit(WeightsProgress(done=part.done, total=part.size, name=source.name))
    idle = 0
    while part.done < part.size:
        before = part.done
        try:
            await _attempt(part, source, hub, emit)
        except ModelUnavailableError as error:
            idle = 0 if part.done > before else idle + 1
            if idle >= _ATTEMPTS or (not part.done and idle > 1):
                raise _broke_off(source, part, error) from None
            await asyncio.sleep(_PAUSE_SECONDS * idle)


async def _attempt(part: Part, source: HubFile, hub: Hub, emit: Emit) -> None:
    start = part.done
    async with hub.read(source, start=start, validator=part.validator) as response:
        if response.status == 200:
            start = 0  # all of it: the storage knows no ranges, or has another content now
        elif response.headers.get("Content-Range") != f"bytes {start}-{part.size - 1}/{part.size}":
            part.drop()
            raise ModelUnavailableError("the storage sent another part than was asked for.")
        part.begin(response.headers.get("ETag", ""))
        with part.path.open("ab" if start else "wb") as file:
            done = start
            async for piece in response.content.iter_chunked(_PIECE):
                foreign = not done and not piece.startswith(_MAGIC[: len(piece)])
                done += len(piece)
                if foreign or done > part.size:
                    break
                file.write(piece)
                emit(WeightsProgress(done=done, total=part.size, name=source.name))
            else:
                if done < part.size:
                    raise ModelUnavailableError("the connection broke off.")
                file.flush()
                os.fsync(file.fileno())
                return
    part.drop()
    what = "is not a GGUF file" if foreign else "is longer than the hub says"
    raise ModelRejectedError(f"what comes as {source.name} {what}.", hint="Look at the file's page on the hub.")


def _broke_off(source: HubFile, part: Part, error: ModelUnavailableError) -> ModelUnavailableError:
    if not part.done:
        return error
    return ModelUnavailableError(
        f"{source.name} broke off at {part.done / 1e6:,.0f} of {part.size / 1e6:,.0f} MB: {error.message}",
        hint="What has come is kept: the same command goes on from there.",
    )
