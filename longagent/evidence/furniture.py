"""Running headers, footers and page numbers: what stands between two halves of a sentence that crosses a page."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from typing import Literal, NamedTuple

from longagent.documents.document import Document, Span

_DEPTH = 3
"""Lines at each edge of a page that may be furniture."""
_LONGEST = 120
_OFTEN = 3
"""Pages on which a line must stand to be running; all pages of a shorter document."""
_FIGURES = re.compile(r"\d+")
_NUMBER = re.compile(r"\W*(\d{1,4})\W*")


class _Line(NamedTuple):
    edge: Literal["top", "bottom"]
    start: int
    end: int
    keys: tuple[str, ...]
    """What it has in common with its like on other pages."""


def without_furniture(span: Span) -> str:
    """Return the text of a span with spaces for headers, footers and page numbers: offsets stay what they are."""
    text, at = span.text, 0
    parts: list[str] = []
    for start, end in _furniture(span.document):
        first, last = max(at, start - span.start), min(len(text), end - span.start)
        if first < last:
            parts += [text[at:first], " " * (last - first)]
            at = last
    return "".join([*parts, text[at:]])


@lru_cache(maxsize=8)
def _furniture(document: Document) -> tuple[tuple[int, int], ...]:
    if not document.paged or len(document.pages) < 2:
        return ()
    edges = [list(_edges(document, index)) for index in range(len(document.pages))]
    counts = Counter(key for lines in edges for key in {key for line in lines for key in line.keys})
    often = min(_OFTEN, len(document.pages))
    found: list[tuple[int, int]] = []
    for lines in edges:
        for edge in ("top", "bottom"):
            outermost = (line for line in lines if line.edge == edge)
            # A line further in is furniture only if all outside it are.
            running = takewhile(lambda line: any(counts[key] >= often for key in line.keys), outermost)
            found.extend((line.start, line.end) for line in running)
    return tuple(sorted(set(found)))


def _edges(document: Document, index: int) -> Iterator[_Line]:
    """Yield the outermost lines of a page, from outside to inside."""
    page = document.pages[index]
    places = []
    at = page.start
    for line in document.page_text(page).split("\n"):
        if line.strip():
            places.append((at, at + len(line)))
        at += len(line) + 1
    if len(places) <= 1:
        return
    for start, end in places[:_DEPTH]:
        yield _Line("top", start, end, _keys(document.text[start:end], page.number, "top"))
    for start, end in reversed(places[-_DEPTH:]):
        yield _Line("bottom", start, end, _keys(document.text[start:end], page.number, "bottom"))


def _keys(line: str, page: int, edge: str) -> tuple[str, ...]:
    if len(line) > _LONGEST:
        return ()
    # A number alone is a page's only if it counts along with the pages.
    if number := _NUMBER.fullmatch(line):
        return (f"{edge} {int(number[1]) - page}",)
    masked = " ".join(_FIGURES.sub("#", line).split())
    return (f"{edge} {masked}",) if any(map(str.isalpha, masked)) else ()
