"""The outline of a PDF (its bookmarks) as headings, where their words stand on the page they point to."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

from longagent.documents.formats.text import clean
from longagent.documents.parsed import Heading

_MOST = 5000
_LONGEST = 300
"""Characters of a title; beyond, it is no heading."""


class Entry(NamedTuple):
    """A bookmark."""

    level: int
    title: str


def outline(document: Any) -> dict[int, list[Entry]]:
    """Return the bookmarks by physical page, counted from 1, in order."""
    import pypdfium2

    entries: dict[int, list[Entry]] = {}
    try:
        for bookmark in islice(document.get_toc(), _MOST):
            target = bookmark.get_dest()
            page = target.get_index() if target else None
            title = _title(bookmark)
            if page is not None and page >= 0 and 0 < len(title) <= _LONGEST:
                entries.setdefault(page + 1, []).append(Entry(bookmark.level + 1, title))
    except pypdfium2.PdfiumError:
        pass  # a damaged outline costs the headings, not the text
    return entries


def _title(bookmark: Any) -> str:
    try:
        return " ".join(clean(bookmark.get_title() or "").split())
    except UnicodeDecodeError:  # half a surrogate pair
        return ""


def headings(text: str, entries: Sequence[Entry]) -> tuple[Heading, ...]:
    """Find bookmarks in the text of their page, one after the other; those that do not begin a line there are left."""
    found: list[Heading] = []
    position = 0
    for level, title in entries:
        # Line breaks within a heading, and spaces that pdfium sees or does not see.
        words = r"\s+".join(map(re.escape, title.split()))
        match = re.compile(rf"^[ \t]*(?P<title>{words})", re.MULTILINE | re.IGNORECASE).search(text, position)
        if match:
            found.append(Heading(match.start("title"), level, title))
            position = match.end()
    return tuple(found)
