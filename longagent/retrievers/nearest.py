"""The vectors nearest to one: by FAISS where it is installed, on a GPU where its build and a device are there."""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from longagent.errors import MissingExtraError
from longagent.retrievers.faiss_build import import_faiss

FLAT = 1_000_000
"""Vectors up to which each is compared. That takes 25 ms for 180,000 of 256 numbers, and nothing to build; a graph
(HNSW) answers in 4 ms, but takes 27 s to build, in every process that asks."""

_MOST = 1000
"""Vectors that count as near; a GPU returns at most 2,048."""
_NEIGHBOURS = 32
"""Of each vector in the graph. With these and `_MOST` looked at, 99.5 % of the ten nearest of 180,000 were found; cells
(IVF) were built in 19 s, and had 91 % in the nearest 32 of 1,695."""


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
    """Return what searches vectors of length 1: exactly up to `flat` of them, above along a graph.

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
        if _has_gpu(faiss):
            # Not tested: no GPU was there. It compares with millions in the time of a graph, and takes no graph.
            index = faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, faiss.IndexFlatIP(dims))
        elif size <= flat:
            index = faiss.IndexFlatIP(dims)
        else:
            index = faiss.IndexHNSWFlat(dims, _NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efSearch = _MOST
        index.add(vectors)
        self._index = index

    def to(self, vector: NDArray[np.float32]) -> Near:
        """Return the nearest."""
        scores, rows = self._index.search(vector[None, :], min(_MOST, max(1, self._size)))
        found = rows[0] >= 0
        return Near(rows[0][found], scores[0][found])


def _has_gpu(faiss: Any) -> bool:
    """Return whether the build knows GPUs and there is one."""
    return hasattr(faiss, "StandardGpuResources") and bool(getattr(faiss, "get_num_gpus", lambda: 0)())
