"""Markdown: sections begin at headings."""

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice

from longagent.documents.formats.text import decode
from longagent.documents.parsed import USUAL, Heading, Options, Parsed, Part

_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})(?=[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r" {0,3}(?:(?P<ticks>`{3,})[^`]*|(?P<tildes>~{3,}).*)")
_COMMENT = re.compile(r" {0,3}<!--")
_NO_PARAGRAPH = re.compile(r" {4}|\t| {0,3}(?:[>|#<]|[-+*][ \t]|\d{1,9}[.)][ \t]|(?:[-_*][ \t]*){3,}$)")
"""Lines that an underline makes no heading of: code, quotes, tables, markup, lists."""
_EMBEDDED = re.compile(r"(data:[\w.+-]+/[\w.+-]+;base64,)[A-Za-z0-9+/=_-]{64,}")


def read(data: bytes, _options: Options = USUAL) -> Parsed:
    """Read Markdown. Each heading opens a section that keeps it; what stands before the first is a section too."""
    text, warning = decode(data)
    text = _EMBEDDED.sub(r"\1…", text.replace("\f", "\n"))
    return Parsed(tuple(part for part in _sections(text) if part.text), warnings=() if warning is None else (warning,))


def _sections(text: str) -> Iterator[Part]:
    headings: tuple[Heading, ...] = ()
    held: list[str] = []
    lines = deque(text.split("\n"))
    ends = (number for number, line in enumerate(reversed(lines)) if "-->" in line)
    after_comments = next(ends, len(lines))
    if metadata := _front_matter(lines):
        yield _section(metadata, ())
    fence = ""
    while lines:
        line = lines.popleft()
        mark = _FENCE.fullmatch(line)
        if fence:
            # A fence closes with at least as many of the same characters, and nothing after them.
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif mark:
            fence = mark["ticks"] or mark["tildes"]
        elif _COMMENT.match(line):
            line = _after_comments(line, lines, after_comments)
            if not line:
                continue
        elif opened := _opened(line, lines[0] if lines else "", held[-1] if held else ""):
            yield _section(held, headings)
            headings = (opened,) if opened.title else ()
            held = []
        held.append(line)
    yield _section(held, headings)


def _front_matter(lines: deque[str]) -> list[str]:
    """Take the block of metadata off the beginning, if there is one."""
    if not lines or lines[0].rstrip() != "---":
        return []
    for number, line in enumerate(islice(lines, 1, 200), start=1):
        if line.rstrip() in {"---", "..."}:
            return [lines.popleft() for _ in range(number + 1)][1:-1]
    return []


def _after_comments(line: str, lines: deque[str], last: int) -> str:
    """Skip comments at the beginning of a line, to where the last of them ends, and return the rest of that line.

    Args:
        line: begins with a comment.
        lines: follow it; those of comments are taken off.
        last: how many of these are left where no further comment ends.
    """
    position = 0
    while comment := _COMMENT.match(line, position):
        position = line.find("-->", comment.end())
        while position < 0:
            if len(lines) <= last:
                return ""
            line = lines.popleft()
            position = line.find("-->")
        position += 3
    return line[position:].strip()


def _opened(line: str, following: str, previous: str) -> Heading | None:
    """Return the heading that a line is, with or without a title."""
    if heading := _HEADING.match(line):
        return Heading(0, len(heading["marks"]), _title(line[heading.end() :]))
    underline = _UNDERLINE.fullmatch(following)
    if underline and line.strip() and not previous.strip() and not _NO_PARAGRAPH.match(line):
        return Heading(0, 1 if underline[1][0] == "=" else 2, line.strip())
    return None


def _section(lines: list[str], headings: tuple[Heading, ...]) -> Part:
    body = "\n".join(lines)
    text = body.strip("\n") if body.strip() else ""
    return Part(text, title=headings[0].title if headings else None, headings=headings)


def _title(rest: str) -> str:
    """The text of a heading, without a closing row of #."""
    text = rest.strip()
    bare = text.rstrip("#")
    return bare.rstrip() if not bare or bare[-1].isspace() else text
