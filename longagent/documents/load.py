"""From what the user names to documents; equal content is read once."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from longagent.documents.document import Document
from longagent.documents.kept import Kept
from longagent.documents.outcome import Loaded, Outcome
from longagent.documents.parsed import Options
from longagent.documents.paths import File, OtherKindError, read_file
from longagent.documents.reading import Reading
from longagent.documents.sources import Item, Source, resolve
from longagent.errors import SourceError, UsageError
from longagent.events import DocumentLoaded, Emit, PageRecognised, Warned
from longagent.settings import Settings

_Read: TypeAlias = Document | SourceError
"""What became of something that was to be read."""


async def load_for(
    settings: Settings, sources: Sequence[Source], *, emit: Emit | None = None, kept: Kept | None = None
) -> Loaded:
    """Read sources as the settings say; see `load`."""
    return await load(
        sources,
        emit=emit,
        strict=settings.strict_sources,
        password=settings.password,
        ocr=settings.ocr,
        kept=kept,
    )


async def load(
    sources: Sequence[Source],
    *,
    emit: Emit | None = None,
    strict: bool = False,
    password: str | None = None,
    ocr: bool = True,
    kept: Kept | None = None,
) -> Loaded:
    """Read sources into documents; equal content is read once.

    Of several sources, those that cannot be read become warnings as long as one can.

    Args:
        sources: what to read.
        emit: told of each document as soon as it is read, which may be in another order; of each page that was read by
            OCR; and of each warning.
        strict: stop at the first source that cannot be read; files of other kinds in a folder are none.
        password: opens those that are encrypted.
        ocr: read pages without text by OCR, if the extra `ocr` is installed.
        kept: where texts, and pages read by OCR, are kept for the next time.

    Raises:
        SourceError: a path does not exist, nothing could be read, or (if strict) something could not.
        UsageError: a source is a URL, or there is none.
    """
    if not sources:
        raise UsageError("No document was given.", hint="Name a file or a folder, or - for standard input.")
    # All names are looked up before anything is read, so that a typing error shows at once.
    items = await resolve(sources)

    def recognised(name: str, done: int, total: int) -> None:
        if emit:
            emit(PageRecognised(name=name, done=done, total=total))

    async with Reading(Options(password=password, ocr=ocr), kept=kept, recognised=recognised) as reading:
        read = await _Loading(reading, len(items), emit=emit, strict=strict).read(items)
    outcome = Outcome()
    for item, found in zip(items, read, strict=True):
        if isinstance(found, Document):
            outcome.add(found, item.name)
        else:
            outcome.fail(found, None if isinstance(item, Document) else item.sweep)
    loaded = outcome.finish()
    if emit:
        for warning in loaded.warnings:
            emit(Warned(message=warning))
    return loaded


class _Bytes(NamedTuple):
    """The content of a file."""

    data: bytes
    hash: str
    twin: asyncio.Task[_Read] | None
    """Who reads the same content, or did."""


class _Loading:
    """Reads items side by side, as many as are worth it; no more files than those are held as bytes."""

    def __init__(self, reading: Reading, total: int, *, emit: Emit | None, strict: bool) -> None:
        self._reading = reading
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
        slots = asyncio.Semaphore(self._reading.width)
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
        found = await self._parse(item.name, content) if isinstance(content, _Bytes) else content
        self._done += 1
        if isinstance(found, Document):
            self._tell(found)
        elif self._strict and not isinstance(found, OtherKindError):
            raise found
        return found

    async def _parse(self, name: str, content: _Bytes) -> _Read:
        # What cannot be read under one name may be under another, since text has no other mark.
        if content.twin and isinstance(document := await content.twin, Document):
            return document
        try:
            return await self._reading.read(content.data, name=name)
        except SourceError as error:
            return error

    def _tell(self, document: Document) -> None:
        if self._emit is None or document.id in self._told:
            return
        self._told.add(document.id)
        self._emit(
            DocumentLoaded(
                name=document.name,
                document_id=document.id,
                pages=len(document.pages),
                characters=len(document.text),
                done=self._done,
                total=self._total,
            )
        )
