from collections.abc import Sequence

import pytest

from longagent.documents.document import Document, Span
from longagent.evidence import trace

PAGES = (
    "Annual report of the Sever brewery. The brewery was founded in 1891 by Karel Havel. It is in the old town.",
    "Figures. In 2021 revenue was 455,000 crowns. In 2022 revenue rose to 482,000 crowns. Profit fell to 31,000.",
    "The brewery employs 42 people. The director is Jan Novák. He did not close the restaurant in 2022. "
    "Three kinds of beer are brewed: a pale lager, a dark lager and a wheat beer.",
)
DOCUMENT = Document.from_pages(PAGES, id="d" * 64, name="report.pdf", paged=True)
SPANS = tuple(Span(DOCUMENT, page.start, page.end) for page in DOCUMENT.pages)


@pytest.mark.parametrize(
    ("question", "reply", "page", "quote"),
    [
        ("What was revenue in 2022?", "482,000 crowns", 2, "In 2022 revenue rose to 482,000 crowns."),
        (
            "What was revenue in 2022?",
            "Revenue in 2022 was 482000 crowns.",
            2,
            "In 2022 revenue rose to 482,000 crowns.",
        ),
        ("What was revenue in 2021?", "The answer is: 455,000.", 2, "In 2021 revenue was 455,000 crowns."),
        ("Who is the director?", "Jan Novak", 3, "The director is Jan Novák."),
        (
            "Who founded the brewery?",
            "It was founded by Karel Havel.",
            1,
            "The brewery was founded in 1891 by Karel Havel.",
        ),
        (
            "How many people work there?",
            "The brewery employs forty-two people: 42.",
            3,
            "The brewery employs 42 people.",
        ),
        ("Was the restaurant closed in 2022?", "No.", 3, "He did not close the restaurant in 2022."),
        ("Is the lager pale or dark beer?", "dark", 3, PAGES[2][PAGES[2].index("Three") :]),
    ],
)
def test_an_answer_is_located_in_its_sentence(question: str, reply: str, page: int, quote: str) -> None:
    traced = trace(question, reply, SPANS)
    assert (traced.grounded, traced.reason) == (True, "")
    found = traced.citations[0]
    assert (found.page, found.page_end, found.quote, found.status) == (page, page, quote, "located")
    assert found.said is None
    assert found.quote == DOCUMENT.text[found.start : found.end]


@pytest.mark.parametrize(
    ("question", "reply", "reason"),
    [
        ("What was revenue in 2022?", "483,000 crowns", "number '483,000'"),
        ("Who is the director?", "The director is Petr Novák.", "name 'Petr'"),
        ("What is the name of the owner's dog?", "Jan Novák", "not about what was asked"),
        ("What was revenue in 2022?", "Revenue in 2022.", "repeats the question"),
        ("What is the capital of Australia?", "Canberra", "nothing that was read"),
        ("What is said about beer?", "It is brewed from imported hops and roasted barley malt.", "too few"),
        ("What was revenue in 2022?", "", "nothing that was read"),
    ],
)
def test_an_answer_that_was_not_read_is_not_grounded(question: str, reply: str, reason: str) -> None:
    traced = trace(question, reply, SPANS)
    assert not traced.grounded
    assert reason in traced.reason


def test_equal_answers_are_told_apart_by_the_question() -> None:
    text = "The pump weighs 12 kilograms. It is red.\n\nThe boiler weighs 12 kilograms. It is blue."
    document = Document.from_text(text)
    spans = [Span(document, 0, len(text))]
    assert (
        trace("How heavy is the boiler?", "12 kilograms", spans).citations[0].quote == "The boiler weighs 12 kilograms."
    )
    assert trace("How heavy is the pump?", "12 kilograms", spans).citations[0].quote == "The pump weighs 12 kilograms."


def test_an_answer_of_several_sentences_gets_several_places() -> None:
    reply = (
        "It was founded by Karel Havel in 1891. The director is Jan Novák. It employs 42 people. It brews wheat beer."
    )
    citations = trace("Tell me about the brewery: founder, director, people, beer.", reply, SPANS).citations
    assert [found.page for found in citations] == [1, 3, 3]


def test_a_quote_comes_first_and_is_not_cited_twice() -> None:
    traced = trace("Who is the director?", 'Jan Novák: "the director is Jan Novák".', SPANS)
    assert [(found.status, found.quote) for found in traced.citations] == [("exact", "The director is Jan Novák")]
    assert traced.grounded


def test_a_made_up_quote_stays_unverified() -> None:
    traced = trace("Who is the director?", 'Jan Novák. "The director was chosen by his wife."', SPANS)
    assert [found.status for found in traced.citations] == ["located", "unverified"]
    assert traced.citations[1].page is None


def test_the_question_in_quotation_marks_is_no_quote() -> None:
    traced = trace("Who is the director of the brewery?", 'The "director of the brewery" is Jan Novák.', SPANS)
    assert [found.status for found in traced.citations] == ["located"]


@pytest.mark.parametrize("spans", [(), (Span(DOCUMENT, 0, 0),)])
def test_nothing_read_carries_nothing(spans: Sequence[Span]) -> None:
    traced = trace("Who?", 'Jan Novák, "the director of it all"', spans)
    assert not traced.grounded
    assert not any(found.quote for found in traced.citations)


def test_overlapping_spans_and_other_scripts() -> None:
    text = "公司成立于1998年。总部设在上海。去年的收入为三百万元。"
    document = Document.from_text(text)
    spans = [Span(document, 0, len(text)), Span(document, 0, 18)]
    traced = trace("公司总部设在哪里?", "上海", spans)
    assert traced.grounded
    assert traced.citations[0].quote == "总部设在上海。"


def test_a_year_of_the_question_must_stand_in_what_was_read() -> None:
    document = Document.from_text("Total revenue in fiscal 2022 was $17,606 million. Total revenue rose again.")
    spans = [Span(document, 0, len(document.text))]
    assert trace("What was total revenue in fiscal 2022?", "$17,606", spans).grounded
    refused = trace("What was total revenue in fiscal 2031?", "In fiscal 2031 it was $17,606.", spans)
    assert not refused.grounded
    assert "2031" in refused.reason


def test_an_answer_that_goes_in_a_circle_is_none() -> None:
    document = Document.from_text("A Czech person wrote a book in 1946. The paper was written later.")
    circle = "The person who wrote the paper is the person who wrote the paper."
    assert not trace("Who wrote the paper?", circle, [Span(document, 0, len(document.text))]).grounded
