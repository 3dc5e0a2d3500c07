"""PDF: text and page numbers, read by pdfium in a process of its own that may be killed."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from longagent.documents.document import Document
from longagent.documents.formats.text import clean
from longagent.errors import SourceError

TIMEOUT = 120.0
"""Seconds a PDF may take; pdfium reads some 400 pages a second."""
_WORKER = str(Path(__file__).with_name("pdf_worker.py"))

_OCR = "Run OCR on it first, for example with ocrmypdf."
_ERRORS = {
    "password": ("is password-protected.", "Remove the password first, for example with: qpdf --decrypt."),
    "broken": ("is not a readable PDF (damaged or incomplete).", "Try to open it in a viewer and save it again."),
    "memory": ("needs more memory to read than is allowed for one PDF.", "Split it, or save it again."),
    "long": ("holds more text than can be read at once.", "Split it."),
}
_SYMBOLS = {0xF0B7: "•", 0xF0A7: "▪", 0xF0A8: "▪", 0xF0D8: "➢", 0xF0FC: "✓"}
"""Bullets of the Symbol and Wingdings fonts, which arrive as private-use code points."""
# pdfium puts one of these where a word was hyphenated at the end of a line, and leaves the line break out.
_HYPHEN = re.compile("[\x02\ufffe](?:\r\n)?|\xad\r\n")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff\ue000-\uf8ff]")


async def read_pdf(data: bytes, *, name: str, timeout: float = TIMEOUT) -> Document:  # noqa: ASYNC109
    """Read the text layer of a PDF.

    Raises:
        SourceError: it is encrypted, broken, scanned, its text is garbled, or reading took too much time or memory.
    """
    reply = await _ask_worker(data, name, timeout)
    if "error" in reply:
        problem, hint = _ERRORS.get(reply["error"], _ERRORS["broken"])
        if reply["error"] == "failed":
            problem = f"could not be read: {reply.get('detail', 'unknown failure')}."
        raise SourceError(name, problem, hint=hint)
    try:
        return _document(reply["pages"], set(reply["blank"]), reply["broken"], data=data, name=name)
    except (KeyError, TypeError, AttributeError) as error:
        raise SourceError(name, "made the PDF reader give a senseless reply.", hint=_ERRORS["broken"][1]) from error


def _document(raw: list[str], blank: set[int], broken: list[int], *, data: bytes, name: str) -> Document:
    if not raw:
        raise SourceError(name, "has no pages.", hint=_ERRORS["broken"][1])
    garbled = [number for number, text in enumerate(raw, 1) if is_garbled(text)]
    pages = ["" if number in garbled else page_text(text) for number, text in enumerate(raw, 1)]
    empty = [number for number, text in enumerate(pages, 1) if not text and number not in {*blank, *garbled, *broken}]
    if not any(pages):
        raise _no_text(name, len(pages), garbled=bool(garbled), blank=len(blank) == len(pages))
    warnings = [
        f"{page_list(numbers)} {'has' if len(numbers) == 1 else 'have'} {what}"
        for numbers, what in (
            (empty, "no text (scanned images?) and could not be read"),
            (garbled, "an unreadable text layer and could not be read"),
            (broken, "damaged content and could not be read"),
        )
        if numbers
    ]
    hash_ = sha256(data).hexdigest()
    return Document.from_pages(pages, id=hash_, name=name, paged=True, warnings=warnings, format="pdf")


def _no_text(name: str, count: int, *, garbled: bool, blank: bool) -> SourceError:
    size = "1 page" if count == 1 else f"{count} pages"
    if garbled:
        problem = f"has a text layer that is unreadable ({size}; its fonts don't say which letters they draw)."
        return SourceError(name, problem, hint="Run OCR on it first, for example with: ocrmypdf --force-ocr.")
    if blank:
        return SourceError(name, f"has no text: {size}, all blank.")
    return SourceError(name, f"looks scanned: {size} without text.", hint=_OCR)


def page_text(raw: str) -> str:
    """Return a page as pdfium gave it in readable form, with `-` and a line break where a word was parted."""
    return clean(_HYPHEN.sub("-\n", raw).translate(_SYMBOLS)).replace("\f", "\n").strip()


def is_garbled(raw: str) -> bool:
    """Whether a page's text is mostly code points without meaning, as fonts without a Unicode map give."""
    visible = "".join(_HYPHEN.sub("", raw).translate(_SYMBOLS).split())
    if not visible:
        return False
    unreadable = len(_UNREADABLE.findall(visible))
    # Some such fonts give punctuation instead; a page of dots and rules alone carries nothing to quote either.
    letters = sum(map(str.isalnum, visible))
    return unreadable > 0.3 * len(visible) or letters < 0.25 * len(visible)


def page_list(numbers: Iterable[int]) -> str:
    """Write page numbers for people: `pages 2, 5-7`."""
    ordered = sorted(numbers)
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b != a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b != a + 1), ordered[-1]]
    runs = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))
    return f"{'page' if len(ordered) == 1 else 'pages'} {runs}"


async def _ask_worker(data: bytes, name: str, timeout: float) -> dict[str, Any]:  # noqa: ASYNC109
    # -P keeps the current folder, where the user's documents are, off the import path. A session of its own keeps a
    # terminal's Ctrl-C away: it is for us to end the worker.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", _WORKER, str(timeout + 10), str(os.getpid())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if _needed(name)},
    )
    try:
        async with asyncio.timeout(timeout):
            output, _ = await process.communicate(data)
    except TimeoutError:
        problem = f"was not read within {timeout:.0f} s."
        raise SourceError(
            name, problem, hint="It may be damaged or made to be slow; split it or save it again."
        ) from None
    finally:
        await _end(process)
    with suppress(ValueError):
        reply = json.loads(output)
        if isinstance(reply, dict):
            return reply
    problem = f"crashed the PDF reader (exit code {process.returncode})."
    raise SourceError(name, problem, hint="It is damaged, or needs too much memory; try to save it again in a viewer.")


def _needed(variable: str) -> bool:
    """Whether the worker needs an environment variable to start; keys of any kind it must not see."""
    name = variable.upper()
    return name in {"PATH", "HOME", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP"} or name.startswith(
        ("PYTHON", "LD_", "DYLD_")
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave no process and no pipe behind, whatever happened."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        # Closes standard input and reads on to the end, since a pipe is only released once it is empty.
        await process.communicate(b"")
