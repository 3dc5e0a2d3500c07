"""Hallucination rate and recall on cases whose result can be seen."""

import pytest

from longagent.answer import Answer, Citation
from longagent.documents import Document, Span
from longagent.evaluation import evidence_recall, hallucination_rate
from longagent.evidence.quotes import citation

SOURCE = "It rained in the\nnorth. Nobody came to the harbour. The price rose to 12 crowns."


@pytest.mark.parametrize(
    ("retrieved", "rate"),
    [
        (["It rained in the north."], 0.0),
        (["Nobody came"], 0.0),
        (["It rained in the south."], 1.0),
        (["nobody came to the harbour."], 1.0),
        (["The price rose to 13 crowns."], 1.0),
        (["It rained in the north.", "Nobody came to the harbour.", "Somebody came.", "The price fell."], 0.5),
        ([], None),
    ],
)
def test_the_rate_is_the_share_that_exactly_matches_nothing(retrieved: list[str], rate: float | None) -> None:
    assert hallucination_rate(retrieved, SOURCE) == rate


def test_any_of_several_sources_will_do() -> None:
    assert hallucination_rate(["Nobody came.", "It rained."], ["It rained.", "It snowed."]) == 0.5


GOLD = ["It rained in the north.", "Nobody came to the harbour."]


@pytest.mark.parametrize(
    ("found", "recall"),
    [
        ([SOURCE], 1.0),
        (["It rained in the north."], 0.5),
        (["it rained in the  north"], 0.5),
        (["Nobody came to the"], 0.5),
        (["Nobody"], 0.0),
        (["It snowed."], 0.0),
        ([], 0.0),
    ],
)
def test_recall_is_the_share_of_gold_sentences_that_were_found(found: list[str], recall: float) -> None:
    assert evidence_recall(found, GOLD) == recall


def test_without_gold_there_is_no_recall() -> None:
    assert evidence_recall([SOURCE], []) is None


def test_spans_citations_and_answers_will_do() -> None:
    document = Document.from_text(SOURCE)
    span = Span(document, 0, SOURCE.index(" Nobody"))
    nowhere = dict.fromkeys(("page", "page_end", "start", "end", "quote"))
    unverified = Citation(document="d", document_id="0", said=GOLD[1], status="unverified", **nowhere)
    located = citation(span, status="located")
    answer = Answer(question="?", text="x", found=True, strategy="s", model="m", citations=(located, unverified))
    assert evidence_recall([span], GOLD) == evidence_recall([located, unverified], GOLD) == 0.5
    assert evidence_recall(answer, GOLD) == 0.5
