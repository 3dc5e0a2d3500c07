"""Pages without text are read by OCR, each in a guarded process, and kept for the next time."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec

from longagent.documents.formats.pdf_ocr import VERSION
from longagent.documents.formats.pdf_pages import page_list
from longagent.documents.guard import Pool
from longagent.documents.guard.process import Limits
from longagent.documents.kept import Kept
from longagent.documents.parsed import Options, Parsed, UnreadableError

LIMITS = Limits(seconds=180.0, memory=1536 * 1024**2)
"""Of one page: seconds, though a dense one upside down on a busy machine takes more than a minute; and some 0.6 GB.

The runtime of the models reserves more addresses than it uses."""


def is_installed() -> bool:
    """Whether the extra `ocr` is there."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


async def read_scans(
    parsed: Parsed,
    data: bytes,
    *,
    options: Options,
    pool: Pool,
    kept: Kept | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Parsed:
    """Fill in the parts that have no text of their own.

    Args:
        parsed: what was read; its `unread` is what is to be done.
        data: the file.
        options: as the file was read with.
        pool: reads the pages, as many at a time as it has processes.
        kept: where texts of pages are kept.
        told: called after each page with how many are done, and of how many.

    Raises:
        UnreadableError: OCR found no text either, and there is no other.
    """
    known = sha256(data).hexdigest()
    done = 0

    async def one(number: int) -> str | UnreadableError:
        nonlocal done
        key = sha256(f"ocr\n{VERSION}\n{known}\n{number}".encode()).digest()
        record = await kept.get(key) if kept is not None else None
        text: str | UnreadableError | None = record.get("text") if record else None
        if not isinstance(text, str):
            try:
                found = await pool.read("pdf-ocr", data, options=options._replace(pages=(number,)), limits=LIMITS)
                text = found.parts[0].text
            except UnreadableError as error:
                text = error
            else:
                if kept is not None:
                    await kept.put(key, {"text": text})
        done += 1
        if told is not None:
            told(done, len(parsed.unread))
        return text

    async with asyncio.TaskGroup() as group:
        tasks = {number: group.create_task(one(number)) for number in parsed.unread}
    return _filled(parsed, {number: task.result() for number, task in tasks.items()})


def _filled(parsed: Parsed, results: dict[int, str | UnreadableError]) -> Parsed:
    texts = {number: text for number, text in results.items() if isinstance(text, str)}
    failed = {number: error for number, error in results.items() if isinstance(error, UnreadableError)}
    parts = tuple(
        part._replace(text=texts[number]) if texts.get(number) else part for number, part in enumerate(parsed.parts, 1)
    )
    if not any(part.text for part in parts):
        size = "1 page" if len(parts) == 1 else f"{len(parts)} pages"
        if failed:
            problem = next(iter(failed.values())).problem.rstrip(".")
            raise UnreadableError(f"has no readable text: {size}, and OCR failed: a page {problem}.")
        raise UnreadableError(f"has no readable text: {size}, and OCR finds none either.")
    warnings = [*parsed.warnings]
    if read := [number for number, text in texts.items() if text]:
        warnings.append(f"{page_list(read)} read by OCR: words may be wrong")
    if empty := [number for number, text in texts.items() if not text]:
        warnings.append(f"{page_list(empty)} without text, and OCR finds none either")
    if failed:
        warnings.append(f"{page_list(failed)} could not be read by OCR: {next(iter(failed.values())).problem}")
    return parsed._replace(parts=parts, warnings=tuple(warnings), unread=())
