"""The matching form of a text: what stays when typography is taken away, with the way back to the source."""

import re
import unicodedata
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from longagent.evidence.characters import (
    COMBINING,
    DASH,
    FRACTIONS,
    HYPHEN,
    INVISIBLE,
    RAISED,
    UNSPACED,
    UNSPACED_MARKS,
)
from longagent.evidence.edges import cut_after, cut_before

# A line break after a hyphen; not in "three-\nand nine-month".
_LINE_BREAK = r"[^\S\n]*\n\s*(?!(?:and|or|to|und|oder|bis)\b)"
_TIGHT = f"{UNSPACED}{UNSPACED_MARKS}\u1100-\u11ff"
"""Where white space says nothing; Hangul may come in its parts."""
_PIECE = re.compile(
    rf"(?P<plain>[A-Za-z0-9]+(?![{COMBINING}]))"
    # Hyphens inside words are dropped on both sides: PDF text loses them at line ends ("selfrefinement").
    rf"|(?P<join>(?<=[^\W\d_]|[{COMBINING}])[{HYPHEN}{DASH}](?:{_LINE_BREAK})?(?=[^\W\d_]))"
    # Beside a figure it means something ("COVID-19"), also where the line ends after it.
    rf"|(?P<wrap>(?<=\w)[{DASH}]{_LINE_BREAK}(?=\w)|(?<=\d)[{DASH}][^\S\n]+(?=\d))"
    rf"|(?P<drop>[{INVISIBLE}]+"
    rf"|(?<=[{_TIGHT}])\s+(?=[{_TIGHT}])"
    rf"|(?<=[{UNSPACED}][,.;:!?])\s+(?=[{UNSPACED}])"
    # PDF text and tables have "( 5 ) %" and "$ 5" for "(5)%" and "$5".
    r"|\s+(?=[)\]},;:!?%％‰]|\.(?!\d))|(?<=[(\[{$€£¥])\s+)"
    r"|(?P<slash>\s*/\s*)"
    rf"|(?P<raised>(?<=\d)[{RAISED}]+)"
    rf"|(?P<mixed>(?<=\d)[{FRACTIONS}])"
    r"|(?P<space>\s+)"
    rf"|(?P<other>.[{COMBINING}]*)",
    re.DOTALL,
)
_PUNCTUATION = str.maketrans(
    dict.fromkeys("‘’‚‛′`´ʼ", "'")
    | dict.fromkeys("“”„‟″«»「」『』〝〞", '"')
    | dict.fromkeys("‐‑‒–−", "-")
    | dict.fromkeys("—―", " - ")
    | dict.fromkeys("⁄∕", "/")
)


@dataclass(frozen=True, slots=True)
class Normalized:
    """The matching form of a text; character `i` of `text` comes from the source at `origin[i]` up to `until[i]`."""

    text: str
    origin: "array[int]"
    until: "array[int]"

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Turn a range of the matching form into the source range it came from."""
        return self.origin[start], self.until[end - 1]

    def find(self, needle: str, start: int = 0) -> int:
        """Return where a needle in matching form begins at the edges of words, or -1."""
        if not needle:
            return -1
        at = self.text.find(needle, start)
        while at >= 0 and not self._stands_alone(at, at + len(needle)):
            at = self.text.find(needle, at + 1)
        return at

    def _stands_alone(self, start: int, end: int) -> bool:
        return not (cut_before(self.text, start) or cut_after(self.text, end))


def normalize(text: str) -> Normalized:
    """Return the matching form: compatibility characters, case, quotes, dashes, hyphenation and white space unified.

    Takes time proportional to the text.
    """
    out: list[str] = []
    origin, until = array("l"), array("l")
    last = " "  # leading white space is dropped like any other repetition
    for start, end, folded in _folded_pieces(text):
        for offset, char in enumerate(folded):
            if char == " " and last == " ":
                continue
            last = char
            out.append(char)
            # Letters of one ligature share its place; a plain run maps one to one.
            one_to_one = len(folded) == end - start
            origin.append(start + offset if one_to_one else start)
            until.append(start + offset + 1 if one_to_one else end)
    if out and last == " ":
        del out[-1], origin[-1], until[-1]
    return Normalized("".join(out), origin, until)


def cased(text: str) -> str:
    """Return the matching form with capitals as they are."""
    return " ".join("".join(_cased(piece) for _, _, piece in _pieces(text)).split())


def _folded_pieces(text: str) -> Iterator[tuple[int, int, str]]:
    for start, end, piece in _pieces(text):
        yield start, end, piece.lower() if piece.isascii() else fold(piece)


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the pieces that matching keeps, with their places, still in the characters of the source."""
    for match in _PIECE.finditer(text):
        kind, piece = match.lastgroup, match.group()
        if kind in _FIXED:
            piece = _FIXED[kind]
        elif kind == "raised":
            piece = "^" + piece
        elif kind == "mixed":
            piece = " " + piece
        if piece:
            yield match.start(), match.end(), piece


_FIXED: Mapping[str | None, str] = {"join": "", "drop": "", "wrap": "-", "slash": "/", "space": " "}


@lru_cache(maxsize=8192)
def fold(piece: str) -> str:
    """Return a word or character in matching form, without any regard to what stands around it."""
    return _cased(unicodedata.normalize("NFKC", _cased(piece)).casefold())


def _cased(piece: str) -> str:
    # First the marks: by themselves, a double prime becomes two and an acute a space with an accent.
    return unicodedata.normalize("NFKC", piece.translate(_PUNCTUATION)).translate(_PUNCTUATION)
