"""Kinds of questions, told from their words: questions of our own, several for each cue."""

import time

import pytest
from support.questions import AGGREGATES, CALCULATIONS, COMPARISONS, EXPLANATIONS, LOOK_UPS, PATHS, SUMMARIES

from longagent.graphs.auto import question_type


@pytest.mark.parametrize(
    ("kind", "questions"),
    [
        ("look-up", LOOK_UPS),
        ("summary", SUMMARIES),
        ("calculation", CALCULATIONS),
        ("aggregate", AGGREGATES),
        ("comparison", COMPARISONS),
        ("multi-hop", PATHS),
        ("explanation", EXPLANATIONS),
    ],
)
def test_kinds_of_questions(kind: str, questions: list[str]) -> None:
    assert [(question, question_type(question).kind) for question in questions] == [
        (question, kind) for question in questions
    ]


def test_the_words_that_decide_are_told() -> None:
    told = question_type("How many  people were\ninjured IN TOTAL?")
    assert told.cue == "how many people were injured in total"
    assert told.cue in "how many people were injured in total?"
    assert question_type("Who signed?").cue == ""


def test_capitals_quotes_and_line_breaks_do_not_matter() -> None:
    assert question_type("WHAT’S THIS\nDOCUMENT ABOUT").kind == "summary"
    assert question_type("  why   DID it rain?  ").kind == "explanation"


@pytest.mark.parametrize("question", ["", "   ", "?", "…!"])
def test_a_question_without_a_word_is_unclear(question: str) -> None:
    assert question_type(question).kind == "unclear"


@pytest.mark.parametrize("filler", ["change from ", "the person who ", "which is more ", "x" * 50 + " ", "how much "])
def test_a_very_long_question_takes_no_time_and_is_told_by_its_ends(filler: str) -> None:
    started = time.monotonic()
    question_type(filler * 20_000)
    assert time.monotonic() - started < 1
    assert question_type("word " * 20_000 + "Summarize this.").kind == "look-up"
    assert question_type("word. " * 20_000 + "Summarize this.").kind == "summary"
    assert question_type("Summarize this: " + "word " * 20_000).kind == "summary"
