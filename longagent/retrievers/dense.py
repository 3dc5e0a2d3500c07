"""Ranking by what texts are about, whatever words they use: vectors of an embedder, compared."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from longagent.documents.document import Chunk
from longagent.errors import ModelRejectedError
from longagent.llm.embedding import Embedder
from longagent.retrievers.nearest import nearest
from longagent.retrievers.retriever import Ranked, best_first
from longagent.retrievers.windows import windows


class Vectors(NamedTuple):
    """What was embedded of some chunks."""

    rows: NDArray[np.float32]
    owners: NDArray[np.int32]
    """Place of the chunk that each row belongs to."""


class Dense:
    """Ranks chunks by the one of their windows whose vector is nearest to the query's."""

    def __init__(self, chunks: Sequence[Chunk], embedder: Embedder, vectors: Vectors | None = None) -> None:
        """Embed the chunks, unless `vectors` hold already what that would give."""
        self._chunks = chunks
        self._embedder = embedder
        rows, self._owners = vectors or joined([embed(chunk.search_text, embedder) for chunk in chunks])
        # The rows are not kept here: FAISS has a copy of its own.
        self._length = rows.shape[1]
        self._nearest = nearest(rows) if len(rows) else None
        self.name = f"dense ({embedder.name})"

    def scores(self, query: str) -> NDArray[np.float32]:
        """Return the score of each chunk: the cosine of its best window, 0 where none is among the nearest.

        Raises:
            ModelError: the embedder's server cannot be reached, or refuses, or has another model than before.
        """
        scores = np.zeros(len(self._chunks), np.float32)
        vector = self._embedder.embed([query], "query")[0]
        if self._nearest is not None and vector.any():
            if len(vector) != self._length:
                raise changed(self._embedder)
            near = self._nearest.to(vector)
            np.maximum.at(scores, self._owners[near.rows], near.scores)
        return scores

    def rank(self, query: str, *, limit: int | None = None) -> list[Ranked]:
        """Return the chunks, best first; see `Retriever.rank`."""
        return best_first(self._chunks, self.scores(query), limit)


def changed(embedder: Embedder) -> ModelRejectedError:
    """Return what to tell where a name stands for another model than when vectors were kept."""
    return ModelRejectedError(
        f"the embedder {embedder.name!r} sends vectors of another length than those that were kept.",
        hint="Forget these with: longagent cache clear embeddings",
    )


def embed(text: str, embedder: Embedder) -> NDArray[np.float32]:
    """Return the vectors of a text's windows."""
    return embedder.embed(windows(text), "passage")


def joined(parts: Sequence[NDArray[np.float32]]) -> Vectors:
    """Return the vectors of several chunks, one part for each, together."""
    filled = [part for part in parts if len(part)]
    rows = np.concatenate(filled) if filled else np.zeros((0, 0), np.float32)
    return Vectors(rows, np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts]))
