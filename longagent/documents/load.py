"""From sources to documents: read several at once, each by the reader of its format."""

import asyncio
import os
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from longagent.documents.document import Document
from longagent.documents.formats import markdown, text
from longagent.documents.outcome import Loaded, Outcome
from longagent.documents.paths import File, OtherKindError, read_file
from longagent.documents.pdf import read_pdf
from longagent.documents.sniff import sniff
from longagent.documents.sources import Item, Source, resolve
from longagent.errors import SourceError, UsageError
from longagent.events import DocumentLoaded, Emit, Warned

_Read: TypeAlias = Document | SourceError
"""What became of something that was to be read."""


async def load(sources: Sequence[Source], *, emit: Emit | None = None, strict: bool = False) -> Loaded:
    """Read sources into documents; equal content is read once.

    Of several sources, those that cannot be read become warnings as long as one can.

    Args:
        sources: What to read.
        emit: Told of each document as soon as it is read, which may be in another order, and of each warning.
        strict: Stop at the first source that cannot be read; files of other kinds in a folder are none.

    Raises:
        SourceError: a path does not exist, nothing could be read, or (if strict) something could not.
        UsageError: a source is a URL, or there is none.
    """
    if not sources:
        raise UsageError("No document was given.", hint="Name a file or a folder, or - for standard input.")
    # All names are looked up before anything is read, so that a typing error shows at once.
    items = await resolve(sources)
    outcome = Outcome()
    for item, found in zip(items, await _Reader(len(items), emit=emit, strict=strict).read(items), strict=True):
        if isinstance(found, Document):
            outcome.add(found, item.name)
        else:
            outcome.fail(found, None if isinstance(item, Document) else item.sweep)
    loaded = outcome.finish()
    if emit:
        for warning in loaded.warnings:
            emit(Warned(message=warning))
    return loaded


async def read(data: bytes, *, name: str) -> Document:
    """Read the bytes of one file of any known format.

    Raises:
        SourceError: it is empty, broken, or of a format that is not known.
    """
    form = await asyncio.to_thread(sniff, data, name=name)
    if form == "pdf":
        return await read_pdf(data, name=name)
    reader = markdown.read if form == "markdown" else text.read
    parsed = await asyncio.to_thread(reader, data)
    document = Document.from_parsed(parsed, id=sha256(data).hexdigest(), name=name, format=form)
    if not document.text.strip():
        raise SourceError(name, "is empty.")
    return document


def at_once() -> int:
    """Return how many files are read at a time: one for each core this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Bytes(NamedTuple):
    """The content of a file."""

    data: bytes
    hash: str
    twin: asyncio.Task[_Read] | None
    """Who reads the same content, or did."""


class _Reader:
    """Reads items at the same time, as many as there are cores; no more files than those are held as bytes."""

    def __init__(self, total: int, *, emit: Emit | None, strict: bool) -> None:
        self._total = total
        self._emit = emit
        self._strict = strict
        self._done = 0
        self._told = set[str]()
        self._by_hash: dict[str, asyncio.Task[_Read]] = {}
        """Who reads it, or did, by hash of the content; the last one of several."""

    async def read(self, items: Sequence[Item]) -> list[_Read]:
        """Return what became of each item.

        Raises:
            SourceError: one cannot be read, and strict.
        """
        slots = asyncio.Semaphore(at_once())
        tasks: list[asyncio.Task[_Read]] = []
        try:
            async with asyncio.TaskGroup() as group:
                for item in items:
                    await slots.acquire()
                    # Opened one after the other: of several with the same content, the first that was given counts.
                    content = await self._open(item)
                    tasks.append(group.create_task(self._settle(item, content)))
                    tasks[-1].add_done_callback(lambda _: slots.release())
                    if isinstance(content, _Bytes):
                        self._by_hash[content.hash] = tasks[-1]
        except BaseExceptionGroup as failed:
            first = failed.exceptions[0]
            raise first from first.__cause__
        return [task.result() for task in tasks]

    async def _open(self, item: Item) -> _Bytes | _Read:
        if isinstance(item, Document):
            return item if item.text.strip() else SourceError(item.name, "is empty.")
        try:
            data = await asyncio.to_thread(read_file, item) if isinstance(item, File) else item.data
        except SourceError as error:
            return error
        hash_ = await asyncio.to_thread(lambda: sha256(data).hexdigest())
        return _Bytes(data, hash_, self._by_hash.get(hash_))

    async def _settle(self, item: Item, content: _Bytes | _Read) -> _Read:
        found = await _parse(item.name, content) if isinstance(content, _Bytes) else content
        self._done += 1
        if isinstance(found, SourceError):
            if self._strict and not isinstance(found, OtherKindError):
                raise found
        elif self._emit and found.id not in self._told:
            self._told.add(found.id)
            self._emit(
                DocumentLoaded(
                    name=found.name,
                    document_id=found.id,
                    pages=len(found.pages),
                    characters=len(found.text),
                    done=self._done,
                    total=self._total,
                )
            )
        return found


async def _parse(name: str, content: _Bytes) -> _Read:
    # What cannot be read under one name may be under another, since text has no other mark.
    if content.twin and isinstance(document := await content.twin, Document):
        return document
    try:
        return await read(content.data, name=name)
    except SourceError as error:
        return error
