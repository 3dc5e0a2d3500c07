"""Tables of web pages: which cells stand in one column, and whether it is a table at all or only a layout."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from longagent.documents.formats.tables import Row, is_header, lines
from longagent.documents.formats.writer import Writer

_WIDEST = 1000
"""Columns; HTML allows a cell no more."""
_LONG = 1000
"""A cell with several paragraphs that is longer holds no value but a part of the page."""
_BEFORE = frozenset({"$", "€", "£", "¥", "US$", "C$", "A$", "HK$", "R$", "(", "$("})
_AFTER = frozenset({")", "%", ")%", "%)"})


class Cell:
    """A cell, and what is written into it."""

    __slots__ = ("is_name", "rows", "span", "writer")

    def __init__(self, *, span: int, rows: int, is_name: bool) -> None:
        self.span = min(max(span, 1), _WIDEST)
        self.rows = max(rows, 1)
        self.is_name = is_name
        self.writer = Writer()


class _Placed(NamedTuple):
    """A cell that is not empty, and where it stands."""

    column: int
    span: int
    text: str


@dataclass
class Table:
    """A table in the making."""

    rows: list[list[Cell]] = field(default_factory=list)
    is_layout: bool = False
    """Whether it says so, or holds other tables."""

    def write(self, writer: Writer) -> None:
        """Write the table row by row, or, if it is only there for the layout, cell by cell."""
        rows = [cells for row in self._placed() if (cells := _joined(row))]
        if self._has_values(rows):
            aligned = _aligned(rows)
            names = [cell for cell in self.rows[0] if cell.is_name] == self.rows[0]
            for line in lines(aligned, named=is_header(aligned[0], aligned[1:20], marked=names)):
                writer.line()
                writer.words(line)
        else:
            for row in self.rows:
                for cell in row:
                    writer.block()
                    writer.append(cell.writer)

    def _has_values(self, rows: list[list[_Placed]]) -> bool:
        if self.is_layout or max(map(len, rows), default=0) < 2:
            return False
        cells = (cell.writer for row in self.rows for cell in row)
        return not any(cell.headings or (len(cell) > _LONG and "\n\n" in cell.text) for cell in cells)

    def _placed(self) -> Iterator[list[_Placed]]:
        """Yield the cells of each row that are not empty."""
        taken: dict[int, int] = {}
        for row in self.rows:
            column = 0
            placed: list[_Placed] = []
            below: dict[int, int] = {}
            for cell in row:
                while column in taken:
                    column += 1
                if column >= _WIDEST:
                    break
                if text := " ".join(cell.writer.text.split()):
                    placed.append(_Placed(column, cell.span, text))
                if cell.rows > 1:
                    below.update(dict.fromkeys(range(column, column + cell.span), cell.rows - 1))
                column += cell.span
            taken = {column: left - 1 for column, left in taken.items() if left > 1} | below
            yield placed


def _joined(row: list[_Placed]) -> list[_Placed]:
    """Join signs that have cells of their own, as in financial reports, with their numbers."""
    joined: list[_Placed] = []
    signs = ""
    for cell in row:
        if cell.text in _BEFORE:
            signs += cell.text
        elif cell.text in _AFTER and joined and not signs:
            joined[-1] = joined[-1]._replace(text=joined[-1].text + cell.text)
        else:
            joined.append(cell._replace(text=signs + cell.text))
            signs = ""
    return [*joined, row[-1]._replace(text=signs)] if signs else joined


def _aligned(rows: list[list[_Placed]]) -> list[Row]:
    """Give the cells of a column one number, wherever in it spacers and wide names put them."""
    single = sorted({cell.column for row in rows for cell in row if cell.span == 1})
    moved = [dict(_over(row, single)) for row in rows]
    before: dict[int, int] = {}
    for row in moved:
        last = -1
        for column in row:
            before[column] = max(before.get(column, -1), last)
            last = column
    # Neighbouring columns of which no row uses two are one.
    place: dict[int, int] = {}
    first, count = -1, 0
    for column in sorted(before):
        if before[column] >= first:
            first, count = column, count + 1
        place[column] = count - 1
    return [{place[column]: text for column, text in row.items()} for row in moved]


def _over(row: list[_Placed], single: list[int]) -> Iterator[tuple[int, str]]:
    """Move the cells that reach over several columns to the one that the cells below them use."""
    for cell in row:
        place = bisect_left(single, cell.column)
        inside = place < len(single) and single[place] < cell.column + cell.span
        yield (single[place] if inside and cell.span > 1 else cell.column), cell.text
