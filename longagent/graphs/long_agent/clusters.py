"""Answers that say the same are a cluster; of two that contradict each other, their chunks read together decide."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations
from random import Random
from typing import NamedTuple, TypedDict

from longagent.evidence.vote import agree, camps
from longagent.graphs.state import ConflictRef, RivalRef

_WORDINGS = 3
"""Ways of saying the same that are kept of a cluster."""


class Cluster(TypedDict):
    """What some members say."""

    answers: list[str]
    """In different words; the first speaks for it."""
    chunks: list[int]
    """Indices of those it rests on, in ascending order."""


class Round(TypedDict):
    """What an instruction led to."""

    instruction: str
    gathers: bool
    """Whether all answers count, so that none is contested."""
    asked: int
    """Members that replied."""
    clusters: list[Cluster]
    """What is left, in the order of the text."""
    rejected: list[RivalRef]


class Settled(NamedTuple):
    """What two clusters came to."""

    kept: list[Cluster]
    rejected: list[RivalRef]


def cluster(answers: Sequence[tuple[int, str]]) -> list[Cluster]:
    """Return answers, each with its chunk, as clusters of those that agree."""
    texts = [text for _, text in answers]
    return [_joined([_single(*answers[index]) for index in camp]) for camp in camps(texts)]


def apart(answers: Sequence[tuple[int, str]]) -> list[Cluster]:
    """Return every answer by itself."""
    return [_single(chunk, text) for chunk, text in answers]


def unite(clusters: Sequence[Cluster], groups: Sequence[Sequence[int]]) -> list[Cluster]:
    """Return clusters, those of a group as one.

    Args:
        clusters: in the order of the text.
        groups: of indices; one that is none, or is in an earlier group, is passed over.
    """
    of = list(range(len(clusters)))
    taken: set[int] = set()
    for group in groups:
        new = sorted({index for index in group if 0 <= index < len(of)} - taken)
        taken.update(new)
        for index in new:
            of[index] = new[0]
    members = ([one for one, head in zip(clusters, of, strict=True) if head == index] for index in range(len(of)))
    return [_joined(together) for together in members if together]


def next_pair(
    clusters: Sequence[Cluster], failed: Sequence[Sequence[str]], stood: Mapping[str, int] | None = None
) -> tuple[int, int] | None:
    """Return the two clusters to settle next: those that stood least readings, of these those with most chunks.

    Of equals, the first in the text. So a cluster is read again only when all others were: one that went on against
    every other would be lost by the one reading of many in which its member overlooks what it says.

    Args:
        clusters: in the order of the text.
        failed: answers of pairs whose chunks could not be read together.
        stood: how many readings the cluster that an answer speaks for has stood.
    """
    past = stood or {}
    order = sorted(
        range(len(clusters)),
        key=lambda index: (past.get(clusters[index]["answers"][0], 0), -len(clusters[index]["chunks"])),
    )
    for one, other in combinations(order, 2):
        first, second = sorted((one, other))
        if [clusters[first]["answers"][0], clusters[second]["answers"][0]] not in [list(pair) for pair in failed]:
            return first, second
    return None


def pick(one: Cluster, other: Cluster, random: Random) -> tuple[int, int]:
    """Draw a chunk of each."""
    return random.choice(one["chunks"]), random.choice(other["chunks"])


def settle(one: Cluster, other: Cluster, read: tuple[int, int], said: str) -> Settled:
    """Return what is left of two clusters after a chunk of each was read together.

    Args:
        one: a cluster.
        other: another.
        read: the chunks.
        said: what they answer together; empty where they hold no answer.
    """
    where = f"chunks {read[0] + 1} and {read[1] + 1}, read together"
    if not said:
        # This speaks of these two chunks only: what others of a cluster say stands.
        return _withdrawn((one, other), read, f"{where}, do not say it")
    agreeing = [rival for rival in (one, other) if any(agree(said, text) for text in rival["answers"])]
    reason = f"{where}, say: {said}"
    if len(agreeing) == 1:
        return Settled(agreeing, [rejected(rival, reason) for rival in (one, other) if rival not in agreeing])
    if agreeing:
        return Settled([_joined([Cluster(answers=[said], chunks=[]), one, other])], [])
    alike = max((one, other), key=lambda rival: _likeness(said, rival))
    # It was read from both of these; the text that carries it may stand in either.
    new = Cluster(answers=[said], chunks=sorted({*alike["chunks"], *read}))
    return Settled([new], [rejected(rival, reason) for rival in (one, other)])


def together(others: Sequence[Cluster], kept: Sequence[Cluster]) -> list[Cluster]:
    """Return clusters in the order of the text after two were settled.

    What two chunks say together may be what others said before; then these are one.
    """
    left, found = [*others], []
    for one in kept:
        same = [other for other in left if agree(one["answers"][0], other["answers"][0])]
        left = [other for other in left if other not in same]
        found.append(_joined([one, *same]) if same else one)
    return in_order([*left, *found])


def rejected(rival: Cluster, reason: str) -> RivalRef:
    """Return a cluster as one that was rejected."""
    return RivalRef(answer=rival["answers"][0], chunks=rival["chunks"], kept=False, reason=reason)


def conflicts(rounds: Sequence[Round]) -> list[ConflictRef]:
    """Return where members contradicted each other, with what became of it."""
    found = []
    for past in rounds:
        kept = [
            RivalRef(answer=one["answers"][0], chunks=one["chunks"], kept=True, reason="") for one in past["clusters"]
        ]
        if not past["gathers"] and len(kept) + len(past["rejected"]) > 1:
            found.append(ConflictRef(instruction=past["instruction"], rivals=[*kept, *past["rejected"]]))
    return found


def in_order(clusters: Sequence[Cluster]) -> list[Cluster]:
    """Return clusters in the order of the text."""
    return sorted(clusters, key=lambda one: one["chunks"])


def _withdrawn(rivals: tuple[Cluster, Cluster], read: tuple[int, int], reason: str) -> Settled:
    kept, gone = [], []
    for rival in rivals:
        left = [chunk for chunk in rival["chunks"] if chunk not in read]
        if left:
            kept.append(Cluster(answers=rival["answers"], chunks=left))
        withdrawn = [chunk for chunk in rival["chunks"] if chunk in read]
        gone.append(rejected(Cluster(answers=rival["answers"], chunks=withdrawn), reason))
    return Settled(kept, gone)


def _likeness(said: str, rival: Cluster) -> float:
    return max(SequenceMatcher(None, said.lower(), text.lower()).ratio() for text in rival["answers"])


def _single(chunk: int, answer: str) -> Cluster:
    return Cluster(answers=[answer], chunks=[chunk])


def _joined(clusters: Sequence[Cluster]) -> Cluster:
    answers = list(dict.fromkeys(text for one in clusters for text in one["answers"]))
    chunks = sorted({chunk for one in clusters for chunk in one["chunks"]})
    return Cluster(answers=answers[:_WORDINGS], chunks=chunks)
