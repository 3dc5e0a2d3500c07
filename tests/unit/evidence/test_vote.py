"""The vote over several answers."""

import itertools

import pytest

from longagent.evidence.vote import agree, agreeing, camps, vote


@pytest.mark.parametrize(
    ("answers", "winner"),
    [
        (["Paris"], 0),
        (["Rome", "Paris", "paris."], 1),
        (["Rome", "The Danko Jones", "Danko Jones!", "Rome", "“danko jones”"], 1),
        (["Oslo", "It was rebuilt in 1907.", "1907"], 1),
        (["Oslo", "1,234 crowns", "1234 crowns"], 1),
        (["Rome", "Paris"], 0),
        (["Paris", "Rome", "Rome", "Paris"], 0),
        (["Rome", "柏林", "柏林。"], 1),
        (["الرياض", "باريس", "باريس"], 1),
        (["Berlin", "Кёльн", "в Кёльн"], 1),
        (["42", "??", "!!"], 0),
    ],
)
def test_the_answer_most_agree_on_wins_and_ties_go_to_the_earliest(answers: list[str], winner: int) -> None:
    assert vote(answers) == winner


def test_the_most_frequent_wording_speaks_for_those_that_contain_it() -> None:
    assert vote(["The film was made in Oslo, Norway.", "Oslo", "Oslo", "Rome", "Rome"]) == 1


@pytest.mark.parametrize("nothing", ["Not found.", "The document does not mention it.", "", "  "])
def test_not_found_counts_only_if_all_say_it(nothing: str) -> None:
    assert vote([nothing, nothing, "1907"]) == 2
    assert vote([nothing, nothing]) == 0


@pytest.mark.parametrize(
    ("one", "opposite"),
    [
        ("Yes", "No"),
        ("Yes, the company is.", "No, the company is not."),
        ("The drug is effective.", "The drug is not effective."),
        ("It worked.", "It didn't work, it never worked."),
    ],
)
def test_opposites_never_join(one: str, opposite: str) -> None:
    assert vote([one, opposite, opposite]) == 1
    assert vote([opposite, one, one]) == 1
    assert vote([one, opposite]) == 0
    # Together they would win against the third.
    assert vote(["Maybe so", "Maybe so", "Maybe so", one, opposite, one, opposite]) == 0


def test_yes_and_no_agree_with_their_longer_selves() -> None:
    assert vote(["Rome", "No.", "No, it is not effective."]) == 1
    assert vote(["Rome", "Yes, both are American.", "yes"]) == 1


def test_an_answer_that_names_both_candidates_makes_no_allies_of_them() -> None:
    answers = ["Rome", "Rome", "Oslo", "Oslo", "Oslo", "Rome and Oslo", "Rome, Oslo"]
    assert answers[vote(answers)] == "Oslo"


def test_those_that_agree_stand_behind_the_one_that_speaks_for_them() -> None:
    answers = ["Rome", "It was in Oslo.", "Not found.", "Oslo", "Oslo", "Rome"]
    assert agreeing(answers) == [3, 1, 4]
    assert agreeing(["Not found.", ""]) == [0]


def test_the_order_of_answers_decides_only_ties() -> None:
    answers = ["Oslo", "In Oslo.", "Rome", "Not found."]
    for order in itertools.permutations(answers):
        assert order[vote(order)] in {"Oslo", "In Oslo."}


def test_no_answer_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        vote([])


def test_camps_are_all_that_agree_in_the_order_of_their_first_answers() -> None:
    assert camps(["Oslo", "1907", "Not found.", "It was rebuilt in 1907.", "oslo!", "1907"]) == [[0, 4], [1, 3, 5], [2]]
    assert camps([]) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("The Danko Jones.", "danko jones", True),
        ("1,234 crowns", "1234", True),
        ("Rome", "Paris", False),
        ("It was rebuilt.", "It was not rebuilt.", False),
        ("Yes", "No", False),
    ],
)
def test_two_answers_agree_whatever_their_wording(one: str, other: str, same: bool) -> None:
    assert agree(one, other) == agree(other, one) == same
