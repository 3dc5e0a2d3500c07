"""Cuts documents into chunks: whole sentences, rather whole paragraphs, rather whole pages, never over the limit.

Why no splitting library: those that know tokens treat every line break as a better border than a full stop, which in
text from PDFs cuts sentences in the middle, and they take time with the square of a text without white space
(benchmarks/splitters.py).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from longagent.documents.document import UNDER, Chunk, Document, Page, Span
from longagent.documents.sentences import bites, sentences
from longagent.documents.tokens import count_tokens

_SPACE = 4
"""Tokens by which white space before a text may change the count."""


class _Border(IntEnum):
    """What lies before a unit."""

    HEADED = 0
    """A heading, from which its text is not to be parted."""
    SENTENCE = 1
    PARAGRAPH = 2
    HEADING = 3
    PAGE = 4


class _Unit(NamedTuple):
    """A sentence, or a part of one that is longer than a whole chunk may be."""

    start: int
    end: int
    tokens: int
    before: _Border


class Piece(NamedTuple):
    """A chunk in numbers: where it begins and ends in the document, and its tokens."""

    start: int
    end: int
    tokens: int


def chunk(documents: Sequence[Document], *, tokens: int, fill: float = 0.5) -> list[Chunk]:
    """Cut documents into chunks of at most `tokens` tokens, numbered through from 0.

    Chunks don't overlap, never span documents, and together cover everything that is not white space. The headings a
    chunk stands under are among its tokens, for who reads it sees them too; at least half of them is for its text.
    Tokens are counted sentence by sentence: where no spaces stand between them, the whole may be a token or two more.

    Args:
        documents: cut one after the other.
        tokens: of a chunk, at most.
        fill: how full a chunk is that ends at the next page, heading or paragraph, so that an edit changes few chunks.
            With 1 only sentences count, and there are as few chunks as can be.

    Raises:
        ValueError: `tokens` is less than 1.
    """
    return numbered((document, piece) for document in documents for piece in pieces(document, tokens=tokens, fill=fill))


def numbered(cut: Iterable[tuple[Document, Piece]]) -> list[Chunk]:
    """Make chunks of pieces, numbered through from 0."""
    return [Chunk(index, Span(of, piece.start, piece.end), piece.tokens) for index, (of, piece) in enumerate(cut)]


def pieces(document: Document, *, tokens: int, fill: float = 0.5) -> Iterator[Piece]:
    """Yield the chunks of one document, as `chunk` cuts it.

    Raises:
        ValueError: `tokens` is less than 1.
    """
    if tokens < 1:
        raise ValueError(f"a chunk needs at least one token, not {tokens}")

    def headings(start: int) -> int:
        return _tokens_of(Span(document, start, start).under)

    def room(start: int) -> int:
        return max(tokens - headings(start), (tokens + 1) // 2)

    for units in _packed(document.text, _units(document, room), room, fill):
        start = units[0].start
        yield Piece(start, units[-1].end, headings(start) + sum(unit.tokens for unit in units))


@lru_cache(maxsize=1024)
def _tokens_of(headings: str) -> int:
    return count_tokens(f"{UNDER}{headings}\n") if headings else 0


def halves(span: Span) -> tuple[Span, Span]:
    """Cut a span in two, at the end of the sentence nearest to its middle; within it if there is but one."""
    text = span.text
    middle = len(text) // 2
    space = text.rfind(" ", len(text) // 4, middle)
    borders = [end for _, end in sentences(text) if 0 < end < len(text)] or [space if space > 0 else middle]
    cut = span.start + min(borders, key=lambda border: abs(border - middle))
    return span._replace(end=cut), span._replace(start=cut)


def _units(document: Document, room: Callable[[int], int]) -> Iterator[_Unit]:
    """Yield the sentences of a document, page by page."""
    text = document.text
    end = 0
    for page in document.pages:
        before = _Border.PAGE
        for section in _sections(document, page):
            before = max(before, section.before) if before is _Border.PAGE else section.before
            for first, last in sentences(text[section.start : section.end]):
                start = section.start + first
                if before is _Border.SENTENCE and text.count("\n", end, start) > 1:
                    before = _Border.PARAGRAPH
                # With the white space before it, since tokens begin with their space; so the sum is that of the whole.
                cost = count_tokens(text[end : section.start + last])
                lead = max(end, start - 1)
                end = section.start + last
                yield from _fitting(text, _Unit(start, end, cost, before), room(start), lead=lead)
                before = _Border.SENTENCE


class _Section(NamedTuple):
    """A heading, or some of what stands between headings."""

    start: int
    end: int
    before: _Border


def _sections(document: Document, page: Page) -> Iterator[_Section]:
    """Yield the headings of a page and what stands between them, so that no sentence runs across their borders."""
    start, before = page.start, _Border.SENTENCE
    if not document.headings:
        for first, last in bites(document.text, page.start, page.end):
            yield _Section(first, last, _Border.SENTENCE)
        return
    for heading in document.outline.starts_within(page.start, page.end):
        if heading.start < start:  # a second one on the same line
            continue
        yield _Section(start, heading.start, before)
        line = document.text.find("\n", heading.start, page.end)
        start, before = heading.start if line < 0 else line, _Border.HEADED
        yield _Section(heading.start, start, _Border.HEADING)
    yield _Section(start, page.end, before)


def _fitting(text: str, unit: _Unit, limit: int, *, lead: int) -> Iterator[_Unit]:
    """Halve a unit, at a space if there is one about its middle, until each part fits.

    Args:
        text: of the document.
        unit: which may be too long.
        limit: tokens of a part.
        lead: where the white space before the unit begins, which is counted with it.
    """
    length = unit.end - unit.start
    more = _without_space(text, unit) if limit - _SPACE < unit.tokens <= limit else 0
    if unit.tokens + more <= limit or length < 2:
        yield unit
        return
    middle = unit.start + length // 2
    space = text.rfind(" ", unit.start + length // 4, middle)
    cut = space if space > unit.start else middle
    for start, end, before in ((lead, cut, unit.before), (cut, unit.end, _Border.SENTENCE)):
        piece = text[start:end]
        inner = start + len(piece) - len(piece.lstrip())
        if piece.strip():
            part = _Unit(inner, start + len(piece.rstrip()), count_tokens(piece), before)
            yield from _fitting(text, part, limit, lead=start)


def _without_space(text: str, unit: _Unit) -> int:
    """Return how many tokens more a unit has, or fewer, where it begins a chunk: without the white space before it."""
    return count_tokens(text[unit.start : unit.end]) - unit.tokens


def _packed(text: str, units: Iterator[_Unit], room: Callable[[int], int], fill: float) -> Iterator[list[_Unit]]:
    """Yield the units of each chunk; `room` tells how many tokens of text one that begins at a place may have."""

    def most_from(first: _Unit) -> int:
        return room(first.start) - max(0, _without_space(text, first))

    held: list[_Unit] = []
    total = most = 0
    for unit in units:
        if unit.before >= _Border.HEADING and held and total >= fill * most:
            yield held
            held, total = [], 0
        while held and total + unit.tokens > most:
            cut = len(held) if unit.before > _Border.SENTENCE else _last_paragraph(held, fill * most, most_from)
            yield held[:cut]
            held = held[cut:]
            total = sum(one.tokens for one in held)
            most = most_from(held[0]) if held else 0
        if not held:
            most = most_from(unit)
        held.append(unit)
        total += unit.tokens
    if held:
        yield held


def _last_paragraph(held: list[_Unit], least: float, room: Callable[[_Unit], int]) -> int:
    """Return where the last paragraph begins, if what comes before it is enough; else the end."""
    total = whole = sum(unit.tokens for unit in held)
    for index in range(len(held) - 1, 0, -1):
        total -= held[index].tokens
        if total < least:
            break
        if held[index].before > _Border.SENTENCE and whole - total <= room(held[index]):
            return index
    return len(held)
