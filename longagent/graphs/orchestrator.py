"""The frame around every strategy: prepare → strategy → cite → finish. Static, so it can be drawn."""

import asyncio
from collections.abc import Sequence
from typing import Any, NotRequired

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from longagent.answer import Citation
from longagent.documents import Span
from longagent.evidence import SHORTEST_QUOTE, find_quote, is_abstention, trace
from longagent.graphs.context import Context
from longagent.graphs.state import CitationRef, StrategyState
from longagent.graphs.strategy import Strategy


class RunState(StrategyState):
    """What the frame adds to a strategy's state."""

    text: NotRequired[str | None]
    """The answer, `None` when not found."""
    citations: NotRequired[list[CitationRef]]
    grounded: NotRequired[bool]
    objection: NotRequired[str]
    """Why the text that was read does not carry the reply."""


async def prepare(state: RunState) -> dict[str, Any]:
    """Give the strategy a clean slate."""
    return {"question": state["question"].strip(), "partial": False, "evidence": []}


def unanswered(question: str) -> RunState:
    """Return the state of a run that ended before anything could be answered."""
    return {
        "question": question,
        "text": None,
        "citations": [],
        "partial": True,
        "chunks_read": [],
        "chunks_failed": [],
        "warnings": [],
    }


async def cite(state: RunState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Find the places in the source that carry the reply. Code only, no model call."""
    reply = state["reply"]
    if not reply:
        return {"text": None, "citations": [], "grounded": True}
    if not runtime.context.documents:
        # It was reasoned, not read: there is no source to check it against.
        return {"text": reply, "citations": [], "grounded": True}
    spans = [runtime.context.span(ref) for ref in state["evidence"]]
    # "The price was not disclosed." is an answer where the document says just that.
    if is_abstention(reply) and not _stands_in(spans, reply):
        return {"text": None, "citations": [], "grounded": True}
    # In a thread: tracing through a megabyte takes seconds, and other runs share this loop.
    traced = await asyncio.to_thread(trace, state["question"], reply, spans)
    return {
        "text": reply,
        "citations": [_ref(citation) for citation in traced.citations],
        "grounded": traced.grounded,
        "objection": traced.reason,
    }


def _stands_in(spans: Sequence[Span], reply: str) -> bool:
    return len(reply) >= SHORTEST_QUOTE and find_quote(reply, spans) is not None


def _ref(citation: Citation) -> CitationRef:
    return CitationRef(
        document_id=citation.document_id,
        start=citation.start,
        end=citation.end,
        status=citation.status,
        said=citation.said,
    )


async def finish(state: RunState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Decide what an untraceable reply means: nothing from a model that never abstains, a warning from others."""
    if state["grounded"] or state.get("overall"):
        return {}
    if runtime.context.writer.profile.abstains:
        warning = f"The answer could not be traced to the source: {state['objection']}."
        return {"warnings": [warning]}
    warning = f"A reply was dropped because the text does not carry it: {state['objection']}."
    return {"text": None, "citations": [], "warnings": [warning]}


def build(
    strategy: Strategy, checkpointer: BaseCheckpointSaver[Any] | None = None
) -> CompiledStateGraph[RunState, Context, Any, Any]:
    """Build the graph of a run."""
    graph = StateGraph(RunState, context_schema=Context)
    graph.add_node(prepare)
    graph.add_node("strategy", strategy.build().compile())
    graph.add_node(cite)
    graph.add_node(finish)
    graph.add_edge(START, "prepare")
    graph.add_edge("prepare", "strategy")
    graph.add_edge("strategy", "cite")
    graph.add_edge("cite", "finish")
    graph.add_edge("finish", END)
    return graph.compile(name=strategy.name, checkpointer=checkpointer)
