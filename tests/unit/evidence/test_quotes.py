import pytest

from longagent.documents.document import Document, Span
from longagent.evidence import find_quote
from longagent.evidence.quotes import cite, quoted

TEXT = (
    "In 2021 it did not open a new plant in Brno, be-\ncause the costs of “ﬁrst-class” steel had risen by 12 percent. "
    "The board of the Novak company met again in March. 人工智能在医学中的应用越来越广泛。"
)
DOCUMENT = Document.from_pages(["Cover.", TEXT], id="d", name="d.pdf", paged=True)
SPANS = [Span(DOCUMENT, page.start, page.end) for page in DOCUMENT.pages]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ('It says "one two three four".', ["one two three four"]),
        ("«one two three four» and “two three four five…”", ["one two three four", "two three four five"]),
        ("「人工智能在医学中」", ["人工智能在医学中"]),
        ('the "LOGIC-LM" model', []),
    ],
)
def test_only_long_passages_in_quotation_marks_are_quotes(reply: str, expected: list[str]) -> None:
    assert list(quoted(reply)) == expected


@pytest.mark.parametrize(
    "said",
    [
        "did not open a new plant in Brno, because the costs",
        "the costs of 'first-class' steel".replace("'", '"'),
        "THE BOARD  of the Novak company",
        "人工智能在医学中的应用",
    ],
)
def test_exact_up_to_typography(said: str) -> None:
    citation = cite(said, SPANS)
    assert citation.status == "exact"
    assert citation.said == said
    assert citation.page == 2
    assert citation.start is not None
    assert citation.quote == DOCUMENT.text[citation.start : citation.end]


@pytest.mark.parametrize(
    "said",
    [
        "its board of the Novak company met again in March",
        "In 2021 it did not open a new plant in Brno, because the costs of the",
    ],
)
def test_close_when_only_the_edge_differs(said: str) -> None:
    found = find_quote(said, SPANS)
    assert found is not None
    assert found.status == "close"


@pytest.mark.parametrize(
    "said",
    [
        "open a new plant in Brno, because the costs of steel had fallen",
        "had risen by 13 percent. The board of the Novak company met",
        "The board of the Novak company met again in April",
        "did open a new plant in Brno, because the costs of",
        "The committee of the Kovar company met again in March",
    ],
)
def test_a_changed_fact_is_never_a_quote(said: str) -> None:
    citation = cite(said, SPANS)
    assert citation.status == "unverified"
    assert (citation.page, citation.start, citation.end, citation.quote) == (None, None, None, None)
    assert citation.said == said


def test_a_quote_that_dropped_a_negation_at_its_edge_is_not_close() -> None:
    document = Document.from_text("We did not find that the treatment changed the outcome of the patients at all.")
    said = "We did find that the treatment changed the outcome of the patients at all"
    assert find_quote(said, [Span(document, 0, len(document.text))]) is None
