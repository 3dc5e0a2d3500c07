"""What every retriever does: put chunks in order of how well they fit a query."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from longagent.documents.document import Chunk


class Ranked(NamedTuple):
    """A chunk and how well it fits; scores compare only within one ranking."""

    chunk: Chunk
    score: float


class Retriever(Protocol):
    """Ranks the chunks it was made from."""

    def rank(self, query: str, *, limit: int | None = None) -> list[Ranked]:
        """Return the chunks, best first, ties by index; those with nothing in common come last with score 0.

        To be called in a worker thread: it may take long, and may ask a server.
        """
        ...


def best_first(chunks: Sequence[Chunk], scores: NDArray[Any], limit: int | None) -> list[Ranked]:
    """Return chunks in the order of their scores, ties in the order given."""
    order = np.argsort(-scores, kind="stable")[:limit]
    return [Ranked(chunks[at], float(scores[at])) for at in order]
