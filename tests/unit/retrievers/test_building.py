import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.chunks import chunks
from support.embedding import WordEmbedder

from longagent.documents import Chunk
from longagent.errors import ModelRejectedError
from longagent.llm.embedding import Kind
from longagent.retrievers import Bm25, Built, Dense, Hybrid, Ranking, build, building
from longagent.retrievers.postings import Postings
from longagent.store.index_store import IndexStore

TEXTS = ["The whale is white. It swims in the sea.", "The captain of the ship is old and angry.", "Nothing else."]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def built(ranking: Ranking, folder: Path | None = None, of: list[Chunk] | None = None) -> Built:
    async def go() -> Built:
        store = None if folder is None else IndexStore(folder)
        try:
            return await build(of if of is not None else chunks(*TEXTS), ranking, store)
        finally:
            if store is not None:
                await store.aclose()

    return asyncio.run(go())


def indices(made: Built, query: str) -> list[tuple[int, float]]:
    return [(each.chunk.index, each.score) for each in made.retriever.rank(query)]


@pytest.mark.parametrize(
    ("kind", "made", "name"),
    [
        ("bm25", Bm25, "bm25"),
        ("dense", Dense, "dense (words)"),
        ("hybrid", Hybrid, "bm25 and dense (words)"),
        ("auto", Hybrid, "bm25 and dense (words)"),
    ],
)
def test_each_kind_is_built_and_named(kind: building.Kind, made: type, name: str) -> None:
    found = built(Ranking(kind=kind, embedder=WordEmbedder()))
    assert isinstance(found.retriever, made)
    assert (found.name, found.note) == (name, "")


def test_without_an_embedder_words_do_and_who_asked_for_one_is_told() -> None:
    found = built(Ranking(kind="hybrid", missing="It is not installed."))
    assert (found.name, found.note) == ("bm25", "It is not installed. The document is searched by words alone.")
    assert built(Ranking(kind="auto", missing="It is not installed.")).note == ""


def test_a_language_the_embedder_does_not_know_is_left_to_words() -> None:
    spanish = chunks(*["La ballena blanca nada en el mar y el capitán del barco la busca con su gente."] * 3)
    embedder = WordEmbedder(languages=frozenset({"en"}))
    found = built(Ranking(kind="auto", embedder=embedder), of=spanish)
    assert found.name == "bm25"
    assert "'words' does not know the language" in found.note
    assert embedder.seen == []
    asked = built(Ranking(kind="dense", embedder=embedder), of=spanish)
    assert asked.name == "dense (words)"
    assert "does not know the language" in asked.note


def test_no_chunks_are_ranked_by_words_which_is_to_say_not() -> None:
    assert built(Ranking(kind="hybrid", embedder=WordEmbedder()), of=[]).name == "bm25"


def test_the_second_time_nothing_is_read_or_embedded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built(Ranking(kind="hybrid", embedder=WordEmbedder()), folder)
    monkeypatch.setattr(Postings, "of_texts", None)
    embedder = WordEmbedder()
    second = built(Ranking(kind="hybrid", embedder=embedder), folder)
    assert embedder.seen == []
    for query in ("white whale", "captain", "sea and ship", "nobody"):
        assert indices(first, query) == indices(second, query)


def test_only_what_changed_is_embedded_again(folder: Path) -> None:
    built(Ranking(kind="dense", embedder=WordEmbedder()), folder)
    embedder = WordEmbedder()
    built(Ranking(kind="dense", embedder=embedder), folder, chunks(*TEXTS[:2], "Something else.", TEXTS[0]))
    assert embedder.seen == ["Something else."]


def test_vectors_of_another_embedder_are_not_taken(folder: Path) -> None:
    built(Ranking(kind="dense", embedder=WordEmbedder()), folder)
    other = WordEmbedder("others")
    built(Ranking(kind="dense", embedder=other), folder)
    assert len(other.seen) == len(TEXTS)


def test_an_entry_that_cannot_be_read_is_made_anew(folder: Path) -> None:
    async def spoil() -> None:
        store = IndexStore(folder)
        embedder = WordEmbedder()
        await store.put(building._key(TEXTS[0], embedder), {"rows": "AAA", "count": 1})
        await store.put(building._key(TEXTS[1], embedder), {"count": 1})
        await store.put(building._key_of_all(TEXTS), Postings.of_texts(["too", "few"]).to_record())
        await store.aclose()

    asyncio.run(spoil())
    ranking = Ranking(kind="hybrid", embedder=WordEmbedder())
    assert indices(built(ranking, folder), "white whale") == indices(built(ranking), "white whale")


def test_two_at_once_do_not_harm_each_other(folder: Path) -> None:
    async def go() -> list[Built]:
        stores = [IndexStore(folder) for _ in range(4)]
        made = await asyncio.gather(
            *(build(chunks(*TEXTS), Ranking(kind="hybrid", embedder=WordEmbedder()), store) for store in stores)
        )
        for store in stores:
            await store.aclose()
        return made

    first, *others = asyncio.run(go())
    assert all(indices(first, "whale") == indices(other, "whale") for other in others)


def test_fresh_vectors_are_those_that_are_kept(folder: Path) -> None:
    chunk = chunks("The whale is white, and so are nine other things in this sentence of the book.")
    ranking = Ranking(kind="dense", embedder=WordEmbedder())
    fresh, kept = (built(ranking, folder, chunk).retriever for _ in range(2))
    assert isinstance(fresh, Dense)
    assert isinstance(kept, Dense)
    for query in ("white whale", "nine other things", "sentence"):
        np.testing.assert_array_equal(fresh.scores(query), kept.scores(query))


@pytest.mark.parametrize("of", [TEXTS, [*TEXTS, "Something else."]])
def test_a_name_that_stands_for_another_model_now_is_told(folder: Path, of: list[str]) -> None:
    class Shorter(WordEmbedder):
        def embed(self, texts: Sequence[str], kind: Kind = "passage") -> NDArray[np.float32]:
            return super().embed(texts, kind)[:, :-1]

    built(Ranking(kind="dense", embedder=WordEmbedder()), folder)
    with pytest.raises(ModelRejectedError, match="another length than those that were kept"):
        indices(built(Ranking(kind="dense", embedder=Shorter()), folder, chunks(*of)), "whale")


def test_identity_tells_rankings_apart() -> None:
    rankings = [Ranking(kind=kind, embedder=each) for kind in ("bm25", "hybrid") for each in (None, WordEmbedder())]
    assert len({ranking.identity for ranking in rankings}) == 4
