"""What nodes work with and state must not hold. It reaches them through LangGraph's runtime."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from longagent.agents.agent import Agent
from longagent.agents.passages import Delimiters
from longagent.answer import Citation, Conflict, Rival, Source, Verify
from longagent.documents import Chunk, Document, Span, place
from longagent.documents.chunking import halves
from longagent.errors import (
    BudgetReached,
    ContentRefusedError,
    ContextTooLongError,
    ModelUnavailableError,
    ReplyError,
    ServerDownError,
)
from longagent.events import ChunkFailed, ChunksRead, Emit
from longagent.graphs.reranking import Reranker
from longagent.graphs.state import CitationRef, ConflictRef, SpanRef
from longagent.llm.calls import Calls
from longagent.llm.model import Model
from longagent.llm.roles import Models
from longagent.retrievers import Ranked, Retriever
from longagent.store.index_store import IndexStore

R = TypeVar("R")

PASSING = (ContentRefusedError, ContextTooLongError, ModelUnavailableError, ReplyError)
"""What a call may end in without ending the run; but see `ServerDownError`, which is one of them."""

_SHORTEST_HALF = 200
"""Code points below which a text is not too long; something else is."""


@dataclass(frozen=True, kw_only=True)
class Attempt(Generic[R]):
    """How the reading of a chunk went."""

    values: list[R] = field(default_factory=list)
    """What the role said: one value, or several if the chunk had to be read in parts."""
    outcome: Literal["read", "failed", "unread"] = "read"
    """`unread`: a limit of the run was reached before."""


@dataclass(frozen=True)
class Context:
    """Documents, chunks, models and limits of one run."""

    models: Models
    writer: Model
    """The model that words the answer."""
    calls: Calls
    documents: Sequence[Document]
    chunks: Sequence[Chunk]
    retriever: Callable[[], Awaitable[Retriever]]
    """Returns what ranks the chunks. Slow when first called; use `rank`."""
    config: Any
    """The strategy's own config."""
    emit: Emit
    delimiters: Delimiters
    """Put tags around whatever is shown to a model that the user did not write."""
    seed: int | None = None
    verify: Verify = "mark"
    """What becomes of what cannot be verified."""
    questions: tuple[str, ...] = ()
    """All questions that are read for together; empty where each is read for by itself. See `Strategy.reads_once`."""
    reranker: Reranker | None = None
    """Puts the best chunks in order once more."""
    index: IndexStore | None = None
    """What was read of chunks for all questions, in any run; `None`: nothing is taken from there, and nothing kept."""
    memo: dict[str, Any] = field(default_factory=dict)
    """What this process has worked out for the run, by the name of who did. It may be gone at any node: all of it must
    follow from journal, index store and documents."""

    def model(self, agent: Agent[Any]) -> Model:
        """Return the model that plays a role, with cache, journal, budget and retries around it."""
        return self.calls.model(self.models.of(agent.role))

    @property
    def may_read_on(self) -> bool:
        """Whether the limits of the run allow more reading. If not, a strategy goes to its answer node.

        To be asked only where something is left to read: a no makes the answer partial.
        """
        return self.calls.may_go_on()

    async def attempt(self, chunk: Chunk, read: Callable[[Span], Awaitable[R]]) -> Attempt[R]:
        """Let a role read a chunk; a chunk that cannot be read is a result, not an error.

        A chunk that turns out to be too long for the model is read in halves, one after the other.

        Args:
            chunk: what to read.
            read: makes the call for a span of text.

        Raises:
            ModelRejectedError: the server refuses all calls.
            ServerDownError: the server is gone.
        """
        values: list[R] = []
        try:
            await self._read(chunk.span, read, values)
        except BudgetReached:
            return Attempt(values=values, outcome="unread")
        except ServerDownError:
            raise
        except PASSING as error:
            self.emit(ChunkFailed(chunk=chunk.index, reason=error.message))
            return Attempt(values=values, outcome="failed")
        self.emit(ChunksRead(chunks=(chunk.index,)))
        return Attempt(values=values)

    async def _read(self, span: Span, read: Callable[[Span], Awaitable[R]], values: list[R]) -> None:
        try:
            values.append(await read(span))
        except ContextTooLongError:
            if span.end - span.start < 2 * _SHORTEST_HALF:
                raise
            for half in halves(span):
                await self._read(half, read, values)

    async def rank(self, query: str) -> list[Ranked]:
        """Return the chunks, best first."""
        retriever = await self.retriever()
        ranked = await asyncio.to_thread(retriever.rank, query)
        return ranked if self.reranker is None else await self.reranker(self, query, ranked)

    def ref(self, span: Span) -> SpanRef:
        """Return a span as plain JSON."""
        return SpanRef(document_id=span.document.id, start=span.start, end=span.end)

    def span(self, ref: SpanRef) -> Span:
        """Return the span a reference stands for."""
        return Span(self._by_id[ref["document_id"]], ref["start"], ref["end"])

    def citation(self, ref: CitationRef) -> Citation:
        """Return the citation a reference stands for."""
        document = self._by_id[ref["document_id"]]
        page = page_end = quote = label = where = None
        if ref["start"] is not None and ref["end"] is not None:
            span = Span(document, ref["start"], ref["end"])
            page, page_end, quote = span.page, span.page_end, span.text
            label, where = span.page_label, place(span)
        return Citation(
            document=document.name,
            document_id=document.id,
            page=page,
            page_end=page_end,
            start=ref["start"],
            end=ref["end"],
            quote=quote,
            said=ref["said"],
            status=ref["status"],
            page_label=label,
            where=where,
        )

    def conflict(self, ref: ConflictRef) -> Conflict:
        """Return the conflict a reference stands for."""
        rivals = (
            Rival(
                answer=rival["answer"],
                sources=tuple(self._source(self.chunks[index]) for index in rival["chunks"]),
                kept=rival["kept"],
                reason=rival["reason"],
            )
            for rival in ref["rivals"]
        )
        return Conflict(instruction=ref["instruction"], rivals=tuple(rivals))

    @staticmethod
    def _source(chunk: Chunk) -> Source:
        span, document = chunk.span, chunk.document
        return Source(
            document=document.name,
            document_id=document.id,
            page=span.page,
            page_end=span.page_end,
            chunk=chunk.index + 1,
            where=place(span),
        )

    @cached_property
    def _by_id(self) -> dict[str, Document]:
        return {document.id: document for document in self.documents}
