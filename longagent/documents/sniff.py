"""Tells what a file is by its content; the name only decides what kind of text it is."""

import re
from pathlib import PurePath
from typing import Literal, NoReturn

from longagent.documents.archives import OLE, is_locked, office_format, old_office, other_archive
from longagent.documents.formats.text import unicode_encoding
from longagent.errors import SourceError

Format = Literal["pdf", "docx", "pptx", "xlsx", "locked", "epub", "html", "email", "csv", "markdown", "text"]

_READABLE = "PDF, Word, PowerPoint, Excel, EPUB, HTML, e-mail, CSV, Markdown and plain text can be read."
_CONVERT = f"{_READABLE} Save or export it as one of them first."

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"{\\rtf", "a Rich Text document (RTF)"),
)
_EPUB = (b"application/epub+zip", b"META-INF/container.xml")
_TEXTS: dict[str, Format] = {
    **dict.fromkeys((".md", ".markdown"), "markdown"),
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv"), "csv"),
}
_PAGE = (".html", ".htm", ".xhtml", ".xht", ".shtml")
# Atomic, since a row of comments can be parted into comments in very many ways.
_HTML = re.compile(rb"\s*(?>(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*)<(?:!doctype\s+html|html|head|body)[\s>]", re.DOTALL)
_FRAGMENT = re.compile(rb"\s*<(?:meta|title|div|table|p|h[1-6]|section|article|ul|ol|span)[\s>]")
_OTHER_PROGRAM = frozenset({".pdf", ".docx", ".pptx", ".xlsx", ".epub", ".doc", ".ppt", ".xls"})
_HEADER = re.compile(rb"([a-z][a-z0-9-]*):|[ \t]")
_MAILBOX = re.compile(rb"from \S+ .*\d\d:\d\d.*\d{4}\s*\n[a-z][a-z0-9-]*:")
_OF_PROGRAMS = frozenset((b"message-id", b"mime-version", b"received", b"return-path", b"delivered-to"))
"""Headers that people don't write when they quote the head of a message."""
_CONTROL = bytes((*range(0x01, 0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)))


def sniff(data: bytes, *, name: str) -> Format:
    """Return the format of a file's content.

    Raises:
        SourceError: it is empty, or of a format that cannot be read.
    """
    encoding = unicode_encoding(data)
    if not data.strip(b" \t\r\n\f\v\x00"):
        raise SourceError(name, "is empty.")
    if _is_pdf(data):
        return "pdf"
    suffix = PurePath(name).suffix.lower()
    for magic, what in _MAGIC:
        if data.startswith(magic):
            _refuse(name, what, _CONVERT)
    if data.startswith(b"PK\x03\x04"):
        return _zipped(data, suffix, name)
    if data.startswith(OLE):
        return _contained(data, name)
    if encoding is None and _is_binary(data):
        raise SourceError(name, "is not a text document but binary data.", hint=_READABLE)
    return _text_format(_head(data), suffix, name)


def _text_format(head: bytes, suffix: str, name: str) -> Format:
    is_page = _HTML.match(head) is not None
    if is_page and suffix in _OTHER_PROGRAM:
        # As a rule what a server answered in place of the document.
        hint = "It may say why the document was not downloaded: look at it in a browser, or rename it to .html."
        raise SourceError(name, f"is named {suffix} but is a web page.", hint=hint)
    if suffix == ".pdf":
        raise SourceError(name, "is named .pdf but is not a PDF.", hint="Check that it was downloaded completely.")
    if is_page or suffix in _PAGE or (not suffix and _FRAGMENT.match(head)):
        return "html"
    if _is_email(head, suffix):
        return "email"
    return _TEXTS.get(suffix, "text")


def _is_email(head: bytes, suffix: str) -> bool:
    names: set[bytes] = set()
    for line in head.splitlines():
        header = _HEADER.match(line)
        if header is None:
            break
        names.add(header[1] or b"")
    named = suffix in {".eml", ".mbox"} and (bool(names) or head.startswith(b"from "))
    return named or _MAILBOX.match(head) is not None or (b"from" in names and bool(names & _OF_PROGRAMS))


def _refuse(name: str, what: str, hint: str) -> NoReturn:
    raise SourceError(name, f"is {what}, which is not supported yet.", hint=hint)


def _is_pdf(data: bytes) -> bool:
    """A PDF may be preceded by junk; a text about PDFs lacks the rest of the structure."""
    position = data[:1024].find(b"%PDF-")
    return position == 0 or (position > 0 and any(word in data for word in (b"endobj", b"startxref")))


def _zipped(data: bytes, suffix: str, name: str) -> Format:
    # File names stand uncompressed in the archive, so there is no need to open it.
    if (form := office_format(data, suffix)) is not None:
        return form
    if any(mark in data for mark in _EPUB) or suffix == ".epub":
        return "epub"
    _refuse(name, other_archive(data), _CONVERT)


def _contained(data: bytes, name: str) -> Format:
    if is_locked(data):
        return "locked"
    what, save_as = old_office(data)
    _refuse(name, what, f"Save it as {save_as} first.")


def _head(data: bytes) -> bytes:
    """The first bytes as lower-case ASCII, whatever the encoding."""
    return data[:2048].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").lower()


def _is_binary(data: bytes) -> bool:
    # Trailing NULs are padding. Compressed or random data is about a tenth control characters, text has next to none.
    body = data.rstrip(b"\x00")
    return body.count(0) > 0.3 * len(body) or len(body) - len(body.translate(None, _CONTROL)) > 0.04 * len(body)
