"""What a strategy is: a name, a frozen config, and one LangGraph graph of agents."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from longagent.agents.agent import Agent
from longagent.answer import Citation, Status
from longagent.documents import Chunk, Document, Span
from longagent.events import Emit
from longagent.llm.model import Model, Profile
from longagent.retrievers import Ranked, Retriever

if TYPE_CHECKING:
    from langgraph.graph import StateGraph


class SpanRef(TypedDict):
    """A range of a document as plain JSON: state holds ids and offsets, never text."""

    document_id: str
    start: int
    end: int


class CitationRef(TypedDict):
    """A citation as plain JSON; the quote is sliced from the document when the answer is made."""

    document_id: str
    start: int | None
    end: int | None
    status: Status
    said: str | None


class StrategyState(TypedDict):
    """What every strategy is given and must fill in; a strategy's own state extends it."""

    question: str
    reply: NotRequired[str]
    """The answer as the model worded it."""
    evidence: NotRequired[list[SpanRef]]
    """The text the reply rests on; citations are looked for here."""
    chunks_read: NotRequired[list[int]]
    partial: NotRequired[bool]
    """Whether a limit kept the strategy from reading what it would have read."""
    warnings: NotRequired[list[str]]


@dataclass(frozen=True)
class Context:
    """What nodes work with and state must not hold. Reaches them through LangGraph's runtime."""

    model: Model
    documents: Sequence[Document]
    chunks: Sequence[Chunk]
    retriever: Callable[[], Retriever]
    """Returns what ranks the chunks. Slow when first called; use `rank`."""
    config: Any
    """The strategy's own config."""
    emit: Emit
    seed: int | None = None

    async def rank(self, query: str) -> list[Ranked]:
        """Return the chunks, best first."""
        return await asyncio.to_thread(lambda: self.retriever().rank(query))

    def ref(self, span: Span) -> SpanRef:
        """Return a span as plain JSON."""
        return SpanRef(document_id=span.document.id, start=span.start, end=span.end)

    def span(self, ref: SpanRef) -> Span:
        """Return the span a reference stands for."""
        return Span(self._by_id[ref["document_id"]], ref["start"], ref["end"])

    def citation(self, ref: CitationRef) -> Citation:
        """Return the citation a reference stands for."""
        document = self._by_id[ref["document_id"]]
        page = page_end = quote = None
        if ref["start"] is not None and ref["end"] is not None:
            span = Span(document, ref["start"], ref["end"])
            page, page_end, quote = span.page, span.page_end, span.text
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
        )

    @cached_property
    def _by_id(self) -> dict[str, Document]:
        return {document.id: document for document in self.documents}


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A way to read a long document."""

    name: str
    summary: str
    """One line: what it is good for."""
    paper: str | None
    config: type[Any]
    """A frozen dataclass; its fields are the strategy's settings."""
    agents: tuple[Agent[Any], ...]
    """The roles it calls; the hashes of their prompts are part of a run's identity."""
    chunk_tokens: Callable[[Any, Profile], int]
    """(config, the model's profile) -> how long chunks should be."""
    build: Callable[[], "StateGraph[Any, Any, Any, Any]"]


def strategy(
    name: str,
    *,
    config: type[Any],
    summary: str,
    agents: tuple[Agent[Any], ...],
    chunk_tokens: Callable[[Any, Profile], int],
    paper: str | None = None,
) -> Callable[[Callable[[], "StateGraph[Any, Any, Any, Any]"]], Strategy]:
    """Turn a function that builds a graph into a `Strategy`, the object that entry points name."""

    def wrap(build: Callable[[], "StateGraph[Any, Any, Any, Any]"]) -> Strategy:
        return Strategy(
            name=name,
            summary=summary,
            paper=paper,
            config=config,
            agents=agents,
            chunk_tokens=chunk_tokens,
            build=build,
        )

    return wrap
