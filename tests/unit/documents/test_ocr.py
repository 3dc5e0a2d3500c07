"""Pages read by OCR: their order, what is kept, and what becomes of those that fail."""

import asyncio
from typing import Any, cast

import pytest

from longagent.documents.formats.boxes import Box, lines_of, tilt
from longagent.documents.guard import Pool
from longagent.documents.ocr import read_scans
from longagent.documents.parsed import Options, Parsed, Part, UnreadableError


def box(text: str, x: float, y: float, *, width: float = 200, height: float = 20, slope: float = 0) -> Box:
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return Box(text, tuple((cx - slope * cy, cy + slope * cx) for cx, cy in corners), 0.9)


def test_pieces_side_by_side_are_one_line_also_on_a_page_that_is_askew() -> None:
    rows = [("Name", "Value"), ("first", "1"), ("second", "2"), ("third", "3")]
    boxes = [
        box(word, 60 + 600 * side, 100 + 40 * row, slope=0.06)
        for row, pair in enumerate(rows)
        for side, word in enumerate(pair)
    ]
    assert lines_of(boxes[::-1]) == ["Name Value", "first 1", "second 2", "third 3"]


def test_columns_are_read_one_after_the_other_below_what_runs_across() -> None:
    boxes = [box("Title", 100, 20, width=800)]
    boxes += [box(f"left {row}", 50, 100 + 40 * row, width=420) for row in range(5)]
    boxes += [box(f"right {row}", 530, 100 + 40 * row, width=420) for row in range(5)]
    assert lines_of(boxes) == ["Title", *(f"left {row}" for row in range(5)), *(f"right {row}" for row in range(5))]


def test_a_page_on_its_side_is_noticed() -> None:
    assert tilt([box("lines that stand", 0, 0, width=20, height=300), box("no", 0, 0)]) == "sideways"
    assert tilt([box("a line", 0, 0)]) == "upright"


class Reader:
    """Stands for the pool: reads `page N`, fails on the pages told, and records what was asked."""

    def __init__(self, *, failing: frozenset[int] = frozenset(), text: str = "page {}") -> None:
        self.asked: list[int] = []
        self._failing, self._text = failing, text

    async def read(self, form: str, data: bytes, *, options: Options, limits: object) -> Parsed:
        (number,) = options.pages
        self.asked.append(number)
        if number in self._failing:
            raise UnreadableError("was not read within 120 s.")
        return Parsed((Part(self._text.format(number)),))


class Kept(dict[bytes, dict[str, Any]]):
    async def get(self, key: bytes) -> dict[str, Any] | None:  # type: ignore[override]
        return super().get(key)

    async def put(self, key: bytes, record: dict[str, Any]) -> None:
        self[key] = record


SCAN = Parsed((Part("", label="i"), Part("own text"), Part("")), paged=True, unread=(1, 3))


def scan(reader: Reader, *, data: bytes = b"pdf", kept: Kept | None = None, parsed: Parsed = SCAN) -> Parsed:
    return asyncio.run(read_scans(parsed, data, options=Options(), pool=cast("Pool", reader), kept=kept))


def test_pages_are_filled_in_and_told() -> None:
    told: list[tuple[int, int]] = []
    work = read_scans(
        SCAN, b"pdf", options=Options(), pool=cast("Pool", Reader()), told=lambda *state: told.append(state)
    )
    parsed = asyncio.run(work)
    assert [part.text for part in parsed.parts] == ["page 1", "own text", "page 3"]
    assert parsed.parts[0].label == "i"
    assert parsed.warnings == ("pages 1, 3 read by OCR: words may be wrong",)
    assert told == [(1, 2), (2, 2)]


def test_a_page_is_read_once_and_another_document_has_its_own() -> None:
    kept, reader = Kept(), Reader()
    first = scan(reader, kept=kept)
    assert scan(reader, kept=kept) == first
    assert sorted(reader.asked) == [1, 3]
    scan(reader, data=b"another", kept=kept)
    assert sorted(reader.asked) == [1, 1, 3, 3]


def test_a_page_that_fails_costs_that_page_and_is_tried_again() -> None:
    kept = Kept()
    parsed = scan(Reader(failing=frozenset({3})), kept=kept)
    assert [part.text for part in parsed.parts] == ["page 1", "own text", ""]
    assert "page 3 could not be read by OCR: was not read within 120 s." in parsed.warnings
    assert scan(again := Reader(), kept=kept).parts[2].text == "page 3"
    assert again.asked == [3]


@pytest.mark.parametrize(
    ("reader", "problem"),
    [(Reader(text=""), "OCR finds none either"), (Reader(failing=frozenset({1, 2})), "OCR failed")],
)
def test_nothing_at_all_is_an_error(reader: Reader, problem: str) -> None:
    with pytest.raises(UnreadableError, match=problem):
        scan(reader, parsed=Parsed((Part(""), Part("")), paged=True, unread=(1, 2)))
