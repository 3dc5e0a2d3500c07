"""From the bytes of a file to a document, in a guarded process; several files side by side, equal content once."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from types import TracebackType

from longagent.documents.document import Document
from longagent.documents.formats import text
from longagent.documents.guard import Pool
from longagent.documents.kept import Kept, document_key, parsed_from, parsed_record
from longagent.documents.ocr import is_installed, read_scans
from longagent.documents.parsed import USUAL, LockedError, Options, Parsed, UnreadableError
from longagent.documents.shares import read_shares
from longagent.documents.sniff import Format, sniff
from longagent.errors import LockedSourceError, SourceError

_PLAIN_BYTES = 2**20
"""A plain text in UTF-8, up to this size, is read at once: decoding takes milliseconds, and linear time and memory."""


class Reading:
    """Reads files, all in the same few guarded processes. Use it in an `async with`.

    Args:
        options: for all readers; pages without text are read by OCR if `ocr` is wanted, and installed.
        kept: where texts of files, and of pages read by OCR, are kept; those read with a password are not.
        recognised: called after each page that was read by OCR, with the file's name, how many pages are done, and of
            how many.
    """

    def __init__(
        self,
        options: Options = USUAL,
        *,
        kept: Kept | None = None,
        recognised: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self._options = options._replace(ocr=options.ocr and is_installed())
        self._kept = kept
        self._recognised = recognised
        self._pool = Pool()

    @property
    def width(self) -> int:
        """How many files are worth reading side by side."""
        return self._pool.size

    async def __aenter__(self) -> "Reading":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.aclose()

    async def read(self, data: bytes, *, name: str) -> Document:
        """Read the bytes of one file of any known format.

        Raises:
            SourceError: it is empty, broken, or of a format that is not known.
        """
        form = await asyncio.to_thread(sniff, data, name=name)
        hash_ = await asyncio.to_thread(lambda: sha256(data).hexdigest())
        try:
            parsed = await self._parse(form, data, name, hash_)
        except LockedError as error:
            raise LockedSourceError(name, error.problem, hint=error.hint) from None
        except UnreadableError as error:
            raise SourceError(name, error.problem, hint=error.hint) from None
        document = Document.from_parsed(parsed, id=hash_, name=name, format=parsed.format or form)
        if not document.text.strip():
            raise SourceError(name, "is empty.")
        return document

    async def _parse(self, form: Format, data: bytes, name: str, hash_: str) -> Parsed:
        # Not worth keeping, either.
        if form == "text" and len(data) <= _PLAIN_BYTES and _is_utf8(data):
            return text.read(data, self._options)
        parsed = await self._text_layer(form, data, hash_)
        if not parsed.unread:
            return parsed
        tell = self._recognised
        return await read_scans(
            parsed,
            data,
            options=self._options,
            pool=self._pool,
            # What somebody encrypted is not left on the disk for all to read.
            kept=None if self._options.password is not None else self._kept,
            told=(lambda done, total: tell(name, done, total)) if tell else None,
        )

    async def _text_layer(self, form: Format, data: bytes, hash_: str) -> Parsed:
        """Return the text a file holds, from where it is kept if it is there; scanned pages are kept one by one."""
        if self._kept is None or self._options.password is not None:
            return await read_shares(self._pool, form, data, options=self._options)
        key = await asyncio.to_thread(document_key, hash_, form, self._options)
        record = await self._kept.get(key)
        if record is not None and (found := await asyncio.to_thread(parsed_from, record)) is not None:
            return found
        parsed = await read_shares(self._pool, form, data, options=self._options)
        await self._kept.put(key, parsed_record(parsed))
        return parsed


def _is_utf8(data: bytes) -> bool:
    """Whether no guess at the encoding is needed; that takes a library, and seconds."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


async def read(data: bytes, *, name: str, options: Options = USUAL) -> Document:
    """Read the bytes of one file of any known format.

    Raises:
        SourceError: it is empty, broken, or of a format that is not known.
    """
    async with Reading(options) as reading:
        return await reading.read(data, name=name)
