from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.chunks import chunks
from support.embedding import DIMS, WordEmbedder

from longagent.errors import MissingExtraError
from longagent.llm.embedding import normalised
from longagent.retrievers import Dense, Retriever, nearest
from longagent.retrievers.nearest import Exact, Faiss


@pytest.fixture
def faiss() -> Any:
    return pytest.importorskip("faiss", reason="the extra `local` is not installed")


def vectors(count: int) -> NDArray[np.float32]:
    return normalised(np.random.default_rng(1).normal(size=(count, DIMS)).astype(np.float32))


def test_a_chunk_counts_by_its_best_window() -> None:
    far = "Nothing of that kind is said here at all. " * 20
    retriever: Retriever = Dense(chunks(far, far + "The red fox sleeps. " + far, "Foxes."), WordEmbedder())
    ranked = retriever.rank("the red fox sleeps", limit=2)
    assert [each.chunk.index for each in ranked] == [1, 0]
    assert ranked[0].score > 2 * ranked[1].score


@pytest.mark.parametrize("texts", [(), ("",), ("one", ""), ("", "", "")])
def test_without_text_nothing_breaks(texts: tuple[str, ...]) -> None:
    ranked = Dense(chunks(*texts), WordEmbedder()).rank("one")
    assert [each.chunk.index for each in ranked] == list(range(len(texts)))


def test_an_empty_query_keeps_the_order() -> None:
    ranked = Dense(chunks("b", "a"), WordEmbedder()).rank(" ")
    assert [(each.chunk.index, each.score) for each in ranked] == [(0, 0.0), (1, 0.0)]


def test_numpy_and_faiss_find_the_same(faiss: Any) -> None:
    rows = vectors(3000)
    for query in rows[:20]:
        ours, theirs = Exact(rows).to(query), Faiss(faiss, rows, flat=10_000).to(query)
        assert set(ours.rows) == set(theirs.rows)
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-5)


def test_very_many_vectors_are_searched_along_a_graph(faiss: Any) -> None:
    rows = vectors(5000)
    index = Faiss(faiss, rows, flat=1000)
    assert isinstance(index._index, faiss.IndexHNSWFlat)
    assert [int(index.to(row).rows[0]) for row in rows[:50]] == list(range(50))


def test_without_faiss_numpy_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MissingExtraError("FAISS", "local")

    monkeypatch.setattr(nearest, "import_faiss", missing)
    assert isinstance(nearest.nearest(vectors(3)), Exact)


def test_a_gpu_build_searches_on_the_device(faiss: Any) -> None:
    """With a stand-in for the device: what FAISS does on a real one was not tried."""
    moved: list[Any] = []

    def to_gpu(resources: Any, device: int, index: Any) -> Any:
        moved.append((resources, device))
        return index

    gpu = SimpleNamespace(
        IndexFlatIP=faiss.IndexFlatIP,
        get_num_gpus=lambda: 1,
        StandardGpuResources=lambda: "resources",
        index_cpu_to_gpu=to_gpu,
    )
    rows = vectors(10)
    assert Faiss(gpu, rows, flat=1).to(rows[4]).rows[0] == 4
    assert moved == [("resources", 0)]
