"""Reading a chunk: what counts as read, as failed and as not read, and texts that are too long."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from longagent.agents.passages import Delimiters
from longagent.documents import Chunk, Document, Span
from longagent.documents.chunking import chunk
from longagent.errors import (
    BudgetReached,
    ContentRefusedError,
    ContextTooLongError,
    ModelRejectedError,
    ModelUnavailableError,
    ReplyError,
    ServerDownError,
)
from longagent.events import ChunkFailed, ChunksRead, Event
from longagent.graphs.context import Attempt, Context
from longagent.graphs.state import CitationRef
from longagent.llm.budget import Budget, Limits
from longagent.llm.calls import Calls
from longagent.llm.flights import Flights
from longagent.llm.replies import Replies
from longagent.llm.roles import Models
from longagent.retrievers import Bm25
from longagent.testing import ScriptedModel

DOCUMENT = Document.from_pages(
    [f"Page {n} speaks of gull {n} at some length, and of the sea. " * 6 for n in range(1, 9)],
    id="d0" * 32,
    name="gulls.pdf",
    paged=True,
)
CHUNKS = chunk([DOCUMENT], tokens=700)


async def ranker() -> Bm25:
    return Bm25(CHUNKS)


class Room:
    """A context and what it told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        model = ScriptedModel([])
        self.context = Context(
            models=Models(model),
            writer=model,
            calls=Calls(
                "run",
                emit=self.events.append,
                budget=Budget(Limits()),
                replies=Replies(journal=None, cache=None),
                flights=Flights(),
            ),
            documents=[DOCUMENT],
            chunks=CHUNKS,
            retriever=ranker,
            config=None,
            emit=self.events.append,
            delimiters=Delimiters(b"tests"),
        )

    def attempt(self, read: Callable[[Span], Awaitable[str]], of: Chunk = CHUNKS[0]) -> Attempt[str]:
        return asyncio.run(self.context.attempt(of, read))


def raising(error: Exception) -> Callable[[Span], Awaitable[str]]:
    async def read(span: Span) -> str:
        raise error

    return read


def test_a_chunk_that_is_read_is_told() -> None:
    async def read(span: Span) -> str:
        return span.text[:6]

    room = Room()
    assert room.attempt(read) == Attempt(values=["Page 1"], outcome="read")
    assert room.events == [ChunksRead(chunks=(0,))]


@pytest.mark.parametrize(
    "error",
    [ContentRefusedError("no."), ReplyError("no."), ModelUnavailableError("no."), ContextTooLongError("no.")],
)
def test_a_chunk_that_cannot_be_read_is_a_result(error: Exception) -> None:
    room = Room()
    assert room.attempt(raising(error)) == Attempt(outcome="failed")
    assert room.events == [ChunkFailed(chunk=0, reason="no.")]


def test_a_limit_leaves_the_chunk_unread() -> None:
    room = Room()
    assert room.attempt(raising(BudgetReached("enough."))) == Attempt(outcome="unread")
    assert room.events == []


@pytest.mark.parametrize("error", [ServerDownError("gone."), ModelRejectedError("bad key."), RuntimeError("a bug")])
def test_what_concerns_the_whole_run_ends_it(error: Exception) -> None:
    room = Room()
    with pytest.raises(type(error)):
        room.attempt(raising(error))
    assert room.events == []


def too_long_over(limit: int, seen: list[str]) -> Callable[[Span], Awaitable[str]]:
    async def read(span: Span) -> str:
        if len(span.text) > limit:
            raise ContextTooLongError("too long.")
        seen.append(span.text)
        return str(len(seen))

    return read


@pytest.mark.parametrize("limit", [500, 700, 10_000])
def test_what_is_too_long_is_read_in_parts_in_order_and_whole(limit: int) -> None:
    seen: list[str] = []
    assert len(CHUNKS[0].text) > 1000
    attempt = Room().attempt(too_long_over(limit, seen))
    assert attempt.outcome == "read"
    assert attempt.values == [str(number) for number in range(1, len(seen) + 1)]
    assert "".join(seen) == CHUNKS[0].text


def test_what_is_too_long_even_when_short_fails_with_what_was_read_before() -> None:
    calls = 0

    async def read(span: Span) -> str:
        nonlocal calls
        calls += 1
        if "gull 1" not in span.text or len(span.text) > 700:
            raise ContextTooLongError("too long.")
        return "read"

    attempt = Room().attempt(read)
    assert attempt.outcome == "failed"
    assert "read" in attempt.values
    assert calls < 20


def test_a_limit_in_the_middle_of_a_chunk_keeps_what_was_read() -> None:
    seen: list[str] = []
    inner = too_long_over(700, seen)

    async def read(span: Span) -> str:
        if seen:
            raise BudgetReached("enough.")
        return await inner(span)

    assert Room().attempt(read) == Attempt(values=["1"], outcome="unread")


def test_spans_come_back_from_plain_json() -> None:
    context = Room().context
    span = CHUNKS[1].span
    ref = context.ref(span)
    assert ref == {"document_id": DOCUMENT.id, "start": span.start, "end": span.end}
    assert context.span(ref) == span


def test_citations_are_sliced_from_the_document() -> None:
    context = Room().context
    start = DOCUMENT.text.index("gull 5")
    ref = CitationRef(document_id=DOCUMENT.id, start=start, end=start + 6, status="exact", said="gull 5!")
    citation = context.citation(ref)
    assert (citation.quote, citation.page, citation.document) == ("gull 5", 5, "gulls.pdf")
    nowhere = context.citation({**ref, "start": None, "end": None, "status": "unverified"})
    assert (nowhere.quote, nowhere.page, nowhere.said) == (None, None, "gull 5!")


def test_models_play_the_roles_they_are_named_for_and_the_default_the_others() -> None:
    default, small = ScriptedModel([]), ScriptedModel([])
    models = Models(default, {"worker": small})
    assert models.of("worker") is small
    assert models.of("manager") is models.of("answerer") is default
    assert models.each() == [default, small]
    assert Models(default, {"worker": default}).each() == [default]


def test_chunks_are_ranked() -> None:
    ranked = asyncio.run(Room().context.rank("What is said of gull 7?"))
    assert "gull 7" in ranked[0].chunk.text
