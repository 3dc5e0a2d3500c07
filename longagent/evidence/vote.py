"""Which of several answers most agree on, whatever their wording."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from longagent.evidence.abstention import is_abstention
from longagent.evidence.normalize import fold, normalize
from longagent.evidence.words import keys

_ARTICLE = re.compile(r"\b(?:an?|the)\b")
_PUNCTUATION = re.compile(r"[\W_]+")
_SAID = re.compile(r"\W*(yes|no)\b")
# These are no content words, and still turn an answer into its opposite.
_NEGATION = re.compile(r"\b(?:no|not|never|none|neither|nor|without|cannot)\b|n't\b")


class _Stand(NamedTuple):
    """Answers that say the same, word for word, and what the first of them says."""

    votes: list[int]
    words: frozenset[str]
    denies: bool

    def agrees(self, other: "_Stand") -> bool:
        if self.denies != other.denies or not (self.words and other.words):
            return False
        return self.words <= other.words or self.words >= other.words


def vote(answers: Sequence[str]) -> int:
    """Return the index of the answer most others agree with; of equals, the earliest. See `agreeing`."""
    return agreeing(answers)[0]


def agreeing(answers: Sequence[str]) -> list[int]:
    """Return the indices of the answers of which more agree than of any others; first the one that speaks for them.

    Answers agree that are equal but for case, articles and punctuation, or where one holds all the other's content
    words ("1907" and "It was rebuilt in 1907."). Those that say the answer was not found count only if all do.

    Raises:
        ValueError: there is no answer.
    """
    if not answers:
        raise ValueError("a vote needs at least one answer")
    found = [index for index, answer in enumerate(answers) if not is_abstention(answer)]
    stands: dict[str, _Stand] = {}
    for index in found or range(len(answers)):
        answer = answers[index]
        stands.setdefault(_form(answer), _stand(answer)).votes.append(index)
    camps: list[list[_Stand]] = []
    # The founder of a camp is its most frequent answer: who joins is compared with that one only, so that a long answer
    # that names two candidates doesn't make allies of both.
    for stand in sorted(stands.values(), key=lambda stand: (-len(stand.votes), stand.votes[0])):
        camp = next((camp for camp in camps if camp[0].agrees(stand)), None)
        if camp is None:
            camps.append([stand])
        else:
            camp.append(stand)
    best = max(camps, key=lambda camp: (sum(len(stand.votes) for stand in camp), -camp[0].votes[0]))
    spokesman, *others = [index for stand in best for index in stand.votes]
    return [spokesman, *sorted(others)]


def _form(answer: str) -> str:
    bare = _PUNCTUATION.sub(" ", _ARTICLE.sub(" ", normalize(answer).text))
    return " ".join(bare.split()) or answer.strip()


def _stand(answer: str) -> _Stand:
    folded = fold(answer)
    said = _SAID.match(folded)
    return _Stand([], frozenset([*keys(answer), *([said.group(1)] if said else [])]), bool(_NEGATION.search(folded)))
