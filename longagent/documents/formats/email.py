"""E-mail (.eml, .mbox): the header lines people read, the text, and what is attached to it."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from typing import NamedTuple

from longagent.documents.formats.html import decode_markup
from longagent.documents.formats.markup import read_markup
from longagent.documents.formats.text import clean, decode
from longagent.documents.parsed import USUAL, Options, Parsed, Part, UnreadableError

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_DEEPEST = 20
"""Messages within messages."""
_BETWEEN = re.compile(rb"^From [^\r\n]{0,320}?\d\d:\d\d[^\r\n]{0,40}\d{4}\s*\n", re.MULTILINE)
"""Stands before each message of a mailbox; bounded, since a line can be as long as the file."""
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


_SOFT_BREAK = re.compile(r"(?<!^--) \n(?![>\n])", re.MULTILINE)
"""In flowed text, a line that ends with a space goes on in the next one."""
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})


class _Attachment(NamedTuple):
    name: str
    kind: str
    data: bytes

    def __str__(self) -> str:
        return f"Attachment: {self.name} ({self.kind}, {_size(len(self.data))})"


def read(data: bytes, options: Options = USUAL) -> Parsed:
    """Read a message or a mailbox. Messages and documents that are attached become sections of their own.

    Raises:
        UnreadableError: its parts are nested too deep.
    """
    parts: list[Part] = []
    warnings: list[str] = []
    try:
        for raw in _messages(data):
            _read_message(message_from_bytes(raw), options, parts, warnings, depth=0)
    except RecursionError:
        raise UnreadableError("has parts within parts within parts, as no message has; it was not read.") from None
    return Parsed(tuple(parts), warnings=tuple(warnings))


def _messages(data: bytes) -> Iterator[bytes]:
    borders = list(_BETWEEN.finditer(data)) if _BETWEEN.match(data) else []
    if not borders:
        yield data
    ends = [border.start() for border in borders[1:]] + [len(data)]
    for border, end in zip(borders, ends, strict=False):
        yield _QUOTED_FROM.sub(rb"\1", data[border.end() : end])


def _read_message(message: Message, options: Options, parts: list[Part], warnings: list[str], *, depth: int) -> None:
    subject = _header(message, "Subject")
    lines = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
    texts, attachments, nested = _contents(message, warnings)
    blocks = ["\n".join(lines), *texts, "\n".join(map(str, attachments))]
    if body := "\n\n".join(block.strip("\n") for block in blocks if block.strip()):
        parts.append(Part(body, title=subject or None))
    for attachment in attachments:
        _read_attachment(attachment, options, parts, warnings)
    for inner in nested:
        if depth == _DEEPEST:
            warnings.append("messages within messages within it were left out")
            return
        _read_message(inner, options, parts, warnings, depth=depth + 1)


def _read_attachment(attachment: _Attachment, options: Options, parts: list[Part], warnings: list[str]) -> None:
    """Read an attached document with the reader of its format, if there is one."""
    from importlib import import_module

    from longagent.documents.formats import READERS
    from longagent.documents.sniff import sniff
    from longagent.errors import SourceError

    try:
        form = sniff(attachment.data, name=attachment.name)
        # OCR reads files, not what is within them, so a scan is told here.
        parsed: Parsed = import_module(READERS[form]).read(attachment.data, options._replace(ocr=False))
    except SourceError as error:
        if not attachment.kind.startswith(("image/", "audio/", "video/")):
            warnings.append(f"its attachment {attachment.name} {error.problem.rstrip('.')}")
        return
    except UnreadableError as error:
        warnings.append(f"its attachment {attachment.name} {error.problem.rstrip('.')}")
        return
    for number, part in enumerate(parsed.parts, start=1):
        if parsed.paged:
            place = part.title or f"page {part.label or number}"
        else:
            place = ", ".join(filter(None, (part.title, part.label)))
        parts.append(part._replace(title=f"{attachment.name}: {place}" if place else attachment.name, label=None))
    warnings += [f"its attachment {attachment.name}: {warning}" for warning in parsed.warnings]


def _contents(message: Message, warnings: list[str]) -> tuple[list[str], list[_Attachment], list[Message]]:
    """Return the texts of a message in order, its attachments, and messages that it forwards."""
    texts: list[str] = []
    attachments: list[_Attachment] = []
    nested: list[Message] = []
    pending = [(message, True)]
    while pending:
        part, wanted = pending.pop()
        kind = part.get_content_type()
        payload = part.get_payload()
        if isinstance(payload, list):
            within = [one for one in payload if isinstance(one, Message)]
            if kind == "message/rfc822":
                nested += within
            else:
                best = _best(within) if kind == "multipart/alternative" else None
                pending += [(one, wanted and (best is None or one is best)) for one in reversed(within)]
        elif _is_text(part, kind):
            texts += [_text(part, kind, warnings)] if wanted else []
        elif kind not in _SIGNATURES and not _is_picture_in_text(part, kind) and (data := _bytes(part)):
            attachments.append(_Attachment(_file_name(part), clean(kind), data))
    return texts, attachments, nested


def _best(alternatives: list[Message]) -> Message | None:
    """Choose among renderings of the same text; of the others, only what is attached to them is used."""
    plain = [one for one in alternatives if one.get_content_type() == "text/plain" and _bytes(one).strip()]
    return plain[0] if plain else alternatives[-1] if alternatives else None


def _is_text(part: Message, kind: str) -> bool:
    # What says it has several parts, and has none, lost its boundary.
    is_text = kind in {"text/plain", "text/html"} or kind.startswith("multipart/")
    return is_text and part.get_content_disposition() != "attachment"


def _is_picture_in_text(part: Message, kind: str) -> bool:
    return kind.startswith("image/") and "Content-ID" in part and part.get_content_disposition() != "attachment"


def _text(part: Message, kind: str, warnings: list[str]) -> str:
    data = _bytes(part)
    charset = part.get_content_charset()
    if kind == "text/html":
        source, warning = decode(data, declared=charset) if charset else decode_markup(data)
        text = read_markup(source).text
    else:
        text, warning = decode(data, declared=charset)
        if str(part.get_param("format")).lower() == "flowed":
            text = _SOFT_BREAK.sub(" ", text)
    warnings += [warning] if warning else []
    return text.replace("\f", "\n")


def _bytes(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):  # a transfer encoding that was not kept to
        data = None
    return data if isinstance(data, bytes) else str(part.get_payload()).encode("utf-8", "surrogateescape")


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        name = ""
    return _decoded(name) or "without a name"


def _header(message: Message, name: str) -> str:
    """Return what a header says, of all its lines, or an empty text."""
    values = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    return ", ".join(filter(None, map(_decoded, values)))


def _decoded(value: str) -> str:
    """Decode the encoded words of a header, and bytes that are against the rules."""
    value = decode(value.encode("utf-8", "surrogateescape")).text
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        pieces = [(value, None)]
    text = "".join(
        piece if isinstance(piece, str) else decode(piece, declared=charset).text for piece, charset in pieces
    )
    # Words that cannot be decoded are shown as they stand.
    return " ".join((clean(text).strip() or value).split())


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} KB" if count < 10**6 else f"{count / 10**6:.1f} MB"
