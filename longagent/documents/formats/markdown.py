"""Markdown: sections begin at headings."""

import re
from collections.abc import Iterator

from longagent.documents.formats.text import decode
from longagent.documents.parsed import USUAL, Heading, Options, Parsed, Part

_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})(?=[ \t]|$)")
_FENCE = re.compile(r" {0,3}(?:(?P<ticks>`{3,})[^`]*|(?P<tildes>~{3,}).*)")


def read(data: bytes, _options: Options = USUAL) -> Parsed:
    """Read Markdown. Each heading line opens a section that keeps it; what stands before the first is a section too."""
    text, warning = decode(data)
    parts = tuple(part for part in _sections(text.replace("\f", "\n")) if part.text)
    return Parsed(parts, warnings=() if warning is None else (warning,))


def _sections(text: str) -> Iterator[Part]:
    headings: tuple[Heading, ...] = ()
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
            yield _section(lines, headings)
            title = _title(line[heading.end() :])
            headings = (Heading(0, len(heading["marks"]), title),) if title else ()
            lines = []
        lines.append(line)
    yield _section(lines, headings)


def _section(lines: list[str], headings: tuple[Heading, ...]) -> Part:
    body = "\n".join(lines)
    text = body.strip("\n") if body.strip() else ""
    return Part(text, title=headings[0].title if headings else None, headings=headings)


def _title(rest: str) -> str | None:
    """The text of a heading, without a closing row of #."""
    text = rest.strip()
    bare = text.rstrip("#")
    return (bare.rstrip() if not bare or bare[-1].isspace() else text) or None
