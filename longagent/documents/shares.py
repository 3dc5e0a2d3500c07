"""Long PDFs are read side by side: each guarded process opens the file, and reads its share of the pages."""

import asyncio

from longagent.documents.formats.pdf_pages import judged
from longagent.documents.guard import Pool
from longagent.documents.guard.process import CHARACTERS
from longagent.documents.parsed import Options, Parsed, UnreadableError
from longagent.documents.sniff import Format

_SHARE = 200_000
"""Bytes of a PDF, some 30 pages, that are worth a process of their own."""


async def read_shares(pool: Pool, form: Format, data: bytes, *, options: Options) -> Parsed:
    """Read a file in a pool, with as many processes as are worth it.

    Raises:
        UnreadableError: its reader cannot read it, or takes too much time or memory, or crashes.
    """
    count = min(pool.size, len(data) // _SHARE) if form == "pdf" else 1
    if count < 2:
        return await pool.read(form, data, options=options)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(pool.read(form, data, options=options._replace(share=(number, count))))
                for number in range(count)
            ]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    shares = [task.result() for task in tasks]
    if sum(len(part.text) for share in shares for part in share.parts) > CHARACTERS:
        raise UnreadableError("holds more text than can be read at once.", "Split it.")
    return judged(shares, ocr=options.ocr)
