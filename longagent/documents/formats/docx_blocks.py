"""Walks through a Word document, block by block: paragraphs, tables, text boxes, notes and comments, in order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

from longagent.documents.formats import tables
from longagent.documents.formats.docx_runs import (
    Inline,
    Mark,
    breaks_page_after,
    breaks_page_before,
    paragraphs_within,
)
from longagent.documents.formats.docx_styles import Numbers, Styles, is_on, number, value
from longagent.documents.formats.ooxml import W
from longagent.documents.formats.text import clean

_LONGEST_CELL = 600
"""Code points; a table with longer cells is there for the layout, and its cells read better one after the other."""
_WIDEST = 64
"""Columns; Word allows 63."""
_LONE_PAGE_NUMBER = 20
"""Code points of what may stand around a page number, such as `Page of`."""


class Block(NamedTuple):
    """A paragraph, a table, a note."""

    text: str
    level: int | None = None
    """Of a heading."""
    new_page: bool = False
    """Whether the author began a new page before it."""
    close: bool = False
    """Whether it follows the block before it without a blank line, as the items of a list do."""
    aside: bool = False
    """Whether it is a note or a comment, which stands after what it belongs to."""


@dataclass
class Walker:
    """What reading a document needs to know from one block to the next."""

    styles: Styles
    numbers: Numbers
    notes: Callable[[Mark], tuple[str, list[Element]]]
    """Returns who wrote a note or comment, and its content."""
    shape: Callable[[str], str]
    """Returns the text of a chart or diagram, by its relation."""
    hidden: int = 0
    left_out: bool = False
    """Whether there were embedded documents."""
    fields: list[list[str]] = field(default_factory=list)
    numbered: dict[Mark, int] = field(default_factory=dict)
    _page_pending: bool = False
    _in_list: bool = False
    _open_notes: set[Mark] = field(default_factory=set)

    def blocks(self, container: Element) -> Iterator[Block]:
        """Yield what stands in a container, in order."""
        for child in paragraphs_within(container):
            yield from self.block(child)

    def block(self, child: Element) -> Iterator[Block]:
        """Yield what a paragraph or table amounts to."""
        if child.tag == f"{W}p":
            yield from self._paragraph(child)
        elif child.tag == f"{W}tbl":
            yield from self._table(child)
        elif child.tag in {f"{W}altChunk", f"{W}subDoc"}:
            self.left_out = True
        else:
            wrapper = Element("wrapper")
            wrapper.append(child)
            yield from self.blocks(wrapper)

    def _paragraph(self, paragraph: Element) -> Iterator[Block]:
        inline = Inline(fields=self.fields, numbered=self.numbered)
        inline.read(paragraph)
        self.hidden += inline.hidden
        properties = paragraph.find(f"{W}pPr")
        new_page = self._page_pending or breaks_page_before(properties) or inline.breaks[:1] == [False]
        self._page_pending = new_page
        text = clean("".join(inline.text)).strip()
        if inline.has_page_field and len(text) <= _LONE_PAGE_NUMBER:
            text = ""
        if text:
            yield self._own(text, properties, new_page=new_page)
            self._page_pending = True in inline.breaks
        if breaks_page_after(properties):
            self._page_pending = True
        yield from self._anchored(inline)

    def _own(self, text: str, properties: Element | None, *, new_page: bool) -> Block:
        level = self.styles.level(properties)
        item = self.styles.list_of(properties)
        label = clean(self.numbers.next(*item)) if item else ""
        listed = (item is not None and level is None) or (value(properties, "pStyle") or "").upper().startswith("TOC")
        close = listed and self._in_list
        self._in_list = listed
        return Block(f"{label} {text}".strip() if label else text, level, new_page, close)

    def _anchored(self, inline: Inline) -> Iterator[Block]:
        for box in inline.boxes:
            self._in_list = False
            yield from self.blocks(box)
        for relation in inline.shapes:
            if text := clean(self.shape(relation)).strip():
                yield Block(text)
        for mark in inline.marks:
            yield from self._note(mark)

    def _note(self, mark: Mark) -> Iterator[Block]:
        if mark in self._open_notes:  # a note that refers to itself
            return
        self._open_notes.add(mark)
        author, content = self.notes(mark)
        by = f" ({clean(author)})" if author else ""
        shown = f"[{self.numbered[mark]}]" if mark in self.numbered else f"Comment{by}:"
        if text := " ".join(block.text for element in content for block in self.block(element)):
            yield Block(f"{shown} {text}", aside=True)
        self._open_notes.discard(mark)
        self._in_list = False

    def _table(self, table: Element) -> Iterator[Block]:
        rows = [row for row in _rows(table) if not _is_deleted(row)]
        cells = [[self._cell(cell) for cell in _cells(row)] for row in rows]
        self._in_list = False
        flat = [[_line(blocks) for blocks in row] for row in cells]
        if all(len(row) < 2 for row in flat) or any(len(text) > _LONGEST_CELL for row in flat for text in row):
            yield from (block for row in cells for blocks in row for block in blocks)
            return
        grid = _grid(rows, flat)
        named = bool(grid) and (_repeats(rows[0]) or tables.is_header(grid[0], grid[1:], marked=_stands_out(rows)))
        if text := "\n".join(tables.lines(grid, named=named)):
            new_page = any(block.new_page for row in cells[:1] for blocks in row for block in blocks)
            yield Block(text, new_page=new_page)
        yield from (block for row in cells for blocks in row for block in blocks if block.aside)

    def _cell(self, cell: Element) -> list[Block]:
        self._in_list = False
        return list(self.blocks(cell))


def _rows(table: Element) -> Iterator[Element]:
    for child in table:
        if child.tag == f"{W}tr":
            yield child
        elif child.tag not in {f"{W}tblPr", f"{W}tblGrid", f"{W}del"}:
            yield from _rows(child)


def _cells(row: Element) -> list[Element]:
    found: list[Element] = []
    for child in row:
        if child.tag == f"{W}tc":
            if child.find(f"{W}tcPr/{W}cellDel") is None:
                found.append(child)
        elif child.tag not in {f"{W}trPr", f"{W}tblPrEx"}:
            found += _cells(child)
    return found


def _line(blocks: list[Block]) -> str:
    return "; ".join(" ".join(block.text.split()) for block in blocks if not block.aside)


def _grid(rows: list[Element], flat: list[list[str]]) -> list[tables.Row]:
    """Put cells into columns; one that spans rows stands in each of them, so that each can be read by itself."""
    grid: list[list[str]] = []
    for row, texts in zip(rows, flat, strict=True):
        line: list[str] = [""] * min(number(row, "trPr", "gridBefore") or 0, _WIDEST)
        for cell, text in zip(_cells(row), texts, strict=True):
            properties = cell.find(f"{W}tcPr")
            continued = properties is not None and value(properties, "vMerge") in {"", "continue"}
            above = grid[-1][len(line)] if continued and grid and len(line) < len(grid[-1]) else ""
            width = min(number(properties, "gridSpan") or 1, _WIDEST)
            line += [text or above, *[""] * (width - 1)]
        grid.append(line)
    return [tables.row(line) for line, texts in zip(grid, flat, strict=True) if any(texts)]


def _is_deleted(row: Element) -> bool:
    return row.find(f"{W}trPr/{W}del") is not None


def _repeats(row: Element) -> bool:
    """Whether a row is marked as the header that is repeated on every page."""
    return is_on(row.find(f"{W}trPr"), "tblHeader")


def _stands_out(rows: list[Element]) -> bool:
    """Whether the first row alone is all in bold type."""

    def bold(row: Element) -> bool:
        runs = [run for run in row.iter(f"{W}r") if any((text.text or "").strip() for text in run.iterfind(f"{W}t"))]
        return bool(runs) and all(is_on(run.find(f"{W}rPr"), "b") for run in runs)

    return len(rows) > 1 and bold(rows[0]) and not any(bold(row) for row in rows[1:4])
