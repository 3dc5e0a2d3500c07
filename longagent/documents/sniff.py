"""Tells what a file is by its content; the name only decides what kind of text it is."""

import re
from pathlib import PurePath
from typing import Literal, NoReturn

from longagent.documents.archives import OLE, is_locked, office_format, old_office, other_archive
from longagent.documents.formats.text import unicode_encoding
from longagent.errors import SourceError

Format = Literal["pdf", "docx", "pptx", "xlsx", "locked", "csv", "markdown", "text"]

_READABLE = "PDF, Word, PowerPoint, Excel, CSV, plain text and Markdown can be read."
_CONVERT = f"{_READABLE} Save or export it as one of them first."

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
)
_EPUB = (b"application/epub+zip", b"META-INF/container.xml")
_TEXTS: dict[str, Format] = {
    **dict.fromkeys((".md", ".markdown"), "markdown"),
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv"), "csv"),
}
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)[\s>]", re.DOTALL)
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]")


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
    if _HTML.match(_head(data)) or suffix in {".html", ".htm", ".xhtml"}:
        _refuse(name, "a web page (HTML)", _CONVERT)
    if suffix == ".pdf":
        raise SourceError(name, "is named .pdf but is not a PDF.", hint="Check that it was downloaded completely.")
    if encoding is None and _is_binary(data):
        raise SourceError(name, "is not a text document but binary data.", hint=_READABLE)
    return _TEXTS.get(suffix, "text")


def _refuse(name: str, what: str, hint: str) -> NoReturn:
    raise SourceError(name, f"is {what}, which is not supported yet.", hint=hint)


def _is_pdf(data: bytes) -> bool:
    """A PDF may be preceded by junk; a text about PDFs lacks the rest of the structure."""
    position = data[:1024].find(b"%PDF-")
    return position == 0 or (position > 0 and any(word in data for word in (b"endobj", b"startxref")))


def _zipped(data: bytes, suffix: str, name: str) -> Format:
    # File names stand uncompressed in the archive, so there is no need to open it.
    if any(mark in data for mark in _EPUB) or suffix == ".epub":
        _refuse(name, "an EPUB book", _CONVERT)
    return office_format(data, suffix) or _refuse(name, other_archive(data), _CONVERT)


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
    return body.count(0) > 0.3 * len(body) or len(_CONTROL.findall(body)) > 0.04 * len(body)
