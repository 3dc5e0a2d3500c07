"""Markdown: sections begin at headings."""

import re
from collections.abc import Iterator
from hashlib import sha256

from longagent.documents.document import Document
from longagent.documents.text import decode

_HEADING = re.compile(r" {0,3}#{1,6}(?=[ \t]|$)")
_FENCE = re.compile(r" {0,3}(?:(?P<ticks>`{3,})[^`]*|(?P<tildes>~{3,}).*)")


def read_markdown(data: bytes, *, name: str) -> Document:
    """Read Markdown. Each heading line opens a section that keeps it; what stands before the first is a section too."""
    text, warning = decode(data)
    sections = [(title, body.strip("\n")) for title, body in _sections(text.replace("\f", "\n")) if body.strip()]
    return Document.from_pages(
        [body for _, body in sections],
        id=sha256(data).hexdigest(),
        name=name,
        titles=[title for title, _ in sections],
        warnings=() if warning is None else (warning,),
    )


def _sections(text: str) -> Iterator[tuple[str | None, str]]:
    title: str | None = None
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.fullmatch(line)
        if fence:
            # A fence closes with at least as many of the same characters, and nothing after them.
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif mark:
            fence = mark["ticks"] or mark["tildes"]
        elif heading := _HEADING.match(line):
            yield title, "\n".join(lines)
            title, lines = _title(line[heading.end() :]), []
        lines.append(line)
    yield title, "\n".join(lines)


def _title(rest: str) -> str | None:
    """The text of a heading, without a closing row of #."""
    text = rest.strip()
    bare = text.rstrip("#")
    return (bare.rstrip() if not bare or bare[-1].isspace() else text) or None
