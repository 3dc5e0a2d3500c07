"""From recognised words and their places on a page to lines in reading order."""

from collections.abc import Iterator, Sequence
from math import atan2, cos, sin
from statistics import median
from typing import Literal, NamedTuple

_FEWEST = 4
"""Pieces on either side that make two columns."""


class Box(NamedTuple):
    """A piece of a line."""

    text: str
    corners: tuple[tuple[float, float], ...]
    """From the upper left one clockwise, y downwards."""
    score: float
    """How sure the recogniser is, from 0 to 1."""


class _Piece(NamedTuple):
    """A box on the page set straight."""

    text: str
    left: float
    right: float
    middle: float
    height: float


def tilt(boxes: Sequence[Box]) -> Literal["upright", "sideways"]:
    """Tell whether the lines of a page run from top to bottom, as if it lay on its side."""
    standing = sum(len(box.text) for box in boxes if _height(box) > 1.5 * _width(box))
    return "sideways" if standing > 0.5 * sum(len(box.text) for box in boxes) else "upright"


def lines_of(boxes: Sequence[Box]) -> list[str]:
    """Return the lines of a page that stands upright, or is a little askew; the left of two columns first."""
    pieces = _straightened(boxes)
    gutter = _gutter(pieces)
    if gutter is None:
        return list(_lines(pieces))
    out: list[str] = []
    block: list[_Piece] = []
    # What runs across both columns ends the columns above it.
    for piece in sorted(pieces, key=lambda piece: piece.middle):
        if piece.left < gutter < piece.right and piece.right - piece.left > 6 * piece.height:
            out += [*_columns(block, gutter), piece.text]
            block = []
        else:
            block.append(piece)
    return out + _columns(block, gutter)


def _columns(block: list[_Piece], gutter: float) -> list[str]:
    left = [piece for piece in block if piece.left + piece.right < 2 * gutter]
    right = [piece for piece in block if piece.left + piece.right >= 2 * gutter]
    return [*_lines(left), *_lines(right)]


def _straightened(boxes: Sequence[Box]) -> list[_Piece]:
    angles = [_angle(box) for box in boxes if _width(box) > 3 * _height(box)]
    angle = median(angles) if angles else 0.0
    pieces = []
    for box in boxes:
        xs = [x * cos(angle) + y * sin(angle) for x, y in box.corners]
        ys = [y * cos(angle) - x * sin(angle) for x, y in box.corners]
        pieces.append(_Piece(box.text, min(xs), max(xs), sum(ys) / len(ys), max(ys) - min(ys)))
    return pieces


def _gutter(pieces: Sequence[_Piece]) -> float | None:
    """Return where next to nothing runs across, with long lines on either side; `None` where there is no such place."""
    if len(pieces) < 2 * _FEWEST:
        return None
    start, end = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    for step in range(21):
        x = start + (end - start) * (0.5 + (step + 1) // 2 * (0.01 if step % 2 else -0.01))
        crossing = sum(piece.left < x < piece.right for piece in pieces)
        left = [piece.right - piece.left for piece in pieces if piece.right <= x]
        right = [piece.right - piece.left for piece in pieces if piece.left >= x]
        wide = all(len(side) >= _FEWEST and median(side) > 0.3 * (end - start) for side in (left, right))
        if wide and crossing <= 0.15 * len(pieces):
            return x
    return None


def _lines(pieces: Sequence[_Piece]) -> Iterator[str]:
    """Join what stands side by side."""
    line: list[_Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.middle):
        if line and piece.middle - line[0].middle > 0.5 * min(piece.height, line[0].height):
            yield _joined(line)
            line = []
        line.append(piece)
    if line:
        yield _joined(line)


def _joined(line: list[_Piece]) -> str:
    return " ".join(piece.text for piece in sorted(line, key=lambda piece: piece.left))


def _angle(box: Box) -> float:
    (x0, y0), (x1, y1) = box.corners[:2]
    return atan2(y1 - y0, x1 - x0)


def _width(box: Box) -> float:
    (x0, y0), (x1, y1) = box.corners[:2]
    return float(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)


def _height(box: Box) -> float:
    (x0, y0), (x1, y1) = box.corners[1:3]
    return float(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
