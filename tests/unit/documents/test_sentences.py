import pytest

from longagent.documents.sentences import LONGEST, sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith et al. came. He sat.", ["Dr. Smith et al. came.", "He sat."]),
        (
            "It is with non-U.S. firms. We sell to non-U.S./U.K. ones.",
            ["It is with non-U.S. firms.", "We sell to non-U.S./U.K. ones."],
        ),
        ("It wraps\nhere. Next.", ["It wraps\nhere.", "Next."]),
        (
            "Region: North | Lead: Ann\nRegion: South | Lead: Bo",
            ["Region: North | Lead: Ann", "Region: South | Lead: Bo"],
        ),
        ("No full stop\n\nNew paragraph", ["No full stop", "New paragraph"]),
        ("Revenue\nThe revenue was 5.", ["Revenue", "The revenue was 5."]),
        ("• First one. More of it.\n• Second", ["• First one.", "More of it.", "• Second"]),
        ("1. Item one\n2. Item two", ["1. Item one", "2. Item two"]),
        ("There are (1) cats and (2) dogs. Then birds.", ["There are (1) cats and (2) dogs.", "Then birds."]),
        ("Cash $ 1,093 $ 1,874\nNet 856 (141)", ["Cash $ 1,093 $ 1,874", "Net 856 (141)"]),
        (
            "open as\nof July 29, 2023, or of May 4, 2022. End.",
            ["open as\nof July 29, 2023, or of May 4, 2022.", "End."],
        ),
        ("It ends.[12] Next.", ["It ends.[12]", "Next."]),
        ("今天天气很好。你来吗？", ["今天天气很好。", "你来吗？"]),
        ("它是第一句；好。3.5万元。", ["它是第一句；好。", "3.5万元。"]),
        ("彼は「本当？」と言った。出た！", ["彼は「本当？」", "と言った。", "出た！"]),
        ("一文目です．二文目は３．５です．", ["一文目です．", "二文目は３．５です．"]),
        ("هل هذا صحيح؟ نعم، إنه كذلك. حسنا!", ["هل هذا صحيح؟", "نعم، إنه كذلك.", "حسنا!"]),
        ("១២។ នេះ។", ["១២។", "នេះ។"]),
        ("हाँ यह है। दूसरा।", ["हाँ यह है।", "दूसरा।"]),
        ("😀 One. 😀 Two.", ["😀 One.", "😀 Two."]),
        ("lone \ud800 surrogate. Two.", ["lone \ud800 surrogate.", "Two."]),
        (" \n\t", []),
        ("", []),
    ],
)
def test_cuts(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize("text", ["x" * 5000, "word " * 1000, "(3) " * 50_000, "« a. " * 50_000, "e.g. " * 20_000])
def test_unpunctuated_runs_are_cut_and_nothing_is_lost(text: str) -> None:
    spans = sentences(text)
    assert max(end - start for start, end in spans) <= LONGEST
    position = 0
    for start, end in spans:
        assert not text[position:start].strip()
        position = end
    assert not text[position:].strip()


def test_a_line_that_begins_with_a_number_is_no_list() -> None:
    text = "The task is known (Srivastava,\n2022) to all. Questions date from 1991 to\n2016. We use the test\nset."
    assert [text[start:end] for start, end in sentences(text)] == [
        "The task is known (Srivastava,\n2022) to all.",
        "Questions date from 1991 to\n2016.",
        "We use the test\nset.",
    ]
