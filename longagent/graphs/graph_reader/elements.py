"""Key elements: which of them are the same, and what a sentence's are where no model names them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log

from longagent.evidence.normalize import fold
from longagent.evidence.words import STOP, Word, words

LONGEST = 80
"""Code points beyond which an element is a statement."""

_MOST = 12
"""Key elements of a sentence: the edges of a fact grow with the square of their number."""
_WEIGHTS = {"name": 2.0, "number": 1.0, "word": 1.0}
_AROUND = " \t\"'`´‘’“”„«»()[]{}<>*_.,;:!?•·-–—"
_SYMBOLS = re.compile(r"[+#%]+")
_JOINS = re.compile(r"\s+(?:(?:of|de|von|van|der|du|da|di|del|la|&)\s+)?")
_VERB = re.compile(r"(.+?)(?:ing|ed)")
_VOWEL = re.compile("[aeiouy]")
_DOUBLED = re.compile(r"([bdfgmnprt])\1$")


def inert(text: str) -> str:
    """Return a text on one line, without control characters, lone surrogates and the like."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def clean(element: str) -> str:
    """Return an element without quotes, brackets and marks around it; empty if nothing else is there, or too much."""
    found = inert(element).strip(_AROUND)
    # A bracket that was open belongs to it: "FOLIO (test)".
    found += ")" * (found.count("(") - found.count(")"))
    return found if len(found) <= LONGEST else ""


@lru_cache(maxsize=65536)
def element_key(element: str) -> str:
    """Return what all variants of an element share: case, accents, articles and plurals don't matter.

    The ending of a single word doesn't either. Empty for what stands for nothing: pronouns would be
    neighbours of everything.
    """
    tokens = element.split()
    # "US" and "IT" are names, though "us" and "it" are not.
    lost = [fold(token) for token in tokens if token.isupper() and len(token) > 1 and fold(token) in STOP]
    found = [word.key for word in words(element)]
    if not found and not lost:
        return fold(element) if len(tokens) > 1 and element.istitle() else ""
    if len(found) == 1 and not lost:
        found = [_stem(found[0])]
    return " ".join([*lost, *found, *_SYMBOLS.findall(element)])


def _stem(word: str) -> str:
    """Take the ending off an English verb: "planned" and "planning" become "plan"."""
    if not (word.isascii() and word.isalpha()) or len(word) < 5:
        return word
    bare = _DOUBLED.sub(r"\1", found[1]) if (found := _VERB.fullmatch(word)) else word.removesuffix("e")
    # "Manning" is no man, and "string" no "str".
    return bare if len(bare) > 3 and _VOWEL.search(bare) else word


def elements_of(sentences: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the key elements of each sentence, by code: names, numbers and content words, in their order.

    Of more than a dozen those are taken that are rarest in all these sentences; names count twice.
    """
    found = [list(_candidates(sentence)) for sentence in sentences]
    spread = Counter(key for elements in found for key in {element_key(text) for text, _ in elements})
    chosen = []
    for elements in found:
        worth: dict[str, float] = {}
        for text, weight in elements:
            rarity = log((len(sentences) + 1) / spread[element_key(text)])
            worth.setdefault(text, weight * (0.1 + rarity))
        best = sorted(worth, key=lambda text: worth[text], reverse=True)[:_MOST]
        chosen.append(tuple(text for text in worth if text in best))
    return chosen


def _candidates(sentence: str) -> Iterator[tuple[str, float]]:
    """Yield what may be key elements, with what each counts."""
    row: list[Word] = []
    for word in words(sentence):
        if row and not _goes_on(sentence, row, word):
            yield from _element(sentence, row)
            row = []
        row.append(word)
    if row:
        yield from _element(sentence, row)


def _goes_on(sentence: str, row: list[Word], word: Word) -> bool:
    """Whether a word goes on with a name: "Heinkel HD 23", "University of Texas". The first may begin the sentence."""
    if not _JOINS.fullmatch(sentence, row[-1].end, word.start) or not sentence[row[0].start].isupper():
        return False
    return word.kind == "name" or (word.kind == "number" and row[-1].kind == "name")


def _element(sentence: str, row: list[Word]) -> Iterator[tuple[str, float]]:
    text, kind = clean(sentence[row[0].start : row[-1].end]), "name" if len(row) > 1 else row[0].kind
    # Single digits stand everywhere, and so do short words.
    least = 2 if kind == "number" or not text.isascii() or not text.islower() else 3
    if len(text) >= least and element_key(text):
        yield text, _WEIGHTS[kind]
