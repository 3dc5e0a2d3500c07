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
    if not places:
        return "nothing that was read carries the answer"
    asked = distinct(words(question))
    asked_keys = frozenset(key for word in asked for key in (word.key, *word.parts))
    said = _LIST_MARK.sub("", reply)
    new = [word for word in distinct(words(said)) if word.key not in _META and not carries(asked_keys, word)]
    near = frozenset().union(*(evidence.keys_around(place, REACH) for place in places))
    for kind in ("number", "name"):
        lost = [said[word.start : word.end] for word in new if word.kind == kind and not carries(near, word)]
        if lost:
            return f"the {kind} {lost[0]!r} does not stand near the place that fits best"
    if not new and not (_YES_NO.match(reply) or _CHOICE.search(question)):
        return "the answer only repeats the question"
    if _share(new, near) < CARRIED:
        return "too few of the answer's words stand near the place that fits best"
    return _beside_the_question(question, asked, evidence, places)


def _beside_the_question(question: str, asked: Sequence[Word], evidence: Evidence, places: Sequence[int]) -> str:
    """Return why the places are not about what was asked; empty when they are."""
    # "In 2031" must not be answered from 2022. Short numbers may be written out, or be part of a name.
    years = [word for word in asked if word.kind == "number" and len(word.key) > 2]
    unread = [question[word.start : word.end] for word in years if not evidence.counts[word.key]]
    if unread:
        return f"the number {unread[0]!r} of the question does not stand in what was read"
    if max(_share(asked, evidence.keys_around(place, REACH)) for place in places) < FIT:
        return "the place that fits best is not about what was asked"
    return ""


def _share(wanted: Sequence[Word], near: frozenset[str]) -> float:
    """Return the share of words that stand nearby, names and numbers counting double; 1 where none is wanted."""
    weights = {word: 1 if word.kind == "word" else 2 for word in wanted}
    found = sum(weight for word, weight in weights.items() if carries(near, word))
    return found / sum(weights.values()) if weights else 1.0
