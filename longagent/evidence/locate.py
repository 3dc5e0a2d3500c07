"""Find the sentences of what was read that carry an answer, and judge how well they fit the question."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from longagent.documents.document import Span
from longagent.documents.sentences import sentences
from longagent.evidence.normalize import normalize
from longagent.evidence.words import Word, words

NEIGHBOUR = 0.5
"""What a word in the sentence before or after counts, against one in the sentence itself."""
GAP = 200
"""Code points between two sentences beyond which they are not neighbours."""
QUESTION_SHARE = 0.5
"""What fitting the question counts against carrying the answer, when a longer answer is located."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that was read, with its content words."""

    span: Span
    keys: frozenset[str]
    """Words in matching form; a hyphenated word as a whole and as its parts."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All sentences that were read, in document order, each once."""

    sentences: tuple[Sentence, ...]
    counts: Counter[str]
    """In how many sentences each word occurs."""

    @classmethod
    def of(cls, spans: Sequence[Span]) -> "Evidence":
        """Cut spans into sentences; where spans overlap, each sentence is taken once."""
        found: dict[tuple[str, int, int], Sentence] = {}
        for span in spans:
            for start, end in sentences(span.text):
                place = Span(span.document, span.start + start, span.start + end)
                found.setdefault((place.document.id, place.start, place.end), Sentence(place, _keys(place.text)))
        ordered = tuple(found[key] for key in sorted(found))
        return cls(ordered, Counter(key for sentence in ordered for key in sentence.keys))

    def weight(self, key: str) -> float:
        """Return how telling a word is: rare ones more, and one that was not read at all the most."""
        return math.log(1 + len(self.sentences) / (self.counts[key] or 0.5))

    def overlap(self, wanted: Collection[Word], index: int, *, reach: int = 1) -> float:
        """Return the share (0 to 1, by weight) of the wanted words in a sentence and `reach` sentences around it."""
        nearby = self.keys_around(index, reach)
        total = gained = 0.0
        for word in wanted:
            weight = self.weight(word.key)
            total += weight
            if carries(self.sentences[index].keys, word):
                gained += weight
            elif carries(nearby, word):
                gained += weight * NEIGHBOUR
        return gained / total if total else 0.0

    def keys_around(self, index: int, reach: int) -> frozenset[str]:
        """Return the words of a sentence and of those next to it in the document, as far as they were read."""
        first = last = index
        while first > max(0, index - reach) and self._adjacent(first - 1):
            first -= 1
        while last < min(len(self.sentences) - 1, index + reach) and self._adjacent(last):
            last += 1
        return frozenset().union(*(sentence.keys for sentence in self.sentences[first : last + 1]))

    def _adjacent(self, index: int) -> bool:
        here, after = self.sentences[index].span, self.sentences[index + 1].span
        return here.document.id == after.document.id and after.start - here.end <= GAP


def carries(keys: frozenset[str], word: Word) -> bool:
    """Whether a word, or each part of a hyphenated word, is among the keys."""
    return word.key in keys or (bool(word.parts) and keys.issuperset(word.parts))


def locate(claim: str, question: Sequence[Word], evidence: Evidence) -> int | None:
    """Return the index of the sentence that carries one sentence of an answer, or `None`.

    Args:
        claim: One sentence of the answer, or all of a short answer.
        question: The question's content words.
        evidence: What was read.
    """
    said = distinct(words(claim))
    asked = {word.key for word in question}
    new = [word for word in said if word.key not in asked]
    whole = _holding(claim, said, evidence) if said else []
    if whole:
        return max(whole, key=lambda index: evidence.overlap(question, index))

    # "No." has no words of its own: the question's place is its place.
    wanted = new or said or distinct(question)

    def score(index: int) -> float:
        fit = QUESTION_SHARE * evidence.overlap(question, index)
        return evidence.overlap(wanted, index, reach=0) + fit

    best = max(range(len(evidence.sentences)), key=score, default=None)
    if best is None or not any(carries(evidence.sentences[best].keys, word) for word in wanted):
        return None
    return best


def distinct(found: Sequence[Word]) -> list[Word]:
    """Return each word once, in order."""
    return list({word.key: word for word in reversed(found)}.values())[::-1]


def _holding(claim: str, said: Sequence[Word], evidence: Evidence) -> list[int]:
    """Return the sentences that hold the claim word for word."""
    needle = normalize(claim.strip(" \n.\"'*")).text
    return [
        index
        for index, sentence in enumerate(evidence.sentences)
        if all(carries(sentence.keys, word) for word in said) and normalize(sentence.span.text).find(needle) >= 0
    ]


@lru_cache(maxsize=8192)
def _keys(text: str) -> frozenset[str]:
    return frozenset(key for word in words(text) for key in (word.key, *word.parts))
