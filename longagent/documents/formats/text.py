"""Plain text: bytes of any encoding become clean Unicode; form feeds are page breaks."""

import codecs
import re
from contextlib import suppress
from typing import NamedTuple

from longagent.documents.parsed import USUAL, Options, Parsed, Part

_MARKS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 256 * 1024
"""Bytes looked at when the encoding must be guessed."""

# Control characters (some drive terminals), and code points that are not characters: nothing a reader can see.
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEWLINE = re.compile("\r\n?|\x85|\u2028")


class Decoded(NamedTuple):
    """Text, and a warning if its encoding is a guess."""

    text: str
    warning: str | None = None


def read(data: bytes, _options: Options = USUAL) -> Parsed:
    """Read plain text; pages are real ones if there are form feeds."""
    text, warning = decode(data)
    pages = text.removesuffix("\f").split("\f")
    return Parsed(tuple(map(Part, pages)), paged=len(pages) > 1, warnings=() if warning is None else (warning,))


def decode(data: bytes) -> Decoded:
    """Decode bytes whose encoding is not known; never fails."""
    encoding = unicode_encoding(data)
    if encoding is not None:
        return Decoded(clean(data.decode(encoding, "replace")))
    with suppress(UnicodeDecodeError):
        # Some programs write surrogates into UTF-8; the way over UTF-16 joins those that are pairs.
        text = data.decode("utf-8", "surrogatepass")
        return Decoded(clean(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")))
    # Other encodings practically never form valid sequences of UTF-8, so a few of them mean damaged UTF-8.
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if sum(character > "\x7f" for character in text) >= 2 * damaged:
        return Decoded(clean(text), f"{damaged} bytes are not valid UTF-8 and were replaced")
    encoding = _guess(data)
    return Decoded(clean(data.decode(encoding, "replace")), f"read as {encoding}, which is a guess")


def unicode_encoding(data: bytes) -> str | None:
    """Return the encoding that a byte order mark, or the pattern of NULs in UTF-16, gives away."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    even, odd = data[:_SAMPLE:2], data[1:_SAMPLE:2]
    if odd.count(0) > 0.5 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.5 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None


def clean(text: str) -> str:
    """Normalise line ends and take out what can't be seen or written: the result can always be encoded."""
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", _NEWLINE.sub("\n", text)))


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    matches = list(from_bytes(data[:_SAMPLE]))
    if not matches:
        return "cp1252"
    # On a tie the library prefers cp1250, alphabetically; Western European text is the commoner case.
    tied = [match.encoding for match in matches if match.chaos == matches[0].chaos]
    return "cp1252" if "cp1252" in tied else tied[0]
