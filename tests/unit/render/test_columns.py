"""Aligned text."""

from longagent.render.columns import columns


def test_columns_are_aligned_by_cells_and_right_ones_end_flush() -> None:
    rows = [("id", "calls", "what"), ("a", "12", "三百"), ("long", "1,234", "x")]
    assert columns(rows, right={1}) == ["id    calls  what", "a        12  三百", "long  1,234  x"]
    wide = columns([("三百", "x"), ("abc", "y")])
    assert wide == ["三百  x", "abc   y"]


def test_no_cell_breaks_its_line_or_sends_control_codes() -> None:
    assert columns([("a\nb", "\x1b[2J")]) == ["a b  \\x1b[2J"]
