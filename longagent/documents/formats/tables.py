"""Tables as lines that can be read one by one: `Region: North | Revenue: 1,200`.

A table drawn with its header once at the top loses it as soon as a chunk begins further down, and then neither a
search for the column's name nor a small model knows what a number stands for. So each row says its columns' names.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from longagent.documents.parsed import Heading, Part

Row = Mapping[int, str]
"""The cells of a row that are not empty, by column."""

ROWS = 200
"""Of a sheet that make a part, at most."""
_CHARACTERS = 40_000
"""Of a part, after which the next one begins."""
_AHEAD = 12
"""Rows looked at to tell whether the one before them is a header."""
_TITLE_ROWS = 8
"""Rows that may stand above the header of a table: its title, its unit, its date."""
_LONGEST_NAME = 60

_NUMBER = re.compile(r"[^\w]*\d[\d.,:/\s%()'’-]*\D{0,4}")
"""Numbers, amounts, percentages, dates and times as they are displayed."""


class Record(NamedTuple):
    """A row of a sheet."""

    number: int
    """As the program shows it, counted from 1."""
    cells: Row
    marked: bool = False
    """Whether it is set in bold type."""


def row(cells: Sequence[str]) -> Row:
    """Return the cells that are not empty, each on one line."""
    texts = (" ".join(cell.split()) for cell in cells)
    return {column: text for column, text in enumerate(texts) if text}


def line(cells: Row, names: Row = {}) -> str:  # noqa: B006 - a mapping that nobody can change
    """Write a row, with the names of its columns."""
    named = ((names.get(column, "").removesuffix(":"), cell) for column, cell in cells.items())
    return " | ".join(f"{name}: {cell}" if name and name != cell else cell for name, cell in named)


def lines(rows: Sequence[Row], *, named: bool) -> list[str]:
    """Write a table.

    Args:
        rows: of it.
        named: whether the first row holds the names of the columns.
    """
    names = rows[0] if named and rows else {}
    return [line(cells, names if number else {}) for number, cells in enumerate(rows) if cells]


def is_header(first: Row, rest: Sequence[Row], *, marked: bool | None = None) -> bool:
    """Tell whether a row holds the names of the columns, by how it looks and what stands below it.

    Args:
        first: the row.
        rest: some of the rows that follow.
        marked: whether it is set apart, as by bold type; `None` if only the first row of a sheet can tell.
    """
    names = list(first.values())
    if len(names) < 2 or not any(rest) or len(set(names)) < len(names):
        return False
    if any(len(name) > _LONGEST_NAME or is_number(name) for name in names):
        return False
    # The corner may be without a name, other columns hardly; and a line above a table is narrower than the table.
    span = range(min(first), max(first) + 1)
    used = {column for cells in rest for column in cells}
    if len(span) > len(names) or len(used - set(span)) > max(1, len(names) // 3):
        return False
    if marked:
        return True
    # In two columns, names and values side by side (a form) look like a header with a row below.
    return has_numbers_below(first, rest) or (marked is None and len(used | set(span)) > 2)


def has_numbers_below(first: Row, rest: Sequence[Row]) -> bool:
    """Whether some column has a word in the first row, and numbers in all others (at least two)."""
    for column, name in first.items():
        below = [cells[column] for cells in rest if column in cells]
        if not is_number(name) and len(below) > 1 and all(map(is_number, below)):
            return True
    return False


def is_number(cell: str) -> bool:
    """Whether a cell shows a number, an amount, a percentage, a date or a time."""
    return _NUMBER.fullmatch(cell) is not None


def parts(records: Iterator[Record], name: str = "") -> Iterator[Part]:
    """Cut a sheet into parts, whose labels say which rows they hold: `rows 1-200`.

    Args:
        records: its rows that are not empty, in order.
        name: of the sheet; stands above its first row.
    """
    held: list[str] = []
    first = last = size = 0
    heading = (Heading(0, 1, name),) if name else ()
    opening = f"{name}\n\n" if name else ""

    def part() -> Part:
        rows = f"row {first}" if first == last else f"rows {first}-{last}"
        return Part(opening + "\n".join(held), title=name or None, label=rows, headings=heading)

    for number, text, begins in _written(records):
        if held and ((number - 1) // ROWS > (first - 1) // ROWS or size > _CHARACTERS):
            yield part()
            held, size, heading, opening = [], 0, (), ""
        if not held:
            first = number
        elif begins:
            held.append("")
        last = number
        held.append(text)
        size += len(text)
    if held:
        yield part()


def _written(records: Iterator[Record]) -> Iterator[tuple[int, str, bool]]:
    """Write the rows, and tell which of them come after a blank one.

    A sheet may hold several tables, with blank rows between them and titles above them.
    """
    ahead = list(islice(records, _AHEAD))
    names: Row = {}
    start = previous = 0
    while ahead:
        record, *rest = ahead
        begins = previous == 0 or record.number > previous + 1
        start = record.number if begins else start
        if begins and not record.cells.keys() <= names.keys():
            names = {}
        if (begins or not names) and record.number < start + _TITLE_ROWS and _is_header(record, rest, known=names):
            names, shown = record.cells, line(record.cells)
        else:
            # A note or a title between the rows stands alone in the first column, and is no value of that.
            alone = record.cells.keys() == {min(names, default=0)}
            shown = line(record.cells, {} if alone else names)
        yield record.number, shown, begins
        previous = record.number
        ahead = [*rest, *islice(records, 1)]


def _is_header(record: Record, rest: Sequence[Record], *, known: Row) -> bool:
    below = [other.cells for place, other in enumerate(rest, start=1) if other.number == record.number + place]
    marked = record.marked and not any(other.marked for other in rest[:1])
    # After a blank row the same table may go on: only what is plainly a header takes the place of the one before.
    return is_header(record.cells, below, marked=marked or (None if not known else False))
