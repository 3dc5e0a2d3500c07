"""CSV and its kin: the encoding and what parts the cells are found out; the cells are given as they stand."""

import csv
from collections import Counter
from collections.abc import Iterator
from io import StringIO

from longagent.documents.formats import tables
from longagent.documents.formats.text import decode
from longagent.documents.parsed import USUAL, Options, Parsed

_DELIMITERS = ",;\t|"
_NONE = "\x1f"
"""For lines that have no cells; no text that was cleaned holds it."""
_SAMPLE = 64 * 1024
"""Code points that are looked at for the delimiter."""
_LINES_IN_CELL = 200
"""Line breaks in one cell, from which on its quotation mark is taken for a slip that nothing closes."""
_LONGEST_CELL = 1 << 30


def read(data: bytes, _options: Options = USUAL) -> Parsed:
    """Read a table of values parted by commas, semicolons, tabs or bars; the rows are those that Excel would show."""
    text, warning = decode(data)
    text = text.replace("\f", "\n")
    warnings = [] if warning is None else [warning]
    delimiter = ""
    if text[:4].lower() == "sep=":  # what Excel writes for itself
        first, _, text = text.partition("\n")
        delimiter = first[4:5]
    delimiter = delimiter or _delimiter(text[:_SAMPLE])
    quoting = csv.QUOTE_MINIMAL
    if '"' in text and _runs_away(text, delimiter):
        quoting = csv.QUOTE_NONE
        warnings.append("a quotation mark in it is never closed; all of them are taken as they stand")
    return Parsed(tuple(tables.parts(_records(text, delimiter, quoting))), warnings=tuple(warnings))


def _records(text: str, delimiter: str, quoting: int) -> Iterator[tables.Record]:
    for number, cells in enumerate(_rows(text, delimiter, quoting), start=1):
        row = tables.row(cells)
        if row:
            # By custom the first row of such a file names the columns.
            yield tables.Record(number, row, marked=number == 1)


def _rows(text: str, delimiter: str, quoting: int = csv.QUOTE_MINIMAL) -> Iterator[list[str]]:
    # The module's limit is for the whole process; nothing else here reads such files, and memory is limited elsewhere.
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]


def _delimiter(sample: str) -> str:
    """Return what gives the most lines the same number of cells, and more than one."""
    whole = sample.rpartition("\n")[0] or sample
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        scores = {delimiter: _regularity(whole, delimiter, quoting) for delimiter in _DELIMITERS}
        best = max(scores, key=scores.__getitem__)
        # Text with commas has a different number of them in each line.
        if scores[best][0] > 0.5:
            return best
    return _NONE


def _regularity(text: str, delimiter: str, quoting: int) -> tuple[float, int]:
    """Return which share of the rows has the commonest number of cells, and that number."""
    counts = Counter(len(row) for row in _rows(text, delimiter, quoting) if row)
    width, same = max(((w, n) for w, n in counts.items() if w > 1), key=lambda one: one[1], default=(1, 0))
    return same / max(1, counts.total()), width


def _runs_away(text: str, delimiter: str) -> bool:
    return any(cell.count("\n") > _LINES_IN_CELL for row in _rows(text, delimiter) for cell in row)
