"""The vectors nearest to one: by FAISS where it is installed, on a GPU where its build and a device are there."""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from longagent.errors import MissingExtraError
from longagent.retrievers.faiss_build import import_faiss

FLAT = 200_000
"""Vectors up to which each is compared, four to a chunk: above 50,000 chunks that takes longer than people wait."""

_MOST = 1000
"""Vectors that count as near; a GPU returns at most 2,048."""
_PROBED = 32
"""Cells of a large index that are searched; see docs/retrieval.md for what that misses."""
_TRAINED_ON = 64
"""Vectors for each cell from which the cells are learned: FAISS asks for 39 at least."""


class Near(NamedTuple):
    """Some vectors, best first."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    """Cosines, -1 to 1."""


class Nearest(Protocol):
    """Finds the nearest of the vectors that it was made from."""

    def to(self, vector: NDArray[np.float32]) -> Near:
        """Return the nearest."""
        ...


def nearest(vectors: NDArray[np.float32], *, flat: int = FLAT) -> Nearest:
    """Return what searches vectors of length 1: exactly up to `flat` of them, above only where they lie closest.

    Raises:
        UsageError: two builds of FAISS are installed.
    """
    try:
        faiss = import_faiss()
    except MissingExtraError:
        return Exact(vectors)
    return Faiss(faiss, vectors, flat=flat)


class Exact:
    """Compares with every vector, by numpy."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors

    def to(self, vector: NDArray[np.float32]) -> Near:
        """Return the nearest."""
        scores = self._vectors @ vector
        rows = np.argsort(-scores, kind="stable")[:_MOST]
        return Near(rows, scores[rows])


class Faiss:
    """Searches by FAISS."""

    def __init__(self, faiss: Any, vectors: NDArray[np.float32], *, flat: int) -> None:
        size, dims = vectors.shape
        self._size = size
        index = faiss.IndexFlatIP(dims)
        if size > flat:
            # Cells, not a graph (HNSW): on two cores they are built in a tenth of the time.
            cells = int(4 * size**0.5)
            index = faiss.IndexIVFFlat(index, dims, cells, faiss.METRIC_INNER_PRODUCT)
            index.nprobe = _PROBED
        index = _on_gpu(faiss, index)
        if not index.is_trained:
            chosen = np.random.default_rng(0).choice(size, min(size, _TRAINED_ON * int(4 * size**0.5)), replace=False)
            index.train(vectors[np.sort(chosen)])
        index.add(vectors)
        self._index = index

    def to(self, vector: NDArray[np.float32]) -> Near:
        """Return the nearest."""
        scores, rows = self._index.search(vector[None, :], min(_MOST, max(1, self._size)))
        found = rows[0] >= 0
        return Near(rows[0][found], scores[0][found])


def _on_gpu(faiss: Any, index: Any) -> Any:
    """Return the index on the first GPU, where the build knows GPUs and there is one. Not tested: no GPU was there."""
    devices = getattr(faiss, "get_num_gpus", lambda: 0)()
    if not devices or not hasattr(faiss, "StandardGpuResources"):
        return index
    return faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, index)
