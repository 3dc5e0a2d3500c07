import time

import pytest

from longagent.evidence.words import keys, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What was the revenue of the companies?", ["revenue", "company"]),
        ("1,234 and 482,000.50 of 18.40%", ["1234", "482000.5", "18.4"]),
        ("2.0 or 2", ["2.0", "2"]),
        ("3,5,7 hops", ["3", "5", "7", "hop"]),
        ("five dogs", ["5", "dog"]),
        ("٣٤ items", ["34", "item"]),
        ("Anna’s café", ["anna", "cafe"]),
        ("Иван жил в Москве", ["иван", "жил", "в", "москве"]),
        ("人工智能", ["人工", "工智", "智能"]),
        ("AT&T, GPT3 and Microsoft4", ["at&t", "gpt3", "microsoft"]),
        ("prob-\nlem", ["problem"]),
        ("", []),
    ],
)
def test_content_words(text: str, expected: list[str]) -> None:
    assert [word.key for word in words(text)] == expected


def test_a_hyphenated_word_counts_as_a_whole_and_as_its_parts() -> None:
    assert keys("self-refinement") == ["selfrefinement", "self", "refinement"]
    assert keys("selfrefinement") == ["selfrefinement"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The director is Jan Novák. He lives in Brno.", ["Jan", "Novák", "Brno"]),
        ("He said: Yes, the FOLIO set.", ["FOLIO"]),
        ("“Quite so,” he said.", []),
    ],
)
def test_names_are_capitalised_words_inside_a_sentence(text: str, names: list[str]) -> None:
    assert [text[word.start : word.end] for word in words(text) if word.kind == "name"] == names


@pytest.mark.parametrize("text", ["a-" + "\n" * 300_000, "1,234" * 100_000, "a.b" * 200_000, "人" * 300_000])
def test_takes_linear_time(text: str) -> None:
    began = time.perf_counter()
    words(text)
    assert time.perf_counter() - began < 10
