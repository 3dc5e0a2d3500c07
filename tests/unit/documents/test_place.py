"""Where something stands, in words."""

import pytest

from longagent.documents import Document, Span, place
from longagent.documents.parsed import Heading, Parsed, Part
from longagent.documents.place import heading, size


def document(*parts: Part, paged: bool = False, form: str = "text") -> Document:
    return Document.from_parts(parts, name="x", paged=paged, format=form)


ROMAN = document(Part("a b", label="iv"), Part("c d", label="1"), paged=True, form="pdf")
SLIDES = document(Part("a b", title="Outlook\n 2027"), Part("c d"), paged=True, form="pptx")
SHEETS = document(Part("a b", title="Sales", label="rows 2-40"), Part("c d"), form="xlsx")
ROWS = document(Part("a b", label="rows 1-200"), Part("c d", label="rows 201-400"), form="csv")
CHAPTERS = document(Part("a b", title="x" * 80), Part("c d", title="Two"), form="epub")
SECTIONS = document(Part("a b", title="Two"), Part("c d"), form="markdown")
LINES = Document.from_text("first\nsecond\n\nfourth")


@pytest.mark.parametrize(
    ("source", "start", "end", "where"),
    [
        (ROMAN, 0, 3, "p. 1 (printed iv)"),
        (ROMAN, 5, 6, "p. 2 (printed 1)"),
        (ROMAN, 2, 6, "p. 1–2 (printed iv–1)"),
        (document(Part("a", label="1"), paged=True), 0, 1, "p. 1"),
        (SLIDES, 0, 1, "slide 1 “Outlook 2027”"),
        (SLIDES, 5, 6, "slide 2"),
        (SLIDES, 0, 6, "slides 1–2"),
        (SHEETS, 0, 1, "sheet “Sales”, rows 2-40"),
        (SHEETS, 5, 6, "sheet 2"),
        (SHEETS, 0, 6, "sheet “Sales”, rows 2-40 – sheet 2"),
        (ROWS, 0, 1, "rows 1-200"),
        (ROWS, 0, 6, "rows 1-200 – rows 201-400"),
        (CHAPTERS, 0, 1, f"chapter 1 “{'x' * 59}…”"),
        (SECTIONS, 5, 6, "section 2"),
        (SECTIONS, 0, 1, "section 1 “Two”"),
        (LINES, 0, 5, "line 1"),
        (LINES, 6, 20, "lines 2–4"),
    ],
)
def test_places(source: Document, start: int, end: int, where: str) -> None:
    assert place(Span(source, start, end)) == where


def test_a_long_sheet_is_one() -> None:
    long = document(Part("a", title="Log", label="row 1"), Part("b", title="Log", label="row 201"), form="xlsx")
    assert [size(each) for each in (long, ROWS, SLIDES, LINES)] == [
        *((1, "sheet"), (1, "table"), (2, "slides"), (1, "section"))
    ]


def test_headings_of_pages() -> None:
    assert [heading(ROMAN, page) for page in ROMAN.pages] == ["page 1 (printed iv)", "page 2 (printed 1)"]
    assert heading(SECTIONS, SECTIONS.pages[0], counted=True) == "section 1 of 2 “Two”"
    assert heading(SHEETS, SHEETS.pages[0], counted=True) == "sheet “Sales”, rows 2-40"


def test_what_stands_beside_the_text_is_clean() -> None:
    part = Part("text", title="Ti\x1b[2Jtle", label="\x07", headings=(Heading(0, 1, "He\x9bad"),))
    made = Document.from_parsed(Parsed((part,), warnings=("a\x1b\r\nb",)), id="x", name="x")
    assert made.pages[0][3:] == ("Ti[2Jtle", None)
    assert made.path_at(0) == ("Head",)
    assert made.warnings == ("a\nb",)
