"""Where sentences begin and end, in prose as well as in text that came off a PDF page line by line."""

import re
from collections.abc import Iterator

LONGEST = 600
"""Code points beyond which a "sentence" is a list, a table or an unpunctuated run, and is cut within."""

_AT_ONCE = 10_000
"""Code points given to the library in one go: its time grows with the square of some inputs."""

_BITE = 100_000
"""Code points after which the next blank line ends what is worked on at a time."""

_LIST_MARK = re.compile(r"[^\S\n]*(?:[•●▪■◦‣∙·*–-]|\(?\d{1,3}[.)]|\(?(?:[a-zA-Z]|[ivx]{1,4})\))(?=\s)")
_ENUMERATION = re.compile(r"\((\w{1,4})\)")
_BULLET = re.compile("[•●▪■◦‣∙]")
_FIGURE = re.compile(r"[($€£¥+-]*\d(?:[\d.,:/]*\d)?[%)]*|[-–—]|[$€£¥%()]")
# Closing quotes and brackets, then a footnote mark such as [12], may follow the full stop.
_ENDED = re.compile(r"[.!?…。！？｡؟۔।॥]['\"’”»)\]」』）]*(?:\[\d{1,3}\])?\s*$")
# Full stops that stand for nothing else, whatever comes next; the library overlooks some before a figure.
_ALWAYS = re.compile(r"(?:[。｡！？।॥۔።။។]|(?<!\d)．)+['\"’”»)\]」』）]*")
# The library knows "U.S.", but not "non-U.S.", and would end a sentence within it.
_WITHIN_INITIALS = re.compile(r"(?<=[-–/(]\w\.)(?=\w\.)")
_CONTINUES = (",", "-", "–", "—", ";", "(", "/", "&")
_SURROGATE = re.compile("[\ud800-\udfff]")


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences in a text, in order, without the white space around them.

    Single line breaks do not end a sentence; blank lines, list items, table rows and headings do. Together the spans
    cover everything that is not white space, and none is much longer than `LONGEST`.

    Returns:
        `(start, end)` in code points, so that `text[start:end]` is the sentence.
    """
    spans: list[tuple[int, int]] = []
    for first, last in bites(text):
        spans += [(first + start, first + end) for start, end in _sentences(text[first:last])]
    return spans


def bites(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield ranges of a long text, cut at blank lines, which no sentence crosses; so nothing is done to all at once."""
    end = len(text) if end is None else end
    while end - start > _BITE:
        blank = text.find("\n\n", start + _BITE, end)
        if blank < 0:
            break
        yield start, blank + 2
        start = blank + 2
    yield start, end


def _sentences(text: str) -> list[tuple[int, int]]:
    # Rust takes no lone surrogates (models can produce them); the replacement keeps every offset.
    text = _SURROGATE.sub("\ufffd", text)
    spans: list[tuple[int, int]] = []
    for start, end in _blocks(text):
        begin = start
        for border in _borders(text[start:end]):
            spans.extend(_pieces(text, begin, start + border))
            begin = start + border
        spans.extend(_pieces(text, begin, end))
    return spans


def _borders(block: str) -> Iterator[int]:
    """Yield where a sentence ends within a block, without the end of the block."""
    from sentencex import get_sentence_boundaries

    # The library runs on to the next enumerator or bullet once it met one (also a line that happens to begin with a
    # number, as in text from PDFs), so it sees something of the same length.
    always = iter(()) if block.isascii() else (mark.end() for mark in _ALWAYS.finditer(block))
    known = next(always, None)
    seen = _BULLET.sub(" ", _ENUMERATION.sub(r"X\1X", block)).replace("\n", " ")
    if mark := _LIST_MARK.match(block):
        seen = " " * mark.end() + seen[mark.end() :]
    position = 0
    while position < len(seen):
        limit = position + _AT_ONCE
        stop = seen.rfind(". ", position, limit) + 2 if limit < len(seen) else len(seen)
        stop = stop if stop > position + 1 else limit
        for boundary in get_sentence_boundaries("en", seen[position:stop]):
            border = position + boundary["end_index"]
            while known is not None and known <= border:
                yield known
                known = next(always, None)
            if _ENDED.search(seen[max(position, border - 32) : border]) and not _WITHIN_INITIALS.match(seen, border):
                yield border
        position = stop
    if known is not None:
        yield known
        yield from always


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges no sentence crosses."""
    begin = position = 0
    lines = text.split("\n")
    for index, line in enumerate(lines):
        position += len(line) + 1
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if _ends_block(line, following, lines[index - 1] if index else ""):
            yield begin, min(position, len(text))
            begin = position


def _ends_block(line: str, following: str, previous: str) -> bool:
    here, after = line.strip(), following.strip()
    if not here or not after or _LIST_MARK.match(following) or _is_row(here) or _is_row(after):
        return True
    # A heading or the last line of a paragraph: much shorter than its neighbours, and what follows starts afresh.
    width = max(len(after), len(previous.strip()))
    return len(here) < 0.6 * width and not after[0].islower() and not here.endswith(_CONTINUES)


def _is_row(line: str) -> bool:
    """Whether a line is a row as readers of tables write them, or reads like one: a third of its words are figures."""
    if " | " in line:
        return True
    if len(line) > LONGEST:
        return False
    words = line.split()
    figures = [word for word in words if _FIGURE.fullmatch(word)]
    return len(figures) * 3 >= len(words) and sum(any(map(str.isdigit, word)) for word in figures) >= 2


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Strip a range, and cut it at line breaks, cells, full stops, spaces or anywhere where it is too long."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST:
        limit = start + LONGEST
        line, cell, space = (text.rfind(border, start + LONGEST // 3, limit) for border in ("\n", " | ", " "))
        # The library takes all that a person says, between quotes, for one sentence.
        stop = max(text.rfind(border, start + LONGEST // 3, limit) for border in (". ", "! ", "? "))
        cut = next((place for place in (line, cell, stop + 1, space) if place > 0), limit)
        yield from _pieces(text, start, cut)
        start = cut
        while text[start].isspace():
            start += 1
    if start < end:
        yield start, end
