"""Content words of a text in any script: what retrieval counts and what grounding compares."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, starmap
from typing import Literal, NamedTuple

from longagent.evidence.characters import HYPHEN, UNSPACED
from longagent.evidence.normalize import fold

_LETTER = rf"[^\W{UNSPACED}]"
_TOKEN = re.compile(
    # A thousands comma is followed by exactly three digits, so that "3,5,7" stays three numbers.
    rf"(?P<number>(?<!\w)\d+(?:[,\u00a0\u202f]\d{{3}}(?!\d))*(?:\.\d+)*(?!{_LETTER}))"
    rf"|(?P<word>{_LETTER}+(?:(?:[{HYPHEN}'’.&](?:(?<=[{HYPHEN}])[^\S\n]*\n\s*)?){_LETTER}+)*)"
    rf"|(?P<unspaced>[{UNSPACED}]+)"
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_FOOTNOTE = re.compile(r"(?<=[^\W\d_]{5})\d{1,2}$")
_HYPHENS = re.compile(rf"[{HYPHEN}]\s*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;•●\n\"“])[\s\"'“‘(*\[#\-–—•]*$")

STOP = frozenset(
    """a about according after all also am an and any are aren't as at be because been before being between both but by
    can can't cannot could did didn't do does doesn't doing don't during each either for from had has have having he her
    here hers him his how i if in into is isn't it its itself just many may me might more most much must my no nor not
    of off on once only or other our out over own same shall she should so some such than that the their them then there
    these they this those through to too under until up upon us very was wasn't we were weren't what when where whether
    which while who whom whose why will with would you your""".split()  # noqa: SIM905
)
_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}

Kind = Literal["word", "name", "number"]


class Word(NamedTuple):
    """A content word. `key` is its matching form; `parts` are the keys of a hyphenated word's parts."""

    key: str
    kind: Kind
    start: int
    end: int
    parts: tuple[str, ...] = ()


def words(text: str) -> list[Word]:
    """Return the content words in order.

    Numbers are written plainly (`1,234` is `1234`), scripts without spaces come as pairs of characters, names are
    capitalised words that do not begin a sentence.
    """
    return list(_words(text))


def keys(text: str) -> list[str]:
    """Return the content words as search terms: a hyphenated word counts as a whole and as its parts."""
    # All matches at once and one look-up for each: documents are far longer than anything `words` is asked about.
    return [*chain.from_iterable(starmap(_terms, _TOKEN.findall(text)))]


@lru_cache(maxsize=2**17)
def _terms(number: str, word: str, unspaced: str) -> tuple[str, ...]:
    """Return the search terms of a token, given as the one group of `_TOKEN` that it matched."""
    if number:
        return (_number(number),)
    if unspaced:
        return tuple(fold(unspaced[at : at + 2]) for at in range(max(1, len(unspaced) - 1)))
    key, parts = _keys_of(word)
    return () if key in STOP else (key, *parts)


def _words(text: str) -> Iterator[Word]:
    for match in _TOKEN.finditer(text):
        token, start, end = match.group(), match.start(), match.end()
        if match.lastgroup == "number":
            yield Word(_number(token), "number", start, end)
        elif match.lastgroup == "unspaced":
            for at in range(max(1, len(token) - 1)):
                yield Word(fold(token[at : at + 2]), "word", start + at, min(start + at + 2, end))
        else:
            key, parts = _keys_of(token)
            if key in STOP:
                continue
            kind: Kind = "name" if _is_name(text, token, start) else "word"
            yield Word(key, kind, start, end, parts)


def _keys_of(token: str) -> tuple[str, tuple[str, ...]]:
    """Return the key of a word, and those of the parts of a hyphenated one."""
    pieces = _HYPHENS.split(token)
    parts = tuple(_key(piece) for piece in pieces if _key(piece) not in STOP) if len(pieces) > 1 else ()
    return _key(_HYPHENS.sub("", token)), parts


def _number(token: str) -> str:
    digits = "".join(str(unicodedata.digit(char, char)) for char in re.sub(r"[,\u00a0\u202f]", "", token))
    # "18.40" is "18.4", but "2.0" is not "2": small whole numbers stand everywhere, as numbers of headings.
    digits = re.sub(r"^(\d+\.\d+?)0+$", r"\1", digits)
    return digits.lstrip("0") if digits.lstrip("0")[:1].isdigit() else digits


def _is_name(text: str, token: str, start: int) -> bool:
    if sum(char.isupper() for char in token) > 1:
        return True
    return token[0].isupper() and not _SENTENCE_START.search(text, max(0, start - 8), start)


@lru_cache(maxsize=65536)
def _key(token: str) -> str:
    word = re.sub(r"'s?$", "", _ACCENTS.sub("", unicodedata.normalize("NFD", fold(token)))).strip("_.&")
    # A footnote mark sticks to the word in PDF text ("Microsoft4").
    word = _FOOTNOTE.sub("", word)
    return _NUMBER_WORDS.get(word) or singular(word)


def singular(word: str) -> str:
    """Fold the plural of English words; anything else comes back as it is."""
    if len(word) < 4 or not word.isascii() or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    return word[:-1]
