"""Which of several answers most agree on, whatever their wording."""

import re
from collections.abc import Iterable, Sequence
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
    held = _camps(answers, found or range(len(answers)))
    best = max(held, key=lambda camp: (sum(len(stand.votes) for stand in camp), -camp[0].votes[0]))
    spokesman, *others = [index for stand in best for index in stand.votes]
    return [spokesman, *sorted(others)]


def camps(answers: Sequence[str]) -> list[list[int]]:
    """Return the indices of answers that agree, one list for each camp; first in it the one that speaks for it.

    Camps are in the order of their first answers. See `agreeing` for what it is to agree.
    """
    found = ([index for stand in camp for index in stand.votes] for camp in _camps(answers, range(len(answers))))
    return sorted(([first, *sorted(others)] for first, *others in found), key=min)


def agree(one: str, other: str) -> bool:
    """Whether two answers agree; see `agreeing`."""
    return _form(one) == _form(other) or _stand(one).agrees(_stand(other))


def _camps(answers: Sequence[str], indices: Iterable[int]) -> list[list[_Stand]]:
    stands: dict[str, _Stand] = {}
    for index in indices:
        answer = answers[index]
        stands.setdefault(_form(answer), _stand(answer)).votes.append(index)
    found: list[list[_Stand]] = []
    # The founder of a camp is its most frequent answer: who joins is compared with that one only, so that a long answer
    # that names two candidates doesn't make allies of both.
    for stand in sorted(stands.values(), key=lambda stand: (-len(stand.votes), stand.votes[0])):
        camp = next((camp for camp in found if camp[0].agrees(stand)), None)
        if camp is None:
            found.append([stand])
        else:
            camp.append(stand)
    return found


def _form(answer: str) -> str:
    bare = _PUNCTUATION.sub(" ", _ARTICLE.sub(" ", normalize(answer).text))
    return " ".join(bare.split()) or answer.strip()


def _stand(answer: str) -> _Stand:
    folded = fold(answer)
    said = _SAID.match(folded)
    return _Stand([], frozenset([*keys(answer), *([said.group(1)] if said else [])]), bool(_NEGATION.search(folded)))
