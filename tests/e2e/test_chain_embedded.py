"""The embedded model as every worker and the manager of a chain of agents, over pages of a real paper."""

import asyncio
from pathlib import Path

import pytest
from support.command import EXAMPLE

from longagent import Document, Session
from longagent.documents import load
from longagent.events import CallFinished, ChunksRead, Event, RunFinished, RunStarted, UnitWritten

pytestmark = pytest.mark.local

QUESTION = "How many examples does the FOLIO test set consist of?"
PAGES = range(6, 8)
"""Numbers of the pages read; the answer stands on the first of them."""


@pytest.fixture
def paper() -> Document:
    (document,) = asyncio.run(load([EXAMPLE])).documents
    pages = [document.text[page.start : page.end] for page in document.pages if page.number in PAGES]
    return Document.from_pages(pages, id="12" * 32, name="pages.pdf", paged=True)


def test_a_chain_of_the_embedded_model_reads_everything_and_accounts_for_it(paper: Document, weights_dir: Path) -> None:
    events: list[Event] = []
    with Session(model="local", data_dir=weights_dir, strategy="chain-of-agents") as session:
        forecast = session.estimate(paper, QUESTION)
        answer = session.ask(paper, QUESTION, on_event=events.append)
        again = session.ask(paper, QUESTION)

    # What the model answers is its own affair; that it was asked properly is ours.
    (begun,) = [event for event in events if isinstance(event, RunStarted)]
    assert begun.chunks >= 3
    assert (answer.coverage.chunks, answer.coverage.read, answer.coverage.failed) == (begun.chunks, begun.chunks, 0)
    assert (answer.strategy, answer.model, answer.partial) == ("chain-of-agents", "local", False)
    read = [index for event in events if isinstance(event, ChunksRead) for index in event.chunks]
    assert read == list(range(begun.chunks))
    units = [event for event in events if isinstance(event, UnitWritten)]
    assert [unit.chunk for unit in units] == read
    calls = [event for event in events if isinstance(event, CallFinished)]
    assert forecast.calls == begun.chunks + 1
    assert calls[-1].role.endswith("/manager")
    assert all("/worker" in call.role for call in calls[:-1])
    assert len(calls) == answer.usage.calls == begun.chunks + 1
    assert answer.usage.prompt_tokens == sum(call.prompt_tokens or 0 for call in calls) > 0
    assert answer.usage.completion_tokens == sum(call.completion_tokens or 0 for call in calls) > 0
    assert answer.usage.cost == 0
    assert isinstance(events[-1], RunFinished)
    for citation in answer.citations:
        assert citation.page in range(1, len(PAGES) + 1)
        assert citation.quote == paper.text[citation.start : citation.end]

    assert (again.text, again.citations) == (answer.text, answer.citations)
    assert (again.usage.calls, again.usage.cached_calls) == (0, begun.chunks + 1)
