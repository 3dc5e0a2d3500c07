import numpy as np
import pytest
from numpy.typing import NDArray
from support.chunks import chunks

from longagent.retrievers import Hybrid, Retriever
from longagent.retrievers.hybrid import DENSE_WEIGHT, SMOOTHING, fused
from longagent.retrievers.language import covers, is_latin

ENGLISH = "The company had revenues of 5 million in the year, which is more than it had in the year before."
TABLE = "Revenues 2022 2021\nAirplanes 25,867 19,493\nDefense 23,162 26,540\nServices 17,611 16,328\n"
OTHERS = {
    "es": "La empresa tuvo ingresos de 5 millones en el año, que es más de lo que tuvo en el año anterior.",
    "de": "Das Unternehmen hatte in dem Jahr Umsätze von 5 Millionen, was mehr ist, als es im Jahr davor hatte.",
    "fr": "La société a eu des revenus de 5 millions dans l'année, ce qui est plus que dans l'année précédente.",
    "it": "La società ha avuto ricavi di 5 milioni nell'anno, più di quanto ne abbia avuti nell'anno prima.",
    "nl": "Het bedrijf had dat jaar een omzet van 5 miljoen, wat meer is dan het een jaar eerder had behaald.",
    "ru": "В этом году выручка компании составила 5 миллионов, что больше, чем годом ранее.",
    "ar": "بلغت إيرادات الشركة خمسة ملايين في العام، وهو ما يزيد عما كانت عليه في العام السابق.",
    "zh": "该公司当年收入为500万，高于前一年。该公司当年收入为500万，高于前一年。",
}


class Given:
    def __init__(self, *scores: float) -> None:
        self.name = "given"
        self._scores = scores

    def scores(self, query: str) -> NDArray[np.float32]:
        return np.array(self._scores, np.float32)


def order(words: Given, meaning: Given, query: str = "which?", *, latin: bool = False) -> list[int]:
    retriever: Retriever = Hybrid(chunks("a", "b", "c", "d"), words, meaning, latin=latin)
    return [each.chunk.index for each in retriever.rank(query)]


def test_a_place_counts_the_less_the_lower_and_no_score_counts_for_nothing() -> None:
    assert list(fused(np.array([0.0, 3.0, -1.0, 9.0], np.float32))) == [0, 1 / (SMOOTHING + 2), 0, 1 / (SMOOTHING + 1)]
    assert 0 < DENSE_WEIGHT < 1


def test_words_lead_and_meaning_decides_what_is_close() -> None:
    assert order(Given(9, 8, 0, 0), Given(0, 0.9, 0.8, 0)) == [1, 0, 2, 3]
    assert order(Given(0, 0, 0, 0), Given(0, 0, 0.1, 0.9)) == [3, 2, 0, 1]
    assert order(Given(0, 0, 0, 0), Given(0, 0, 0, 0)) == [0, 1, 2, 3]


@pytest.mark.parametrize(("query", "first"), [("which is it?", 1), ("哪一个？", 0), ("какой?", 0), ("2022", 1)])
def test_a_query_in_another_script_is_left_to_words(query: str, first: int) -> None:
    assert order(Given(9, 8, 0, 0), Given(0, 0.9, 0.8, 0), query, latin=True)[0] == first


@pytest.mark.parametrize("language", OTHERS)
def test_other_languages_are_told_from_english(language: str) -> None:
    text = OTHERS[language]
    assert not covers(frozenset({"en"}), [text] * 3)
    assert covers(None, [text])
    assert covers(frozenset({"en", language}), [text])


@pytest.mark.parametrize("texts", [[ENGLISH] * 3, [ENGLISH, TABLE], [TABLE[:20]], [], ["", "..."]])
def test_english_is_covered_and_so_is_what_says_nothing(texts: list[str]) -> None:
    assert covers(frozenset({"en"}), texts)


def test_latin_is_what_most_letters_are() -> None:
    assert is_latin("Überraschung Peñíscola")
    assert not is_latin("что такое BM25")
