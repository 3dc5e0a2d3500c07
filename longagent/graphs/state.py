"""What travels through a graph: plain JSON with ids and offsets, never text of a document."""

from operator import add
from typing import Annotated, NotRequired, TypedDict

from longagent.answer import Status


class SpanRef(TypedDict):
    """A range of a document."""

    document_id: str
    start: int
    end: int


class CitationRef(TypedDict):
    """A citation; the quote is sliced from the document when the answer is made."""

    document_id: str
    start: int | None
    end: int | None
    status: Status
    said: str | None


class RetrievalRef(TypedDict):
    """What became of sentences that were to be copied; see `longagent.answer.Retrieval`."""

    sentences: int
    verbatim: int
    unverified: int


class StrategyState(TypedDict):
    """What every strategy is given and must fill in; a strategy's own state extends it."""

    question: str
    reply: NotRequired[str]
    """The answer as the model worded it; empty where nothing was read that could hold one."""
    evidence: NotRequired[list[SpanRef]]
    """The text the reply rests on; citations are looked for here."""
    overall: NotRequired[bool]
    """Whether the reply is about the whole, as a summary is, so that no place has to carry it."""
    chunks_read: NotRequired[Annotated[list[int], add]]
    """Indices; what nodes return is added, and an index may come twice."""
    chunks_failed: NotRequired[Annotated[list[int], add]]
    partial: NotRequired[bool]
    """Whether less was read than the strategy meant to read; a limit that was reached implies it."""
    retrieval: NotRequired[RetrievalRef]
    """Of strategies that have sentences copied, what became of these."""
    warnings: NotRequired[Annotated[list[str], add]]
