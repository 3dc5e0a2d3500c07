"""Ranking by words and by meaning together: reciprocal rank fusion (Cormack et al. 2009)."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from longagent.documents.document import Chunk
from longagent.retrievers.language import is_latin
from longagent.retrievers.retriever import Ranked, best_first

SMOOTHING = 10
"""60 in the paper, whose lists are of systems alike; there, what one ranks first and the other lower gets lost."""
DENSE_WEIGHT = 0.3
"""Of the vectors' list beside the words'. Both chosen by recall on one half of the questions of
`benchmarks/retrieval.py`, for the static embedder, which by itself finds less than BM25."""


class Scorer(Protocol):
    """Something that scores chunks."""

    name: str

    def scores(self, query: str) -> NDArray[np.float32]:
        """Return a score for each chunk; 0 or less says nothing for it."""
        ...


class Hybrid:
    """Ranks chunks by the places they have in the rankings of two others."""

    def __init__(self, chunks: Sequence[Chunk], words: Scorer, meaning: Scorer, *, latin: bool = False) -> None:
        """Put two together; `latin`: whether `meaning` understands queries in Latin letters only."""
        self._latin = latin
        self._chunks = chunks
        self._words = words
        self._meaning = meaning
        self.name = f"{words.name} and {meaning.name}"

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return the score of each chunk, 0 where neither says anything for it."""
        by_words = fused(self._words.scores(query))
        if self._latin and not is_latin(query):
            return by_words
        return by_words + DENSE_WEIGHT * fused(self._meaning.scores(query))

    def rank(self, query: str, *, limit: int | None = None) -> list[Ranked]:
        """Return the chunks, best first; see `Retriever.rank`."""
        return best_first(self._chunks, self.scores(query), limit)


def fused(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what each place in a ranking is worth: the less the lower, and nothing where the score is none."""
    places = np.empty(len(scores), np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return np.where(scores > 0, 1 / (SMOOTHING + places), 0.0)
