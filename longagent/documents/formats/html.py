"""Web pages: sections begin at headings."""

import re

from longagent.documents.formats.markup import read_markup, sections
from longagent.documents.formats.text import Decoded, decode
from longagent.documents.parsed import USUAL, Options, Parsed, UnreadableError

_CHARSET = re.compile(
    rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]+)|<meta\b[^>]{0,400}?\bcharset\s*=\s*[\"']?\s*([\w.:-]+)",
    re.IGNORECASE,
)
_XML = re.compile(r"\s*(?:<\?xml|<!doctype[^>]*xhtml)", re.IGNORECASE)
_HEAD = 4096
"""Bytes in which a page says its encoding."""


def read(data: bytes, _options: Options = USUAL) -> Parsed:
    """Read a page. Each heading opens a section that keeps it; what stands before the first is a section too."""
    source, warning = decode_markup(data)
    page = read_markup(source, xml=is_xml(source))
    if not page.text.strip():
        raise UnreadableError(
            "has no text in it: the page is empty, or filled by scripts.", "Save it from a browser, as PDF for example."
        )
    warnings = [] if warning is None else [warning]
    if page.was_hidden:
        warnings.append("all of its text is hidden until a script shows it")
    return Parsed(tuple(sections(page)), warnings=tuple(warnings))


def decode_markup(data: bytes) -> Decoded:
    """Decode HTML or XML, which may say its encoding."""
    found = _CHARSET.search(data[:_HEAD])
    return decode(data, declared=(found[1] or found[2]).decode() if found else None)


def is_xml(source: str) -> bool:
    """Whether a page is XHTML."""
    return _XML.match(source[:_HEAD]) is not None
