import pytest
from support.chunks import chunks

from longagent.retrievers import Bm25, Retriever


def order(query: str, *texts: str) -> list[int]:
    return [ranked.chunk.index for ranked in Bm25(chunks(*texts)).rank(query)]


def test_the_chunk_with_the_rare_word_comes_first() -> None:
    assert order("where is the dog", "the cat sleeps", "the cat and the dog", "the cat eats")[0] == 1


def test_ties_and_chunks_without_a_match_keep_their_order() -> None:
    ranked = Bm25(chunks("a cat", "nothing", "a cat", "nor this")).rank("cats")
    assert [item.chunk.index for item in ranked] == [0, 2, 1, 3]
    assert ranked[0].score == ranked[1].score > 0
    assert ranked[2].score == ranked[3].score == 0


def test_a_word_that_most_chunks_have_still_counts_for_them() -> None:
    assert order("dogs", "birds", "one dog", "one dog barks")[-1] == 0


@pytest.mark.parametrize("texts", [(), ("",), ("...", "—"), ("the of and",)])
def test_without_words_nothing_breaks(texts: tuple[str, ...]) -> None:
    ranked = Bm25(chunks(*texts)).rank("dog")
    assert [(item.chunk.index, item.score) for item in ranked] == [(i, 0.0) for i in range(len(texts))]


def test_an_empty_query_keeps_the_order() -> None:
    assert order("the?", "one dog", "two dogs") == [0, 1]


def test_limit() -> None:
    retriever: Retriever = Bm25(chunks("one dog", "two cats", "three dogs"))
    assert [item.chunk.index for item in retriever.rank("cat", limit=1)] == [1]


def test_words_match_across_plural_hyphen_and_script() -> None:
    assert order("self refinement of models", "a model", "its self-refinement")[0] == 1
    assert order("人工智能", "今天天气很好", "关于人工智能的书")[0] == 1
