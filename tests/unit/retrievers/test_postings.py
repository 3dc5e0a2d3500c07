import json
import random

import numpy as np
import pytest
from rank_bm25 import BM25Plus

from longagent.evidence.words import keys, words
from longagent.retrievers.postings import VERSION, Postings

WORDS = ["whale", "ships", "captain", "Ahab", "sea", "1,234", "self-made", "mañana", "人工智能", "корабль", "the", "of"]


def some_texts(count: int, seed: int = 0) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=chance.randrange(0, 40))) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 2, 7, 300])
@pytest.mark.parametrize(
    "query", ["the captain of the ships", "whale whale 1234", "人工智能 and 工智", "self made", "nobody"]
)
def test_scores_are_those_of_rank_bm25(count: int, query: str) -> None:
    texts = [*some_texts(count), "a whale"]
    theirs = BM25Plus([keys(text) for text in texts], delta=0).get_scores(keys(query))
    np.testing.assert_allclose(Postings.of_texts(texts).scores(query), theirs, rtol=1e-5)


@pytest.mark.parametrize("texts", [[], [""], ["...", "—"], ["the of and"], some_texts(50)])
def test_what_is_kept_comes_back_the_same(texts: list[str]) -> None:
    read = Postings.of_texts(texts)
    record = json.loads(json.dumps(read.to_record()))
    kept = Postings.from_record(record)
    assert len(kept) == len(texts)
    for query in WORDS:
        np.testing.assert_array_equal(kept.scores(query), read.scores(query))
        for key in keys(query):
            np.testing.assert_array_equal(kept.found(key), read.found(key))


@pytest.mark.parametrize(
    "change",
    [{"terms": 1}, {"terms": "one\ntwo"}, {"texts": ""}, {"starts": "x"}, {"counts": "AAAA"}, {"lengths": ""}],
)
def test_a_broken_record_is_refused(change: dict[str, object]) -> None:
    record = Postings.of_texts(some_texts(20)).to_record() | change
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        Postings.from_record(record)


def test_lone_surrogates_are_kept_too() -> None:
    texts = ["a \ud800bc whale", "a ship"]
    kept = Postings.from_record(Postings.of_texts(texts).to_record())
    assert list(kept.scores("whale") > 0) == [True, False]


@pytest.mark.parametrize(
    "text", [*some_texts(30, seed=1), "3rd of 12th, 中3, 007 x1.50 (1,234.50) U.S. co\xadop re-\nuse’s"]
)
def test_search_terms_are_the_keys_of_the_words(text: str) -> None:
    assert keys(text) == [key for word in words(text) for key in (word.key, *word.parts)]


def test_words_are_cut_as_when_the_version_was_counted() -> None:
    """What is kept was made with these terms; where they change, `VERSION` must, and this with it."""
    text = "The self-refined models' 1,234.50 ships (3rd) of Peñíscola paid three boxes; 人工智能, ภาษาไทย, корабли"
    assert VERSION == 1
    assert keys(text) == [
        *["selfrefined", "self", "refined", "model", "1234.5", "ship", "3rd", "peniscola", "paid", "3", "box"],
        *["人工", "工智", "智能", "ภา", "าษ", "ษา", "าไ", "ไท", "ทย", "корабли"],
    ]
