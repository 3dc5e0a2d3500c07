"""CSV, whatever parts its cells."""

import pytest

from longagent.documents.formats.csv import read


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"name,city\nAnna,Bonn\n", "name | city\nname: Anna | city: Bonn"),
        ("Straße;Umsatz\r\nHof 1;1.200,50\r\n".encode("cp1252"), "Straße | Umsatz\nStraße: Hof 1 | Umsatz: 1.200,50"),
        ("a\tb\n1\t2\n".encode("utf-16"), "a | b\na: 1 | b: 2"),
        (b"sep=|\na|b\n1,5|2\n", "a | b\na: 1,5 | b: 2"),
        (
            b'name,note\nAnna,"two\nlines, here"\nBob,5" pipe\n',
            'name | note\nname: Anna | note: two lines, here\nname: Bob | note: 5" pipe',
        ),
        (b"1,2\n3,4\n", "1 | 2\n3 | 4"),
        (b"just a line, of text\nand another\n", "just a line, of text\nand another"),
        (b"only\none\ncolumn\n", "only\none\ncolumn"),
    ],
)
def test_cells(data: bytes, text: str) -> None:
    (part,) = read(data).parts
    assert part.text == text


def test_rows_are_counted_with_the_header_and_blank_ones() -> None:
    data = "a,b\n\n" + "".join(f"{number},x\n" for number in range(3, 301))
    assert [part.label for part in read(data.encode()).parts] == ["rows 1-200", "rows 201-300"]


def test_a_quotation_mark_that_is_never_closed_swallows_nothing() -> None:
    parsed = read(('a,b\n"x,1\n' + "y,2\n" * 300).encode())
    assert parsed.parts[0].text.startswith('a | b\na: "x | b: 1\na: y | b: 2')
    assert "never closed" in parsed.warnings[0]


def test_a_long_cell_is_read() -> None:
    assert len(read(b"a,b\n" + b"x" * 200_000 + b",1\n").parts[0].text) > 200_000
