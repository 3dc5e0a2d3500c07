"""PDF: text by physical page, read by pdfium."""

import re
from collections.abc import Iterable
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, NamedTuple

from longagent.documents.formats.columns import in_columns
from longagent.documents.formats.pdf_outline import Entry, headings, outline
from longagent.documents.formats.text import clean
from longagent.documents.parsed import USUAL, LockedError, Options, Parsed, Part, UnreadableError

_CHARACTERS = 100_000_000
"""The text of more than some 30,000 full pages is not gathered."""
_SAVE_AGAIN = "Try to open it in a viewer and save it again."
_SYMBOLS = {0xF0B7: "•", 0xF0A7: "▪", 0xF0A8: "▪", 0xF0D8: "➢", 0xF0FC: "✓"}
"""Bullets of the Symbol and Wingdings fonts, which arrive as private-use code points."""
# pdfium puts one of these where a word was hyphenated at the end of a line, and leaves the line break out.
_SYMBOL = re.compile(f"[{''.join(map(chr, _SYMBOLS))}]")
_HYPHEN = re.compile("[\x02\ufffe](?:\r\n)?|\xad\r\n")
_NO_LETTERS = re.compile(r"[\W_]+")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff\ue000-\uf8ff]+")


class _Raw(NamedTuple):
    """What pdfium gives."""

    pages: list[str]
    labels: list[str | None]
    outline: dict[int, list[Entry]]
    blank: set[int]
    """Pages on which nothing is drawn."""
    broken: set[int]


def read(data: bytes, options: Options = USUAL) -> Parsed:
    """Read the text layer of a PDF.

    Raises:
        UnreadableError: it is encrypted, broken, scanned, or its text is garbled.
    """
    import pypdfium2

    with opened(data, options.password) as document:
        raw = _Raw([], [], outline(document), set(), set())
        total = 0
        for number in range(1, len(document) + 1):
            text = ""
            try:
                text = _page(document, number, raw.blank)
            except pypdfium2.PdfiumError:
                raw.broken.add(number)
            raw.pages.append(text)
            raw.labels.append(_label(document, number))
            total += len(text)
            if total > _CHARACTERS:
                raise UnreadableError("holds more text than can be read at once.", "Split it.")
    return _parsed(raw, ocr=options.ocr)


def opened(data: bytes, password: str | None) -> Any:
    """Open a PDF.

    Raises:
        UnreadableError: it is encrypted, or broken.
    """
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        return pypdfium2.PdfDocument(data, password=password)
    except pypdfium2.PdfiumError as error:
        match getattr(error, "err_code", None):
            case pdfium.FPDF_ERR_PASSWORD:
                raise LockedError(given=bool(password)) from None
            case pdfium.FPDF_ERR_SECURITY:
                raise UnreadableError("is encrypted in a way that is not supported.", _SAVE_AGAIN) from None
        raise UnreadableError("is not a readable PDF (damaged or incomplete).", _SAVE_AGAIN) from None


def _page(document: Any, number: int, blank: set[int]) -> str:
    import pypdfium2.raw as pdfium

    page = document[number - 1]
    try:
        page_of_text = page.get_textpage()
        text: str = page_of_text.get_text_bounded()
        if not text.strip() and pdfium.FPDFPage_CountObjects(page) == 0:
            blank.add(number)
        # Not where there is text outside of what is shown, or more indices than characters.
        if page_of_text.count_chars() == len(text) and page_of_text.get_text_range() == text:
            return in_columns(page_of_text, text) or text
        return text
    finally:
        page.close()


def _label(document: Any, number: int) -> str | None:
    try:
        return document.get_page_label(number - 1) or None
    except UnicodeDecodeError:  # half a surrogate pair
        return None


def _parsed(raw: _Raw, *, ocr: bool) -> Parsed:
    if not raw.pages:
        raise UnreadableError("has no pages.", _SAVE_AGAIN)
    garbled = {number for number, text in enumerate(raw.pages, 1) if is_garbled(text)}
    pages = ["" if number in garbled else page_text(text) for number, text in enumerate(raw.pages, 1)]
    known = raw.blank | garbled | raw.broken
    empty = {number for number, text in enumerate(pages, 1) if not text and number not in known}
    unread = empty | garbled if ocr else set()
    if not any(pages) and not unread:
        raise _no_text(len(pages), garbled=bool(garbled), blank=len(raw.blank) == len(pages))
    warnings = [
        f"{page_list(numbers)} {'has' if len(numbers) == 1 else 'have'} {what}"
        for numbers, what in (
            (empty - unread, f"no text (scanned images?) and could not be read. {ocr_hint()}"),
            (garbled - unread, f"an unreadable text layer and could not be read. {ocr_hint()}"),
            (raw.broken, "damaged content and could not be read"),
        )
        if numbers
    ]
    labels = [
        None if label == str(number) else clean(label or "") or None for number, label in enumerate(raw.labels, 1)
    ]
    parts = (
        Part(text, label=label, headings=headings(text, raw.outline.get(number, [])))
        for number, (text, label) in enumerate(zip(pages, labels, strict=True), 1)
    )
    return Parsed(tuple(parts), paged=True, warnings=tuple(warnings), unread=tuple(sorted(unread)))


def _no_text(count: int, *, garbled: bool, blank: bool) -> UnreadableError:
    size = "1 page" if count == 1 else f"{count} pages"
    if garbled:
        problem = f"has a text layer that is unreadable ({size}; its fonts don't say which letters they draw)."
        return UnreadableError(problem, ocr_hint())
    if blank:
        return UnreadableError(f"has no text: {size}, all blank.")
    return UnreadableError(f"looks scanned: {size} without text.", ocr_hint())


def ocr_hint() -> str:
    """Say what would read a page without text."""
    if find_spec("rapidocr"):
        return "OCR would read it, but is switched off."
    return "OCR would read it: pip install 'longagent[ocr]'."


def page_text(raw: str) -> str:
    """Return a page as pdfium gave it in readable form, with `-` and a line break where a word was parted."""
    return clean(_symbols(_HYPHEN.sub("-\n", raw))).replace("\f", "\n").strip()


def _symbols(text: str) -> str:
    # Thirty times faster than to translate each character.
    return _SYMBOL.sub(lambda match: _SYMBOLS[ord(match[0])], text)


def is_garbled(raw: str) -> bool:
    """Whether a page's text is mostly code points without meaning, as fonts without a Unicode map give."""
    visible = "".join(_symbols(_HYPHEN.sub("", raw)).split())
    if not visible:
        return False
    unreadable = sum(map(len, _UNREADABLE.findall(visible)))
    # Some such fonts give punctuation instead; a page of dots and rules alone carries nothing to quote either.
    letters = len(_NO_LETTERS.sub("", visible))
    return unreadable > 0.3 * len(visible) or letters < 0.25 * len(visible)


def page_list(numbers: Iterable[int]) -> str:
    """Write page numbers for people: `pages 2, 5-7`."""
    ordered = sorted(numbers)
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b != a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b != a + 1), ordered[-1]]
    runs = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))
    return f"{'page' if len(ordered) == 1 else 'pages'} {runs}"
