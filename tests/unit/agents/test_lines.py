"""The codec: replies are read however models write them."""

import time
from contextlib import suppress

import pytest

from longagent.agents.lines import is_reply, read_choice, read_lines, read_number, read_numbers, unlabelled
from longagent.errors import ReplyError

LABELS = ("extracted information", "rationale", "answer", "confidence")
FULL = {
    "extracted information": "It was rebuilt in 1907.",
    "rationale": "Said so.",
    "answer": "1907",
    "confidence": "4",
}


def read(reply: str) -> dict[str, str]:
    return read_lines(reply, LABELS, main="answer")


@pytest.mark.parametrize(
    "reply",
    [
        "Extracted information: It was rebuilt in 1907.\nRationale: Said so.\nAnswer: 1907\nConfidence: 4",
        "**Extracted Information:** It was rebuilt in 1907.\n\n**Rationale**: Said so.\nAnswer: 1907\n*Confidence*:4",
        "## Extracted information\nIt was rebuilt in 1907.\n## Rationale\nSaid so.\n## Answer\n1907\n## Confidence\n4",
        "1. Extracted information: It was rebuilt in 1907.\n2. Rationale: Said so.\n3. Answer: 1907\n4. Confidence: 4",
        "- extracted information: It was rebuilt in 1907.\n- rationale: Said so.\n- answer: 1907\n- confidence: 4",
        "<extracted_information>It was rebuilt in 1907.</extracted_information>\n<rationale>Said so.</rationale>\n"
        "<answer>1907</answer>\n<confidence>4</confidence>",
        "Sure! Here it is.\n\nExtracted information:\nIt was rebuilt in 1907.\nMy rationale: Said so.\n"
        "Final answer: 1907\nConfidence: 4",
        "[passage 1, page 2, 0a1b2c3d]\nAnswer: 1907\n[end 0a1b2c3d]\nConfidence: 4\nRationale: Said so.\n"
        "Extracted information: It was rebuilt in 1907.",
    ],
)
def test_labels_in_all_the_ways_models_write_them(reply: str) -> None:
    assert read(reply) == FULL


def test_a_reply_without_labels_is_its_main_field() -> None:
    assert read("It was rebuilt in 1907.\nThat is all.") == {"answer": "It was rebuilt in 1907.\nThat is all."}
    assert read("In 1907.\nConfidence: 3") == {"answer": "In 1907.", "confidence": "3"}


def test_a_field_may_have_several_lines_and_colons() -> None:
    found = read("Extracted information:\n- Cost: 482,000\n- Year: 1907\nAnswer: 482,000: crowns")
    assert found == {"extracted information": "- Cost: 482,000\n- Year: 1907", "answer": "482,000: crowns"}


def test_of_a_label_that_comes_twice_the_first_that_says_something_counts() -> None:
    assert read("Answer:\nRationale: x\nAnswer: 1907\nAnswer: 1908")["answer"] == "1907"


def test_labels_within_a_line_are_words() -> None:
    assert read("The answer: it was 1907.")["answer"] == "it was 1907."
    assert read("We know the answer: 1907.") == {"answer": "We know the answer: 1907."}
    assert read("Answers vary: 5.") == {"answer": "Answers vary: 5."}


@pytest.mark.parametrize("reply", ["", " \n", "Answer:", "**Answer:**\n", "Confidence: 5", "<answer></answer>"])
def test_nothing_under_the_main_label_is_no_reply(reply: str) -> None:
    with pytest.raises(ReplyError):
        read(reply)


@pytest.mark.parametrize(
    ("text", "number"),
    [("4", 4), ("4/5", 4), ("4 of 5", 4), ("about 3.5, I think", 3.5), ("high", None), ("v2", None), ("", None)],
)
def test_numbers(text: str, number: float | None) -> None:
    assert read_number(text) == number


def test_lists_of_numbers() -> None:
    assert read_numbers("Pages 3, 5-7 and 5.") == [3, 5, 6, 7]
    assert read_numbers("[12] [1]") == [12, 1]
    assert read_numbers("1 to 999999") == [1]
    assert read_numbers("7-3") == [7]
    assert read_numbers("none") == []


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("yes", "yes"),
        ("**Yes.** It is not a no.", "yes"),
        ("No, since nothing useful is said", "no"),
        ("The passage is useful", "yes"),
        ("maybe", None),
        ("yes and no", None),
        ("", None),
        ("Nothing known", None),
    ],
)
def test_choices(text: str, choice: str | None) -> None:
    assert read_choice(text, {"yes": ("yes", "useful"), "no": ("no", "not useful")}) == choice


def test_free_text_loses_what_announces_it() -> None:
    assert unlabelled("Updated memory:\nIt rained.", ("memory",)) == "It rained."
    assert unlabelled("Here is my memory: It rained.", ("memory",)) == "It rained."
    assert unlabelled("Memory: ", ("notes",)) == "Memory:"


@pytest.mark.parametrize(
    "reply",
    [
        "answer" + "*" * 100_000,
        "\n" * 100_000 + "x",
        "answer: " * 20_000,
        "# " * 50_000,
        "the " * 50_000,
        "<answer>" * 20_000,
    ],
)
def test_reading_takes_linear_time(reply: str) -> None:
    began = time.perf_counter()
    for function in (read, unlabelled):
        with suppress(ReplyError):
            function(reply)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("reply", "fixed"),
    [
        ("No change.", True),
        ("no change", True),
        ("**No change.**", True),
        ('"No change."', True),
        ("- No change\n", True),
        ("No  change: the passage is about dunes.", True),
        ("No change. It does not help.", True),
        ("No change - nothing here helps", True),
        ("No change in rent was agreed.", False),
        ("No changes.", False),
        ("There was no change.", False),
        ("", False),
    ],
)
def test_a_fixed_reply_is_known_whatever_stands_around_it(reply: str, fixed: bool) -> None:
    assert is_reply(reply, ["no change"]) == fixed
