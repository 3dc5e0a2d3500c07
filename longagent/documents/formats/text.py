"""Plain text: bytes of any encoding become clean Unicode; form feeds are page breaks."""

import codecs
import re
import unicodedata
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

_WESTERN = "cp1252"
_ALIASES = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms-kanji": "cp932",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "x-gbk": "gb18030",
    "x-x-big5": "big5",
    "unicode-1-1-utf-8": "utf-8",
}
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
"""What is written under these names is mostly of a larger set of characters, which the web's standard reads."""
_EAST_ASIAN = frozenset({"big5hkscs", "cp932", "cp949", "euc_jp", "gb18030"})
_PAIR = re.compile(rb"[\x80-\xff]{2}")
_NO_TEXT = frozenset({"Cc", "Cn", "Co", "Cs", "So"})
"""Categories of characters that text has few of; misread text has many."""
_WHITE = re.compile(r"[\t\n\r\f]")
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1f]")
_LOOK = 8192
_BASE64 = re.compile(r"[A-Za-z0-9+/\n]+={0,2}")
_BASE64_HAS = tuple(map(re.compile, ("[A-Z]", "[a-z]", "[0-9]")))
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]")

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
    warnings = [] if warning is None else [warning]
    if _is_base64(text):
        warnings.append("looks like a file in Base64, which is not text; decode it first")
    return Parsed(tuple(map(Part, pages)), paged=len(pages) > 1, warnings=tuple(warnings))


def _is_base64(text: str) -> bool:
    """Whether a text has no words, but what letters, digits and lines look like that stand for bytes."""
    first = text[:200].split()
    if not first or len(first[0]) < 40 or not all(sign.search(first[0]) for sign in _BASE64_HAS):
        return False
    return len("".join(text.split())) % 4 == 0 and _BASE64.fullmatch(text.rstrip()) is not None


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """Decode bytes; never fails.

    Args:
        data: of any encoding.
        declared: what the document says of its encoding; believed where the bytes don't speak against it.
    """
    encoding = unicode_encoding(data)
    if encoding is not None:
        return Decoded(clean(data.decode(encoding, "replace")))
    with suppress(UnicodeDecodeError):
        # Some programs write surrogates into UTF-8; the way over UTF-16 joins those that are pairs.
        text = data.decode("utf-8", "surrogatepass")
        return Decoded(clean(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")))
    said = known_encoding(declared) if declared else None
    if said is not None and said != "utf-8":
        text = data.decode(said, "replace")
        damaged = text.count("\ufffd")
        return Decoded(clean(text), f"{damaged} bytes are not valid {declared} and were replaced" if damaged else None)
    # Other encodings practically never form valid sequences of UTF-8, so a few of them mean damaged UTF-8.
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if said is not None or len(text) - len(text.encode("ascii", "ignore")) >= 2 * damaged:
        return Decoded(clean(text), f"{damaged} bytes are not valid UTF-8 and were replaced")
    encoding = _guess(data)
    return Decoded(clean(data.decode(encoding, "replace")), f"read as {encoding}, which is a guess")


def known_encoding(label: str) -> str | None:
    """Return what Python calls an encoding that a document names, as browsers understand the name."""
    name = label.strip().lower().replace("_", "-")
    with suppress(LookupError, ValueError):
        name = codecs.lookup(_ALIASES.get(name, name)).name
        name = _WIDER.get(name, name)
        # Others are no encodings of text (and some unpack archives), or give themselves away by NULs.
        return name if re.match(r"utf-8$|cp\d|iso|koi8|mac|big5|gb|euc|hz|johab|tis", name) else None
    return None


def unicode_encoding(data: bytes) -> str | None:
    """Return the encoding that a byte order mark, or the pattern of NULs in UTF-16, gives away."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if data[:_SAMPLE].isascii() and _ISO_2022_JP.search(data):
        return "iso2022_jp"
    return _by_nuls(data)


def _by_nuls(data: bytes) -> str | None:
    """Tell UTF-16 and UTF-32, the only ones with NULs in them, by which of them makes sense."""
    if 0 not in data:
        return None
    found = {}
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = data[:_LOOK].decode(encoding, "replace").removesuffix("\ufffd")
        odd = sum(unicodedata.category(character) in _NO_TEXT for character in text) - len(_WHITE.findall(text))
        if text and odd < 0.02 * len(text):
            found[encoding] = len(text.encode("ascii", "ignore")) / len(text)
    # With its bytes swapped, Latin text looks like Chinese, while Chinese text has spaces and line breaks at least.
    best = max(found, key=lambda encoding: found[encoding], default=None)
    if best is None or not found[best]:
        return None
    # Letters of one byte, with some NULs among them; in UTF-16, alphabets have a control character beside each letter.
    seen = data[:_LOOK]
    alphabet = len(_CONTROL.findall(seen)) >= 0.3 * len(seen)
    single = best.startswith("utf-16") and found[best] < 0.5 and seen.isascii() and not alphabet
    return None if single else best


def clean(text: str) -> str:
    """Normalise line ends and take out what can't be seen or written: the result can always be encoded."""
    # The pattern alone would take three times as long on a page from Windows or a PDF.
    lines = _NEWLINE.sub("\n", text.replace("\r\n", "\n"))
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", lines))


def _guess(data: bytes) -> str:
    from chardetng_py import detect

    sample = data[:_SAMPLE]
    encoding = known_encoding(detect(sample)) or _WESTERN
    # Western text has single characters such as ° and £ among Latin letters; East Asian text hardly ever does.
    if encoding in _EAST_ASIAN and not _PAIR.search(sample):
        return _WESTERN
    # In neighbouring code pages the quotation marks are at the same places, which leaves the library undecided.
    same = sample.decode(encoding, "replace") == sample.decode(_WESTERN, "replace")
    return _WESTERN if same else encoding
