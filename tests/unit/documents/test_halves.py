"""A text that is too long for a model is cut where it hurts least."""

import pytest

from longagent.documents import Document, Span
from longagent.documents.chunking import halves


def cut(text: str, before: str = "", after: str = "") -> tuple[str, str]:
    document = Document.from_text(before + text + after)
    first, second = halves(Span(document, len(before), len(before) + len(text)))
    assert first.end == second.start
    assert (first.start, second.end) == (len(before), len(before) + len(text))
    return first.text, second.text


def test_the_border_of_sentences_nearest_to_the_middle() -> None:
    first, second = cut("One is short. The second is longer than that. And the third is last of all.")
    assert (first, second.strip()) == ("One is short. The second is longer than that.", "And the third is last of all.")


def test_a_span_within_a_document() -> None:
    assert cut("First part. Other part.", "Before it. ", " After it.")[0] == "First part."


def test_a_single_sentence_is_cut_at_a_space() -> None:
    first, second = cut("seventeen gulls sat on the wall and looked at the sea all day")
    assert second.startswith(" ")
    assert abs(len(first) - len(second)) < 15


@pytest.mark.parametrize(
    "text", ["x" * 1000, "港口重建费用" * 200, "😀" * 300, "  a", "ab", "\n\n\n\n", "a. " * 50, " x" * 9]
)
def test_nothing_is_lost_and_both_halves_are_shorter(text: str) -> None:
    first, second = cut(text)
    assert first + second == text
    assert first
    assert second
