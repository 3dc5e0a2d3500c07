"""Rows that can be read one by one."""

from collections.abc import Sequence

import pytest

from longagent.documents.formats import tables
from longagent.documents.formats.tables import Record, is_number, row


def written(*lines: str, **options: bool) -> list[str]:
    """Write a sheet given as lines with bars; an empty line is a blank row."""
    records = [
        Record(number, row(line.split("|")), marked=line.startswith("*"))
        for number, line in enumerate((line.strip("*") for line in lines), start=1)
        if line
    ]
    return [line for part in tables.parts(iter(records)) for line in part.text.split("\n")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # Three columns and words in the first row: names. Two columns could be a form, unless figures tell.
        (["a|b|c", "x|y|z"], ["a | b | c", "a: x | b: y | c: z"]),
        (["Name|Anna", "City|Bonn"], ["Name | Anna", "City | Bonn"]),
        (["Name|Anna", "Year|1987", "City|Bonn"], ["Name | Anna", "Year | 1987", "City | Bonn"]),
        (["Year|Sales", "2023|5", "2024|6"], ["Year | Sales", "Year: 2023 | Sales: 5", "Year: 2024 | Sales: 6"]),
        (["1|2|3", "4|5|6"], ["1 | 2 | 3", "4 | 5 | 6"]),
        # A title stands above the names; empty cells are left out; the corner may be empty.
        (["Sales 2024", "|Q1|Q2", "North|5|", "South||7"], ["Sales 2024", "Q1 | Q2", "North | Q1: 5", "South | Q2: 7"]),
        # A second table, and a note, after blank rows.
        (
            ["a|b|c", "1|2|3", "", "Source: us", "", "City|Size", "Bonn|3", "Ulm|4", "Total", "", "7|8"],
            [
                *("a | b | c", "a: 1 | b: 2 | c: 3", "", "Source: us", ""),
                *("City | Size", "City: Bonn | Size: 3", "City: Ulm | Size: 4", "Total", "", "City: 7 | Size: 8"),
            ],
        ),
    ],
)
def test_sheets(lines: Sequence[str], expected: list[str]) -> None:
    assert written(*lines) == expected


def test_parts_name_their_rows() -> None:
    records = [Record(number, {0: f"row {number}"}) for number in [3, *range(150, 420)]]
    parts = list(tables.parts(iter(records), "Log"))
    assert [part.title for part in parts] == ["Log"] * 3
    assert [part.label for part in parts] == ["rows 3-200", "rows 201-400", "rows 401-419"]
    assert parts[0].text.startswith("Log\n\nrow 3\n\nrow 150\nrow 151")
    assert [heading.title for part in parts for heading in part.headings] == ["Log"]
    assert next(tables.parts(iter(records[:1]))).label == "row 3"


def test_long_rows_make_more_parts() -> None:
    records = [Record(number, {0: "x" * 15_000}) for number in range(1, 8)]
    assert [part.label for part in tables.parts(iter(records))] == ["rows 1-3", "rows 4-6", "row 7"]


@pytest.mark.parametrize("cell", ["5", "-1,200.50", "€ 3", "12 %", "(7)", "2024-03-05", "12:30", "3.5 kg", "1'000"])
def test_numbers(cell: str) -> None:
    assert is_number(cell)


@pytest.mark.parametrize("cell", ["Q1", "Year 2024", "North", "", "5 apples a day"])
def test_words(cell: str) -> None:
    assert not is_number(cell)
