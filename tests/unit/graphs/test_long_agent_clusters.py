"""Clusters of answers, and what is left of two after a chunk of each was read together."""

from random import Random

import pytest

from longagent.graphs.long_agent.clusters import (
    Cluster,
    Round,
    cluster,
    conflicts,
    in_order,
    next_pair,
    pick,
    settle,
    together,
    unite,
)


def made(chunks: list[int], *answers: str) -> Cluster:
    return Cluster(answers=[*answers], chunks=chunks)


def test_equal_answers_cluster_whatever_their_case_articles_punctuation_and_numbers() -> None:
    said = [(0, "The Danko Jones band."), (2, "danko jones BAND"), (3, "1,234"), (5, "1234."), (6, "Rome")]
    assert cluster(said) == [
        made([0, 2], "The Danko Jones band.", "danko jones BAND"),
        made([3, 5], "1,234", "1234."),
        made([6], "Rome"),
    ]


def test_one_answer_that_holds_the_others_words_is_the_same_and_a_negation_is_not() -> None:
    assert cluster([(0, "1907"), (1, "It was rebuilt in 1907.")]) == [made([0, 1], "1907", "It was rebuilt in 1907.")]
    assert len(cluster([(0, "It was rebuilt."), (1, "It was not rebuilt.")])) == 2


def test_aliases_unite_clusters_and_nonsense_does_not() -> None:
    three = [made([0], "NYC"), made([1], "Rome"), made([2], "New York")]
    assert unite(three, [(0, 2)]) == [made([0, 2], "NYC", "New York"), made([1], "Rome")]
    assert unite(three, [(0, 2), (2, 1)]) == unite(three, [(0, 2)])
    assert unite(three, [(7, 9), (1,)]) == three


def test_the_pair_with_most_chunks_comes_first_and_pairs_that_failed_are_passed_over() -> None:
    three = [made([0], "a"), made([1, 4], "b"), made([2], "c")]
    assert next_pair(three, []) == (0, 1)
    assert next_pair(three, [["a", "b"]]) == (1, 2)
    assert next_pair(three, [["a", "b"], ["b", "c"], ["a", "c"]]) is None
    assert next_pair(three[:1], []) is None


def test_who_stood_a_reading_waits_for_the_others() -> None:
    four = [made([1, 2, 3], "a"), made([4], "b"), made([5, 6], "c"), made([7], "d")]
    assert next_pair(four, [], {"a": 1}) == (1, 2)
    assert next_pair(four, [], {"a": 1, "b": 1, "c": 1}) == (0, 3)
    assert next_pair(four, [], {"a": 2, "b": 1, "c": 1, "d": 1}) == (1, 2)


def test_a_member_of_each_is_drawn_the_same_way_for_the_same_seed() -> None:
    one, other = made([0, 1, 2, 3], "a"), made([5, 6, 7], "b")
    drawn = {pick(one, other, Random(seed)) for seed in range(40)}
    assert len(drawn) > 6
    assert pick(one, other, Random("7 1 0")) == pick(one, other, Random("7 1 0"))


def test_the_cluster_that_agrees_with_what_both_say_stays() -> None:
    left = settle(made([0], "Rome"), made([4, 6], "Paris"), (0, 6), "paris.")
    assert left.kept == [made([4, 6], "Paris")]
    assert [(one["answer"], one["chunks"], one["kept"]) for one in left.rejected] == [("Rome", [0], False)]
    assert left.rejected[0]["reason"] == "chunks 1 and 7, read together, say: paris."


def test_an_answer_that_equals_neither_takes_the_chunks_of_the_more_similar() -> None:
    left = settle(made([0], "17 guilders"), made([4], "482,000 crowns"), (0, 4), "428,000 crowns")
    # The text that says so may stand in either of the two that were read.
    assert left.kept == [made([0, 4], "428,000 crowns")]
    assert [one["answer"] for one in left.rejected] == ["17 guilders", "482,000 crowns"]


def test_what_two_say_together_is_one_with_others_that_said_it_before() -> None:
    left = settle(made([0], "Rome"), made([4], "Paris"), (0, 4), "Oslo")
    assert together([made([6, 9], "in Oslo"), made([2], "Ribe")], left.kept) == [
        made([0, 4, 6, 9], "Oslo", "in Oslo"),
        made([2], "Ribe"),
    ]


def test_an_answer_that_holds_both_makes_them_one() -> None:
    left = settle(made([0], "Rome"), made([4], "Paris"), (0, 4), "Rome and Paris")
    assert (left.kept, left.rejected) == ([made([0, 4], "Rome and Paris", "Rome", "Paris")], [])


def test_a_refusal_withdraws_what_these_two_chunks_said_and_no_more() -> None:
    left = settle(made([0], "Rome"), made([4, 6], "Paris"), (0, 4), "")
    assert left.kept == [made([6], "Paris")]
    # Who said it is told even where others still do.
    reason = "chunks 1 and 5, read together, do not say it"
    assert [(one["answer"], one["chunks"], one["reason"]) for one in left.rejected] == [
        ("Rome", [0], reason),
        ("Paris", [4], reason),
    ]


@pytest.mark.parametrize("gathers", [False, True])
def test_a_conflict_is_a_round_with_several_answers_unless_all_of_them_count(gathers: bool) -> None:
    gone = settle(made([0], "Rome"), made([4], "Paris"), (0, 4), "Paris")
    one = Round(instruction="Where?", gathers=gathers, asked=5, clusters=gone.kept, rejected=gone.rejected)
    alone = Round(instruction="Who?", gathers=False, asked=5, clusters=[made([1], "Ann")], rejected=[])
    told = conflicts([one, alone])
    assert [(each["instruction"], [rival["kept"] for rival in each["rivals"]]) for each in told] == (
        [] if gathers else [("Where?", [True, False])]
    )


def test_clusters_stand_in_the_order_of_the_text() -> None:
    assert in_order([made([9], "b"), made([2, 11], "a")]) == [made([2, 11], "a"), made([9], "b")]
