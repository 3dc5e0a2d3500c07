"""Rows as aligned text, the same on a terminal and in a pipe; by the cells characters take, not by their number."""

from collections.abc import Collection, Sequence

from rich.cells import cell_len

from longagent.render.terminal import one_line


def columns(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """Return one line for each row; the columns named in `right` end flush. Control characters are made visible."""
    shown = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    return ["  ".join(_padded(row, widths, right)).rstrip() for row in shown]


def _padded(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> list[str]:
    blanks = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
    return [
        blank + cell if index in right else cell + blank
        for index, (cell, blank) in enumerate(zip(row, blanks, strict=True))
    ]
