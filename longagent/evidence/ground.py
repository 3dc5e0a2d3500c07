"""Decide in code whether what was read carries an answer, for models that never say "not found" themselves."""

import re
from collections.abc import Sequence

from longagent.evidence.locate import Evidence, carries, distinct
from longagent.evidence.words import Word, words

CARRIED = 0.6
"""Share of the answer's new words, names and numbers counting double, that must stand near the located sentences.

With REACH, tried on 19 look-up questions answered by a 135M model, six of them without an answer in the document: of
nine right replies it keeps eight, of ten others it lets two pass. On 41 further ones: 9 of 11, and 10 of 30.
"""
REACH = 2
"""Sentences on each side of a located one in which the answer's words may stand."""
FIT = 0.35
"""Share of the question's words, names and numbers counting double, that must stand around a located sentence.

Measured on 73 questions with their gold answers (six public sets, four scripts) and on 87 asked of the wrong document:
0.35 keeps 88 % of the first and 5 % of the second (0.3: 90 and 9; 0.45: 74 and 1), before the other checks. Weighting
by rarity did worse: a paraphrased verb is as rare as a missing subject.
"""

# Words of the reply that speak about answering, not about the world, and the marks of numbered lists.
_META = frozenset("answer context document following mentioned passage person question stated text".split())  # noqa: SIM905
_LIST_MARK = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)
_YES_NO = re.compile(r"\W*(?:yes|no)\b", re.IGNORECASE)
_CHOICE = re.compile(r"\bor\b", re.IGNORECASE)


def ungrounded(question: str, reply: str, evidence: Evidence, places: Sequence[int]) -> str:
    """Return why an answer does not rest on the evidence, in a few words; empty when it does.

    Args:
        question: What was asked.
        reply: The answer in words.
        evidence: What was read.
        places: Indices of the sentences located for the answer.
    """
    return (
        uncarried(question, reply, evidence, places)
        or missing_number(question, evidence)
        or misfit(question, evidence, places)
    )


def uncarried(question: str, claim: str, evidence: Evidence, places: Sequence[int]) -> str:
    """Return why places don't hold what a claim says, whether that was asked or not; empty when they do.

    Takes what `ungrounded` takes; the claim may be one sentence of the answer.
    """
    if not places:
        return "nothing that was read carries the answer"
    new = new_words(question, claim)
    near = frozenset().union(*(evidence.keys_around(place, REACH) for place in places))
    if lost := _lost(claim, new, near):
        return f"the {lost} does not stand near the place that fits best"
    if not new and not (_YES_NO.match(claim) or _CHOICE.search(question)):
        return "the answer only repeats the question"
    if _share(new, near) < CARRIED:
        return "too few of the answer's words stand near the place that fits best"
    return ""


def unread(claim: str, evidence: Evidence) -> str:
    """Return which number or name of a claim stands nowhere in what was read; empty when none is missing."""
    lost = _lost(claim, distinct(words(claim)), frozenset(evidence.counts))
    return f"the {lost} does not stand in what was read" if lost else ""


def new_words(question: str, claim: str) -> list[Word]:
    """Return the words of a claim that are not the question's, nor about answering."""
    asked = frozenset(key for word in words(question) for key in (word.key, *word.parts))
    said = _without_marks(claim)
    return [word for word in distinct(words(said)) if word.key not in _META and not carries(asked, word)]


def _without_marks(claim: str) -> str:
    # As long as it was: places of words are places in the claim.
    return _LIST_MARK.sub(lambda mark: " " * len(mark.group()), claim)


def _lost(claim: str, wanted: Sequence[Word], near: frozenset[str]) -> str:
    """Return the first number, else name, that does not stand nearby."""
    for kind in ("number", "name"):
        for word in wanted:
            if word.kind == kind and not carries(near, word):
                return f"{kind} {claim[word.start : word.end]!r}"
    return ""


def missing_number(question: str, evidence: Evidence) -> str:
    """Return which long number of the question, such as a year, was not read; empty when all were."""
    # "In 2031" must not be answered from 2022. Short numbers may be written out, or be part of a name.
    years = [word for word in distinct(words(question)) if word.kind == "number" and len(word.key) > 2]
    missing = [question[word.start : word.end] for word in years if not evidence.counts[word.key]]
    return f"the number {missing[0]!r} of the question does not stand in what was read" if missing else ""


def misfit(question: str, evidence: Evidence, places: Sequence[int]) -> str:
    """Return why the places are not about what was asked; empty when they are."""
    asked = distinct(words(question))
    if max(_share(asked, evidence.keys_around(place, REACH)) for place in places) < FIT:
        return "the place that fits best is not about what was asked"
    return ""


def _share(wanted: Sequence[Word], near: frozenset[str]) -> float:
    """Return the share of words that stand nearby, names and numbers counting double; 1 where none is wanted."""
    weights = {word: 1 if word.kind == "word" else 2 for word in wanted}
    found = sum(weight for word, weight in weights.items() if carries(near, word))
    return found / sum(weights.values()) if weights else 1.0
