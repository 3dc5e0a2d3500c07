"""What the user may name or hand over, and what of it is to be read."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import BinaryIO, NamedTuple, cast

from longagent.documents.document import Document
from longagent.documents.formats.text import clean
from longagent.documents.handed import Handed, gather, refusal
from longagent.documents.paths import File, find, status
from longagent.errors import SourceError

Source = str | os.PathLike[str] | bytes | BinaryIO | Document | Handed
"""A path, a folder, a pattern, `-` for standard input, or text (a `str` with a line break); bytes; an open file; a
document of LangChain or LlamaIndex; a column of a data frame."""

Sources = Source | Sequence[Source]

LONGEST_PATH = 4096
"""A longer `str` that is not a path is taken for text."""


class Content(NamedTuple):
    """Bytes that are not a file."""

    data: bytes
    name: str
    sweep: str | None = None


Item = Document | Content | File
"""One thing to read, or one that needs no reading."""


def listed(sources: Sources) -> Sequence[Source]:
    """Return one source or several as several."""
    several = isinstance(sources, Sequence) and not isinstance(sources, str | bytes | bytearray | memoryview)
    return cast("Sequence[Source]", sources if several else [sources])


async def resolve(sources: Sequence[Source]) -> list[Item]:
    """Return what sources stand for, in order; a file that several stand for comes once.

    Raises:
        SourceError: a path does not exist, or a folder holds no document.
        UsageError: something is a URL, or no document at all.
    """
    items: list[Item] = []
    seen: dict[str, int] = {}
    for source in gather(sources):
        for item in await _resolve(source):
            if isinstance(item, File):
                # A folder beside a file in it, overlapping patterns, links that lead round in a circle.
                place = await asyncio.to_thread(os.path.realpath, item.path)
                if place in seen:
                    # What is not taken from a folder is still to be read if it is named as well.
                    earlier = items[seen[place]]
                    if isinstance(earlier, File) and earlier.walked and not item.walked:
                        items[seen[place]] = item
                    continue
                seen[place] = len(items)
            items.append(item)
    return items


def looks_like_text(source: str) -> bool:
    """Whether a source is hardly a path; if no file is called like it, it is the document itself."""
    return "\n" in source or len(source) > LONGEST_PATH


async def _resolve(source: Source) -> Sequence[Item]:
    if isinstance(source, Document):
        return [source]
    if isinstance(source, bytes | bytearray | memoryview):
        return [Content(bytes(source), "document")]
    if isinstance(source, str):
        return await _resolve_name(source)
    if isinstance(source, os.PathLike):
        return await asyncio.to_thread(find, os.fsdecode(source))
    read = getattr(source, "read", None)
    if read is None:
        raise refusal(source)
    return [await _read_open(source, read)]


async def _read_open(source: object, read: Callable[[], object]) -> Content:
    given = getattr(source, "name", None)
    name = given if isinstance(given, str) else "document"
    try:
        data = await asyncio.to_thread(read)
    except UnicodeDecodeError:
        hint = 'Open it as bytes, open(path, "rb"): its encoding is then detected.'
        raise SourceError(name, "is open as text, in an encoding it is not in.", hint=hint) from None
    except (OSError, ValueError) as error:  # closed, or open for writing only
        raise SourceError(name, f"cannot be read: {error}.", hint="Pass its path, or open it again.") from error
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    if not isinstance(data, bytes | bytearray | memoryview):  # of a file that is read in some other way, such as async
        if isinstance(data, Coroutine):
            data.close()
        raise refusal(source)
    return Content(bytes(data), name)


async def _resolve_name(source: str) -> Sequence[Item]:
    if source == "-":
        return [Content(await _read_stdin(), "standard input")]
    if looks_like_text(source) and await asyncio.to_thread(status, source) is None:
        given = clean(source)
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
