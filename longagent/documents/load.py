"""From what the user names (files, folders, patterns, standard input, text, bytes) to documents."""

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO, NamedTuple, TypeAlias

from longagent.documents.document import Document
from longagent.documents.formats import text
from longagent.documents.kept import Kept
from longagent.documents.ocr import Pages, Recognised
from longagent.documents.parsed import Options
from longagent.documents.paths import File, OtherKindError, find, read_file, status
from longagent.documents.reading import Reading
from longagent.errors import SourceError, UsageError

Source = str | os.PathLike[str] | bytes | BinaryIO | Document
"""A path, a folder, a pattern, `-` for standard input, or text (a `str` with a line break); bytes; an open file."""

LONGEST_PATH = 4096
"""A longer `str` that is not a path is taken for text."""


class Loaded(NamedTuple):
    """Documents in the order given, and everything the user should know about the sources."""

    documents: tuple[Document, ...]
    warnings: tuple[str, ...]


class _Content(NamedTuple):
    """Bytes that are not a file."""

    data: bytes
    name: str
    sweep: str | None = None


_Item: TypeAlias = Document | _Content | File


async def load(
    sources: Sequence[Source],
    *,
    password: str | None = None,
    ocr: bool = True,
    pages: Pages | None = None,
    kept: Kept | None = None,
    loaded: Callable[[Document], None] | None = None,
    recognised: Callable[[str, Recognised], None] | None = None,
) -> Loaded:
    """Read sources into documents; equal content is read once.

    Of several sources, those that cannot be read become warnings as long as one can.

    Args:
        sources: What to read.
        password: Opens those that are encrypted.
        ocr: Read pages without text by OCR, if the extra `ocr` is installed.
        pages: Where pages read by OCR are kept for the next time.
        loaded: Called with each document as soon as it is read.
        kept: Where texts of files are kept, so that they are not parsed again.
        recognised: Called with the document's name after each page that was read by OCR.

    Raises:
        SourceError: a path does not exist, or nothing could be read.
        UsageError: a source is a URL, or there is none.
    """
    if not sources:
        raise UsageError("No document was given.", hint="Name a file or a folder, or - for standard input.")
    result = _Result(loaded)
    # All names are looked up before anything is read, so that a typing error shows at once.
    items = [item for source in sources for item in await _resolve(source)]
    options = Options(password=password, ocr=ocr)
    ahead: deque[tuple[_Item, asyncio.Task[Document | str | SourceError]]] = deque()
    async with Reading(options, kept=kept, pages=pages, recognised=recognised) as reading:
        try:
            for item in items:
                ahead.append((item, asyncio.create_task(_attempt(item, reading, result.documents))))
                if len(ahead) > reading.width:
                    await _settle(*ahead.popleft(), result)
            while ahead:
                await _settle(*ahead.popleft(), result)
        finally:
            tasks = [task for _, task in ahead]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return result.finish()


async def _attempt(item: _Item, reading: Reading, known: Mapping[str, Document]) -> Document | str | SourceError:
    """Read one item; return its id if a document of the same content is known, and why not if it cannot be read."""
    try:
        if isinstance(item, Document):
            return item if item.text.strip() else SourceError(item.name, "is empty.")
        data = await asyncio.to_thread(read_file, item) if isinstance(item, File) else item.data
        id = sha256(data).hexdigest()  # noqa: A001
        return id if id in known else await reading.read(data, name=item.name)
    except SourceError as error:
        return error


async def _settle(item: _Item, task: asyncio.Task[Document | str | SourceError], result: "_Result") -> None:
    match await task:
        case SourceError() as error:
            result.fail(error, item.sweep if not isinstance(item, Document) else None)
        case Document() as document:
            result.add(document)
        case known:
            result.is_known(known, item.name)


async def _resolve(source: Source) -> Sequence[_Item]:
    if isinstance(source, Document):
        return [source]
    if isinstance(source, bytes | bytearray | memoryview):
        return [_Content(bytes(source), "document")]
    if isinstance(source, str):
        return await _resolve_name(source)
    if isinstance(source, os.PathLike):
        return await asyncio.to_thread(find, os.fsdecode(source))
    if not hasattr(source, "read"):
        raise UsageError(f"A {type(source).__name__} is not a document.", hint="Pass a path, bytes or an open file.")
    data: bytes | str = await asyncio.to_thread(source.read)
    name = getattr(source, "name", None)
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    return [_Content(data, name if isinstance(name, str) else "document")]


def looks_like_text(source: str) -> bool:
    """Whether a source is hardly a path; if no file is called like it, it is the document itself."""
    return "\n" in source or len(source) > LONGEST_PATH


async def _resolve_name(source: str) -> Sequence[_Item]:
    if source == "-":
        return [_Content(await _read_stdin(), "standard input")]
    if looks_like_text(source) and await asyncio.to_thread(status, source) is None:
        given = text.clean(source)
        if not given.strip():
            raise SourceError("text", "is empty.")
        return [Document.from_text(given)]
    return await asyncio.to_thread(find, source)


async def _read_stdin() -> bytes:
    """Read standard input to its end. In a daemon thread: waiting for a terminal must not hold up an interrupt."""
    if sys.stdin is None:
        raise SourceError("standard input", "is closed.", hint="Pipe a document into it, or pass a path.")
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bytes] = loop.create_future()
    # The raw file, since a thread that holds the buffered one's lock at exit makes Python abort.
    stream = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)

    def settle(data: bytes) -> None:
        if not done.done():
            done.set_result(data)

    def work() -> None:
        try:
            data = stream.read() or b""
        except (OSError, ValueError):  # closed: as good as empty
            data = b""
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, data)

    threading.Thread(target=work, name="longagent-stdin", daemon=True).start()
    return await done


@dataclass
class _Result:
    """What was read so far, and what was not."""

    loaded: Callable[[Document], None] | None
    documents: dict[str, Document] = field(default_factory=dict)
    failures: list[SourceError] = field(default_factory=list)
    """Of sources that were named."""
    swept: dict[str, list[SourceError]] = field(default_factory=dict)
    """Of files found in a folder or by a pattern."""
    repeated: list[str] = field(default_factory=list)

    def add(self, document: Document) -> None:
        if self.is_known(document.id, document.name):
            return
        self.documents[document.id] = document
        if self.loaded:
            self.loaded(document)

    def is_known(self, id: str, name: str) -> bool:  # noqa: A002
        known = self.documents.get(id)
        if known is not None:
            self.repeated.append(f"{name} has the same content as {known.name} and was read once")
        return known is not None

    def fail(self, error: SourceError, sweep: str | None) -> None:
        if sweep is None:
            self.failures.append(error)
        else:
            self.swept.setdefault(sweep, []).append(error)

    def finish(self) -> Loaded:
        if not self.documents:
            raise self._nothing()
        warnings = [f"{document.name}: {text}" for document in self.documents.values() for text in document.warnings]
        warnings += [f"skipped: {error}" for error in self.failures]
        # In a folder other files are to be expected: one line for all of them.
        warnings += [f"skipped in {sweep}: {_listed(errors, sweep)}" for sweep, errors in self.swept.items()]
        return Loaded(tuple(self.documents.values()), tuple(warnings + self.repeated))

    def _nothing(self) -> SourceError:
        failures = [*self.failures]
        for sweep, errors in self.swept.items():
            failures.append(
                SourceError(sweep, "no documents in it that can be read.", hint=f"Skipped: {_listed(errors, sweep)}.")
            )
        first, others = failures[0], len(failures) - 1
        if not others:
            return first
        more = "1 more source" if others == 1 else f"{others} more sources"
        return SourceError(first.source, first.problem, hint=f"{first.hint} Nor could {more} be read.".strip())


def _listed(errors: list[SourceError], sweep: str) -> str:
    """Name the first few files that look like documents, and count the rest."""
    failed = [error for error in errors if not isinstance(error, OtherKindError)]
    parts = [f"{error.source.removeprefix(sweep).lstrip('/')} ({error.problem.rstrip('.')})" for error in failed[:3]]
    if len(failed) > 3:
        parts.append(f"{len(failed) - 3} more that cannot be read")
    if others := len(errors) - len(failed):
        parts.append("1 file of another kind" if others == 1 else f"{others} files of other kinds")
    return ", ".join(parts)
