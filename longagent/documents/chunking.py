"""Cuts documents into chunks: whole sentences, rather whole paragraphs, rather whole pages, never over the limit.

Why no splitting library: those that know tokens treat every line break as a better border than a full stop, which in
text from PDFs cuts sentences in the middle, and they take time with the square of a text without white space.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from longagent.documents.document import Chunk, Document, Span
from longagent.documents.sentences import sentences
from longagent.documents.tokens import count_tokens


class _Border(IntEnum):
    """What lies before a unit."""

    SENTENCE = 0
    PARAGRAPH = 1
    PAGE = 2


class _Unit(NamedTuple):
    """A sentence, or a part of one that is longer than a whole chunk may be."""

    start: int
    end: int
    tokens: int
    before: _Border


def chunk(documents: Sequence[Document], *, tokens: int, fill: float = 0.5) -> list[Chunk]:
    """Cut documents into chunks of at most `tokens` tokens, numbered through from 0.

    Chunks don't overlap, never span documents, and together cover everything that is not white space.

    Args:
        documents: cut one after the other.
        tokens: of a chunk, at most.
        fill: how full a chunk is that ends at the next page or paragraph, so that an edit changes few chunks. With 1
            only sentences count, and there are as few chunks as can be.

    Raises:
        ValueError: `tokens` is less than 1.
    """
    if tokens < 1:
        raise ValueError(f"a chunk needs at least one token, not {tokens}")
    chunks: list[Chunk] = []
    for document in documents:
        for units in _packed(_units(document, tokens), tokens, fill):
            span = Span(document, units[0].start, units[-1].end)
            chunks.append(Chunk(len(chunks), span, sum(unit.tokens for unit in units)))
    return chunks


def halves(span: Span) -> tuple[Span, Span]:
    """Cut a span in two, at the end of the sentence nearest to its middle; within it if there is but one."""
    text = span.text
    middle = len(text) // 2
    space = text.rfind(" ", len(text) // 4, middle)
    borders = [end for _, end in sentences(text) if 0 < end < len(text)] or [space if space > 0 else middle]
    cut = span.start + min(borders, key=lambda border: abs(border - middle))
    return span._replace(end=cut), span._replace(start=cut)


def _units(document: Document, limit: int) -> Iterator[_Unit]:
    """Yield the sentences of a document, page by page."""
    text = document.text
    end = 0
    for page in document.pages:
        before = _Border.PAGE
        for first, last in sentences(document.page_text(page)):
            start = page.start + first
            if before is not _Border.PAGE and text.count("\n", end, start) > 1:
                before = _Border.PARAGRAPH
            # With the white space before it, since tokens begin with their space; so the sum is that of the whole.
            cost = count_tokens(text[end : page.start + last])
            end = page.start + last
            yield from _fitting(text, _Unit(start, end, cost, before), limit)
            before = _Border.SENTENCE


def _fitting(text: str, unit: _Unit, limit: int) -> Iterator[_Unit]:
    """Halve a unit, at a space if there is one about its middle, until each part fits."""
    length = unit.end - unit.start
    if unit.tokens <= limit or length < 2:
        yield unit
        return
    middle = unit.start + length // 2
    space = text.rfind(" ", unit.start + length // 4, middle)
    cut = space if space > unit.start else middle
    for start, end, before in ((unit.start, cut, unit.before), (cut, unit.end, _Border.SENTENCE)):
        piece = text[start:end]
        inner = start + len(piece) - len(piece.lstrip())
        if piece.strip():
            part = _Unit(inner, start + len(piece.rstrip()), count_tokens(piece), before)
            yield from _fitting(text, part, limit)


def _packed(units: Iterator[_Unit], limit: int, fill: float) -> Iterator[list[_Unit]]:
    """Yield the units of each chunk."""
    held: list[_Unit] = []
    total = 0
    for unit in units:
        if unit.before is _Border.PAGE and total >= fill * limit and held:
            yield held
            held, total = [], 0
        while held and total + unit.tokens > limit:
            cut = len(held) if unit.before else _last_paragraph(held, fill * limit)
            yield held[:cut]
            held = held[cut:]
            total = sum(one.tokens for one in held)
        held.append(unit)
        total += unit.tokens
    if held:
        yield held


def _last_paragraph(held: list[_Unit], least: float) -> int:
    """Return where the last paragraph begins, if what comes before it is enough; else the end."""
    total = sum(unit.tokens for unit in held)
    for index in range(len(held) - 1, 0, -1):
        total -= held[index].tokens
        if total < least:
            break
        if held[index].before:
            return index
    return len(held)
