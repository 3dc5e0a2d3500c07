"""Two-column pages whose file draws row by row across both columns: the left one is to be read first.

pdfium gives text in the order it is drawn. Most programs draw column by column; where one does not, each line of the
text is half a sentence of either column. Only such pages are sorted anew, and only where everything speaks for it:
tables look much alike, and must stay as they are.
"""

import re
from collections.abc import Iterator, Sequence
from ctypes import byref, c_double
from functools import cache
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

_LINE = re.compile("[^\r\n\x02\ufffe]+[\r\n\x02\ufffe]*")
_DIGIT = re.compile(r"\d")
_LONG = 40
"""Characters of a line that may hold two columns."""
_SAMPLE = 5
"""Lines looked at, at first: a gutter runs through nearly all of them, and lies in the middle third."""
_FEWEST = 10
"""Lines side by side that make a page of two columns."""


class _Line(NamedTuple):
    """A line of the text, cut where the gutter is."""

    left: str
    right: str
    whole: bool
    """Whether it runs across the gutter, such as a title."""

    @property
    def is_double(self) -> bool:
        return bool(self.left and self.right)


def in_columns(page: Any, text: str) -> str | None:
    """Return the text of a page column by column, `None` where it is right as it is.

    Args:
        page: pdfium's text page.
        text: all of its text, whose indices are those of its characters.
    """
    spans = [match.span() for match in _LINE.finditer(text)]
    long = [span for span in spans if span[1] - span[0] >= _LONG]
    if len(long) < _FEWEST:
        return None
    if not _is_prose([text[start:end] for start, end in long]) or not _may_be_columns(page, text, long):
        return None
    gaps = {span: gap for span in long if (gap := _gap(page, text, span)) is not None}
    if len(gaps) < _FEWEST:
        return None
    lines = list(_cut(page, text, spans, gaps))
    return _sorted(lines) if _are_columns(lines) else None


def _may_be_columns(page: Any, text: str, long: Sequence[tuple[int, int]]) -> bool:
    """Look at a few lines only: on nearly all pages, the first two tell."""
    step = len(long) / _SAMPLE
    missing = 0
    for number in range(_SAMPLE):
        missing += _gap(page, text, long[int((number + 0.5) * step)], middle=True) is None
        if missing > 1:
            return False
    return True


class _Gap(NamedTuple):
    """The widest white between two characters of a line."""

    start: float
    end: float
    after: int
    """Index of the first character after it."""


def _gap(page: Any, text: str, span: tuple[int, int], *, middle: bool = False) -> _Gap | None:
    """Return the gap in a line that is wide enough for a gutter; `middle` looks only there."""
    start, end = span
    if middle:
        third = (end - start) // 3
        start, end = start + third, end - third
    boxes = [(index, box) for index in range(start, end) if not text[index].isspace() and (box := _box(page, index))]
    if len(boxes) < 8:
        return None
    size = median(box[3] - box[2] for _, box in boxes)
    gaps = [_Gap(a[1], b[0], index) for (_, a), (index, b) in pairwise(boxes)]
    widest = max(gaps, key=lambda gap: gap.end - gap.start)
    # Words of a justified line stand far apart, too, but alike.
    others = [gap.end - gap.start for gap in gaps if gap is not widest]
    width = widest.end - widest.start
    return widest if width > max(1.2 * size, 1.5 * max(others)) else None


_EDGES = c_double(), c_double(), c_double(), c_double()
_AT = tuple(map(byref, _EDGES))


def _box(page: Any, index: int) -> tuple[float, float, float, float] | None:
    """Left, right, bottom and top of a character."""
    if not _char_box()(page, index, *_AT):
        return None
    left, right, bottom, top = _EDGES
    return left.value, right.value, bottom.value, top.value


@cache
def _char_box() -> Any:
    from pypdfium2.raw import FPDFText_GetCharBox

    return FPDFText_GetCharBox


def _cut(page: Any, text: str, spans: Sequence[tuple[int, int]], gaps: dict[tuple[int, int], _Gap]) -> Iterator[_Line]:
    """Cut lines where the gutter is that most of the gaps agree on."""
    gutter = median((gap.start + gap.end) / 2 for gap in gaps.values())
    for start, end in spans:
        words = text[start:end]
        gap = gaps.get((start, end))
        if gap and gap.start <= gutter <= gap.end:
            yield _Line(text[start : gap.after].rstrip() + "\n", text[gap.after : end], whole=False)
            continue
        boxes = [box for index in range(start, end) if not text[index].isspace() and (box := _box(page, index))]
        if boxes and boxes[0][0] < gutter < boxes[-1][1]:
            yield _Line(words, "", whole=True)
        elif boxes and boxes[0][0] >= gutter:
            yield _Line("", words, whole=False)
        else:
            yield _Line(words, "", whole=False)


def _are_columns(lines: list[_Line]) -> bool:
    """Whether both sides are running text, rather than cells of a table."""
    doubles = [number for number, line in enumerate(lines) if line.is_double]
    if len(doubles) < _FEWEST or len(doubles) < 0.75 * (doubles[-1] - doubles[0] + 1):
        return False
    both = [line for line in lines if line.is_double]
    return _is_prose([line.left for line in both]) and _is_prose([line.right for line in both])


def _is_prose(side: list[str]) -> bool:
    """Whether lines go on in the next one: they end within a sentence, and the next begins in lower case."""
    onward = sum(a.rstrip()[-1:] not in ".:;!?" and b.lstrip()[:1].islower() for a, b in pairwise(side))
    if onward < 0.4 * (len(side) - 1) or median(map(len, side)) < 20:
        return False
    text = "".join(side)
    return len(_DIGIT.findall(text)) <= 0.1 * len(text)


def _sorted(lines: list[_Line]) -> str:
    """Join the lines anew: between lines that run across, the left column, then the right one."""
    out: list[str] = []
    left: list[str] = []
    right: list[str] = []
    for line in [*lines, _Line("", "", whole=True)]:
        if line.whole:
            out += [*left, *right, line.left]
            left, right = [], []
        else:
            left += [line.left] if line.left else []
            right += [line.right] if line.right else []
    return "".join(out)
