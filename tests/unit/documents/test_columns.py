"""Pages that are drawn row by row across two columns, and pages that only look so."""

import io

import pypdfium2
import pytest

from longagent.documents.formats import pdf
from longagent.documents.formats.pdf_outline import Entry, headings

LEFT = """Retrieval and attention are two ways to bring
the evidence before a reader that has a small
window, and neither of them is without a cost:
the first may miss what the question needs and
the second pays for everything that it sees in
full, however little of it matters. We show in
this paper that a chain of readers, where each
hands on what it found, is close to the better
of the two in all of our tests and needs fewer
tokens than either, as long as the notes which
are handed on stay short and keep to the facts
that later readers are going to ask for again.""".splitlines()
RIGHT = """The experiments were run on five collections of
documents, the longest of which has more than a
million words, and the questions were written by
people who had read them from cover to cover and
knew where each of the answers stands. For every
answer we record the page, so that a citation to
another page counts as wrong even if its wording
happens to agree, and we repeat all the runs with
five seeds to see how much of a difference is by
chance alone, which turned out to be less than we
had feared at the outset, with two exceptions that
are discussed in the appendix at greater length.""".splitlines()


def page(rows: list[list[tuple[float, str]]]) -> bytes:
    """Draw rows of (x, text), in this order, one below the other."""
    drawn = [
        f"BT /F 9 Tf {x} {740 - 12 * number} Td ({text.replace('(', '[').replace(')', ']')}) Tj ET"
        for number, row in enumerate(rows)
        for x, text in row
    ]
    content = "\n".join(drawn).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F << "
        b"/Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, text) for number, text in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer\n<< /Size 5 /Root 1 0 R >>\n%%EOF\n"


def read(data: bytes) -> str:
    return pdf.read(data).parts[0].text


def test_columns_that_are_drawn_row_by_row_are_read_one_after_the_other() -> None:
    title = "A title that runs across both of the columns, as titles of papers do, and is left where it is"
    rows = [[(72, title)], *([(50, left), (320, right)] for left, right in zip(LEFT, RIGHT, strict=True))]
    lines = [line.strip() for line in read(page(rows)).splitlines()]
    assert lines == [title, *LEFT, *RIGHT]


def test_columns_that_are_drawn_one_after_the_other_stay_so() -> None:
    data = page([*([(50, left)] for left in LEFT), *([(320, right)] for right in RIGHT)])
    assert [line.strip() for line in read(data).splitlines()] == [*LEFT, *RIGHT]


@pytest.mark.parametrize(
    "cells",
    [
        [
            (f"Net revenue of segment {number}, in millions of dollars", f"{number * 911} {number * 17}")
            for number in range(14)
        ],
        [
            (f"Button number {number} of the device at hand", f"Starts function {number}, if pressed twice.")
            for number in range(14)
        ],
        [
            (left, "") if number % 3 else (left, right)
            for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True))
        ],
    ],
    ids=["figures", "whole sentences", "cells of unequal length"],
)
def test_tables_stay_as_they_are(cells: list[tuple[str, str]]) -> None:
    data = page([[(50.0, left), *([(320.0, right)] if right else [])] for left, right in cells])
    with pypdfium2.PdfDocument(io.BytesIO(data)) as document:
        plain = pdf.page_text(document[0].get_textpage().get_text_bounded())
    assert read(data) == plain


def test_headings_are_found_in_order_over_line_breaks() -> None:
    text = "Contents\nResults 4\nResults\nand their\nmeaning\nResults\n"
    found = headings(text, [Entry(1, "results and their meaning"), Entry(2, "Results"), Entry(1, "Absent")])
    assert [(text[start:][:7], level) for start, level, _ in found] == [("Results", 1), ("Results", 2)]
    assert found[0].start == text.index("Results\nand")
    assert found[1].start == text.rindex("Results")
