"""PDF: text by physical page, read by pdfium."""

import re
from ctypes import c_ushort
from typing import Any

from longagent.documents.formats.columns import in_columns
from longagent.documents.formats.pdf_outline import headings, outline
from longagent.documents.formats.pdf_pages import judged
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
_ASCII_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff\ue000-\uf8ff]+")


def read(data: bytes, options: Options = USUAL) -> Parsed:
    """Read the text layer of a PDF; of a share of its pages, without the verdict on those that have no text.

    Raises:
        UnreadableError: it is encrypted, broken, scanned, or its text is garbled.
    """
    with opened(data, options.password) as document:
        part, count = options.share
        numbers = range(len(document) * part // count + 1, len(document) * (part + 1) // count + 1)
        entries = outline(document)
        parts: list[Part] = []
        states: list[str] = []
        total = 0
        for number in numbers:
            text, state = _page(document, number)
            found = headings(text, entries.get(number, []))
            parts.append(Part(text, label=_label(document, number), headings=found))
            states.append(state)
            total += len(text)
            if total > _CHARACTERS:
                raise UnreadableError("holds more text than can be read at once.", "Split it.")
    share = Parsed(tuple(parts), paged=True, states=tuple(states))
    return share if count > 1 else judged([share], ocr=options.ocr)


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
            # pdfium asks for one now and then where nothing is encrypted, but the file is damaged.
            case pdfium.FPDF_ERR_PASSWORD if b"/Encrypt" in data:
                if password:
                    return _opened_without(data)
                raise LockedError(given=False) from None
            case pdfium.FPDF_ERR_SECURITY:
                raise UnreadableError("is encrypted in a way that is not supported.", _SAVE_AGAIN) from None
        raise UnreadableError("is not a readable PDF (damaged or incomplete).", _SAVE_AGAIN) from None


def _opened_without(data: bytes) -> Any:
    """Open a PDF without a password: one that was meant for other files is wrong for one that only forbids copying."""
    try:
        return opened(data, None)
    except LockedError:
        raise LockedError(given=True) from None


def _page(document: Any, number: int) -> tuple[str, str]:
    """Return the text of a page, and if there is none, why; see `judged`."""
    import pypdfium2

    try:
        raw, blank = _raw(document, number)
    except pypdfium2.PdfiumError:
        return "", "broken"
    if is_garbled(raw):
        return "", "garbled"
    text = page_text(raw)
    return text, "" if text else "blank" if blank else "empty"


def _raw(document: Any, number: int) -> tuple[str, bool]:
    """Return the text of a page as pdfium gives it, and whether nothing is drawn on the page."""
    import pypdfium2.raw as pdfium

    page = document[number - 1]
    try:
        page_of_text = page.get_textpage()
        text = _shown(page_of_text, page.get_bbox())
        blank = not text.strip() and pdfium.FPDFPage_CountObjects(page) == 0
        # Not where there is text outside of what is shown, or more indices than characters.
        if page_of_text.count_chars() == len(text) and page_of_text.get_text_range() == text:
            text = in_columns(page_of_text, text) or text
        return text, blank
    finally:
        page.close()


def _label(document: Any, number: int) -> str | None:
    try:
        label = clean(document.get_page_label(number - 1) or "")
    except UnicodeDecodeError:  # half a surrogate pair
        return None
    return None if label == str(number) else label or None


def _shown(page_of_text: Any, bounds: tuple[float, float, float, float]) -> str:
    """Return the text within bounds as `get_text_bounded` does, which extracts it twice, the first time to count."""
    import pypdfium2.raw as pdfium

    left, bottom, right, top = bounds
    room = 2 * page_of_text.count_chars() + 64
    buffer = (c_ushort * room)()
    taken = pdfium.FPDFText_GetBoundedText(page_of_text, left, top, right, bottom, buffer, room)
    if taken < room:
        # With room to spare it ends in a NUL, which counts.
        return bytes(memoryview(buffer)[: max(0, taken - 1)]).decode("utf-16-le", "ignore")
    text: str = page_of_text.get_text_bounded()
    return text


def page_text(raw: str) -> str:
    """Return a page as pdfium gave it in readable form, with `-` and a line break where a word was parted."""
    return clean(_symbols(_joined(raw, "-\n"))).replace("\f", "\n").strip()


def _joined(raw: str, hyphen: str) -> str:
    # Ten times faster than to look for the pattern on pages without.
    parted = "\x02" in raw or "\ufffe" in raw or "\xad" in raw
    return _HYPHEN.sub(hyphen, raw) if parted else raw


def _symbols(text: str) -> str:
    # Thirty times faster than to translate each character.
    return _SYMBOL.sub(lambda match: _SYMBOLS[ord(match[0])], text)


def is_garbled(raw: str) -> bool:
    """Whether a page's text is mostly code points without meaning, as fonts without a Unicode map give."""
    # Nearly all pages: letters and digits of ASCII are counted ten times as fast as those of any script.
    plain = len(raw.encode("ascii", "ignore").translate(None, _ASCII_MARKS))
    if plain > 0.25 * len(raw) and not _UNREADABLE.search(raw):
        return False
    visible = "".join(_symbols(_joined(raw, "")).split())
    if not visible:
        return False
    unreadable = sum(map(len, _UNREADABLE.findall(visible)))
    # Some such fonts give punctuation instead; a page of dots and rules alone carries nothing to quote either.
    letters = len(_NO_LETTERS.sub("", visible))
    return unreadable > 0.3 * len(visible) or letters < 0.25 * len(visible)
