"""The matching form of a text: what stays when typography is taken away, with the way back to the source."""

import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# Scripts written without spaces between words, and Hangul, whose endings stick to the word.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003134f"
)
HYPHEN = "\\-\u00ad\u2010\u2011\u0002\ufffe"
"""Characters that join or break words; PDF readers write the last two where a line ends within a word."""
_INVISIBLE = "\u0000\u0002\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe"
_COMBINING = "\u0300-\u036f\u0653-\u0655\u1160-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"

_PIECE = re.compile(
    rf"(?P<plain>[A-Za-z0-9]+(?![{_COMBINING}]))"
    # Hyphens inside words are dropped on both sides: PDF text loses them at line ends ("selfrefinement").
    rf"|(?P<join>(?<=[^\W\d_])[{HYPHEN}](?:[^\S\n]*\n\s*)?(?=[^\W\d_]))"
    rf"|(?P<drop>[{_INVISIBLE}]+|(?<=[{UNSPACED}])\s+(?=[{UNSPACED}]))"
    r"|(?P<space>\s+)"
    rf"|(?P<other>.[{_COMBINING}]*)",
    re.DOTALL,
)
_PUNCTUATION = str.maketrans(
    dict.fromkeys("‘’‚‛′`´ʼ", "'")
    | dict.fromkeys("“”„‟″«»「」『』〝〞", '"')
    | dict.fromkeys("‐‑‒–−", "-")
    | dict.fromkeys("—―", " - ")
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
        return not (_glued(self.text, start) or _glued(self.text, end))


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


def _folded_pieces(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _PIECE.finditer(text):
        kind = match.lastgroup
        if kind == "plain":
            yield match.start(), match.end(), match.group().lower()
        elif kind == "space":
            yield match.start(), match.end(), " "
        elif kind == "other":
            yield match.start(), match.end(), fold(match.group())


@lru_cache(maxsize=8192)
def fold(piece: str) -> str:
    """Return a word or character in matching form, without any regard to what stands around it."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).casefold())
    return folded.translate(_PUNCTUATION)


def _glued(text: str, at: int) -> bool:
    """Whether a range edge at this place would cut a word or a number in two."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if re.match(rf"[{UNSPACED}]", before) or re.match(rf"[{UNSPACED}]", after):
        return False
    if before.isalnum() and after.isalnum():
        # A footnote mark may stick to the last word ("Microsoft4").
        return not (before.isalpha() and after.isdigit())
    # "1,234" holds neither "1" nor "234", and "18.4" no "18".
    inside_after = after in ".," and before.isdigit() and text[at + 1 : at + 2].isdigit()
    return inside_after or (before in ".," and after.isdigit() and text[max(0, at - 2) : at - 1].isdigit())
