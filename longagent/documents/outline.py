"""Under which headings a place of a document stands, and how that is put into one short line."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from longagent.documents.parsed import Heading

LONGEST = 160
"""UTF-8 bytes of the line, at most: no token is shorter than a byte, so it never is more tokens."""

_BETWEEN = " › "
_DEEPEST = 12
"""Headings of a path that count; a document that nests deeper has no outline worth reading."""


class _Above(NamedTuple):
    """What stands above each heading, worked out once."""

    starts: list[int]
    parents: list[int]
    """Index of the next higher heading; -1: none."""


class Outline:
    """The headings of a document, ready to be asked for any place in it."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._headings = headings
        parents: list[int] = []
        path: list[int] = []
        for index, heading in enumerate(headings):
            while path and headings[path[-1]].level >= heading.level:
                path.pop()
            parents.append(path[-1] if path else -1)
            path.append(index)
        self._above = _Above([heading.start for heading in headings], parents)

    def path(self, offset: int) -> tuple[Heading, ...]:
        """Return the headings that a code point stands under, the highest first; of very many, the lowest."""
        return tuple(self._upwards(bisect_right(self._above.starts, offset) - 1))[::-1]

    def _upwards(self, index: int) -> Iterator[Heading]:
        for _ in range(_DEEPEST):
            if index < 0:
                return
            yield self._headings[index]
            index = self._above.parents[index]

    def starts_within(self, start: int, end: int) -> Iterator[Heading]:
        """Yield the headings that stand at `start` or after it, before `end`."""
        index = bisect_right(self._above.starts, start - 1)
        while index < len(self._headings) and self._headings[index].start < end:
            yield self._headings[index]
            index += 1


def line(titles: Sequence[str]) -> str:
    """Return headings as one line of at most `LONGEST` bytes; the highest are left out first, the lowest is cut."""
    found = ""
    for title in reversed(titles):
        text = " ".join(title.split())
        longer = f"{text}{_BETWEEN}{found}" if found and text else found or text
        if _bytes(longer) > LONGEST:
            return found or text.encode("utf-8", "replace")[: LONGEST - 3].decode("utf-8", "ignore").rstrip() + "…"
        found = longer
    return found


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
