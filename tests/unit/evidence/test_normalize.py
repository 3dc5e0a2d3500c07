import time

import pytest

from longagent.evidence.normalize import normalize


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("The  ﬁrst\n of\tﬁve", "the first of five"),
        ("“Don’t”", '"don\'t"'),
        ("2019–2020 — and so", "2019-2020 - and so"),
        ("so—and", "so - and"),
        ("self-refine\u00adment", "selfrefinement"),
        ("self-refine-\nment", "selfrefinement"),
        ("self\u0002refinement", "selfrefinement"),
        ("Cafe\u0301 STRASSE straße", "café strasse strasse"),
        ("zero\u200bwidth", "zerowidth"),
        ("今天\n天气很好。", "今天天气很好。"),
        ("  edges  ", "edges"),
        ("", ""),
    ],
)
def test_unifies_typography(source: str, expected: str) -> None:
    assert normalize(source).text == expected


@pytest.mark.parametrize("needle", ["first-order logic", "the ﬁrst order", "logic — “quoted”"])
def test_maps_a_match_back_to_exactly_its_place(needle: str) -> None:
    source = f"Before it.  {needle.replace(' ', '  ')}, and after."
    form = normalize(source)
    wanted = normalize(needle).text
    start, end = form.source(form.find(wanted), form.find(wanted) + len(wanted))
    assert source[start:end] == needle.replace(" ", "  ")


def test_a_ligature_is_taken_whole() -> None:
    form = normalize("an o\ufb03ce")
    at = form.text.index("fi")
    assert form.source(at, at + 2) == (4, 5)


@pytest.mark.parametrize(
    ("needle", "text", "there"),
    [
        ("12", "it was 1,124 or 12 000", True),
        ("12", "it was 1,12 or 124", False),
        ("18", "a share of 18.4", False),
        ("4", "a share of 18.4", False),
        ("art", "the start of parts", False),
        ("microsoft", "made by microsoft4", True),
        ("天气", "今天天气很好", True),
        ("", "anything", False),
    ],
)
def test_finds_only_whole_words_and_numbers(needle: str, text: str, there: bool) -> None:
    assert (normalize(text).find(needle) >= 0) is there


@pytest.mark.parametrize(
    "source", ["Some words, 1,234 of them. " * 40_000, "-" * 500_000 + "\n" * 500_000, "\u0301" * 10**6]
)
def test_takes_linear_time(source: str) -> None:
    began = time.perf_counter()
    normalize(source)
    assert time.perf_counter() - began < 10
