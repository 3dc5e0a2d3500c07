"""Questions to a folder of ten formats: `find` and answers name the right file and place."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest
from support.command import ROOT

from longagent import Document, Session, find
from longagent.documents import load

FOLDER = ROOT / "examples" / "mixed"


class Question(NamedTuple):
    text: str
    gold: str
    file: str
    where: str = ""
    """What the place in words begins with."""


# As the embedded model can answer them; it is small, and half of the others are beyond it.
ASKED = [
    Question("How much did the repair of the east mole cost?", "482,000", "annual-report.pdf", "p. 3"),
    Question("How long was the survey vessel Aurora?", "96 metres", "annual-report.pdf", "p. 2"),
    Question(
        "How much do the lamps with yellow light cost?", "91,000", "council-minutes.md", "section 2 “Street lamps”"
    ),
    Question("When can the crane be repaired?", "third week of May", "crane.eml"),
    Question("How much is the rent of the boat shed?", "2,750", "boat-shed-lease.docx"),
    Question("How many passengers does the new ferry carry?", "340", "ferry.pptx", "slide 3"),
    Question("Who designed the lighthouse of Lindvig?", "Ottilie Brandt", "history.epub", "chapter 2"),
]
FOUND = [
    *ASKED,
    Question("How many ships called at Lindvig?", "1,204", "annual-report.pdf", "p. 2"),
    Question("Does the library open on Sundays?", "Sundays from October", "council-minutes.md", "section 3 “Library”"),
    Question("When did the fog signal fail?", "fourteenth", "lighthouse-log.txt", "line"),
    Question("What notice ends the lease of the boat shed?", "nine months", "boat-shed-lease.docx"),
    Question("What is the fee for a sailing boat?", "1180", "harbour.xlsx", "sheet “Fees”, rows 1-4"),
    Question("How many tonnes of herring were caught in 2022?", "4380", "herring-and-cod.csv"),
    Question("How long does the drawbridge stay closed during the storm?", "noon on Saturday", "storm-warning.html"),
]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return list(asyncio.run(load([FOLDER])).documents)


@pytest.mark.parametrize("question", FOUND, ids=[question.gold for question in FOUND])
def test_sentences_are_found_in_their_file_and_place(question: Question, documents: list[Document]) -> None:
    found = find(documents, question.text, limit=3)
    (right, *_) = [each for each in found if question.gold in each.text]
    assert Path(right.document) == FOLDER / question.file
    assert right.where.startswith(question.where)


@pytest.mark.local
def test_answers_cite_their_file_and_place(weights_dir: Path) -> None:
    with Session(data_dir=weights_dir, model="local") as session:
        answers = session.ask_many(FOLDER, [question.text for question in ASKED])
    for answer, question in zip(answers, ASKED, strict=True):
        assert answer.text is not None, question
        assert question.gold in answer.text
        citation = answer.citations[0]
        assert Path(citation.document) == FOLDER / question.file
        assert (citation.where or "").startswith(question.where), question
        assert question.gold in " ".join((citation.quote or "").split()), question
