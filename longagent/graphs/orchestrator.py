"""The frame around every strategy: prepare → strategy → cite → finish. Static, so it can be drawn."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NotRequired

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from longagent.answer import Citation
from longagent.documents import Span
from longagent.evidence import SHORTEST_QUOTE, Kept, Traced, find_quote, is_abstention, keep_verified, trace
from longagent.graphs.context import Context
from longagent.graphs.state import CitationRef, StrategyState
from longagent.graphs.strategy import Strategy


class RunState(StrategyState):
    """What the frame adds to a strategy's state."""

    text: NotRequired[str | None]
    """The answer, `None` when not found."""
    unwritten: NotRequired[bool]
    """Set where a limit kept the answer from being written."""
    citations: NotRequired[list[CitationRef]]
    grounded: NotRequired[bool]
    objection: NotRequired[str]
    """Why the text that was read does not carry the reply."""


async def prepare(state: RunState) -> dict[str, Any]:
    """Give the strategy a clean slate."""
    return {"question": state["question"].strip(), "partial": False, "evidence": []}


def unwritten(question: str, reason: str) -> RunState:
    """Return the state of a run whose answer a limit kept from being written, as when its call had to be made again."""
    kept = "What was read is kept: ask the same again with a larger limit."
    return {
        "question": question,
        "text": None,
        "unwritten": True,
        "citations": [],
        "partial": True,
        "chunks_read": [],
        "chunks_failed": [],
        "warnings": [f"No answer could be written: {reason} {kept}"],
    }


async def cite(state: RunState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Find the places in the source that carry the reply. Code only, no model call."""
    reply = state["reply"]
    if not reply:
        return {"text": None, "citations": [], "grounded": True}
    context = runtime.context
    spans = [context.span(ref) for ref in state["evidence"]]
    # "The price was not disclosed." is an answer where the document says just that.
    if is_abstention(reply) and not _stands_in(spans, reply):
        return {"text": None, "citations": [], "grounded": True}
    # What was reasoned, not read, has no source to check it against.
    if not context.documents or context.verify == "off":
        return {"text": reply, "citations": [], "grounded": True}
    # In a thread: tracing through a megabyte takes seconds, and other runs share this loop.
    if context.verify == "strict":
        fitting = not context.writer.profile.abstains
        overall = bool(state.get("overall"))
        return await asyncio.to_thread(_strictly, state["question"], reply, spans, overall=overall, fitting=fitting)
    return _told(reply, await asyncio.to_thread(trace, state["question"], reply, spans))


def _strictly(question: str, reply: str, spans: Sequence[Span], *, overall: bool, fitting: bool) -> dict[str, Any]:
    """Keep of the reply what can be verified, and cite that."""
    kept = keep_verified(question, reply, spans, overall=overall, fitting=fitting)
    if kept.text is not None:
        traced = trace(question, kept.text, spans, most=kept.total)
        if traced.citations:
            return {**_told(kept.text, traced), "grounded": True, "warnings": _says_removed(kept)}
    reason = kept.reason or "nothing that was read carries the answer"
    warning = f"The answer was withheld, since nothing of it could be verified: {reason}."
    return {"text": None, "citations": [], "grounded": True, "warnings": [warning]}


def _says_removed(kept: Kept) -> list[str]:
    if not kept.removed:
        return []
    were = "sentence was" if kept.total == 1 else "sentences was" if kept.removed == 1 else "sentences were"
    return [f"{kept.removed} of {kept.total} {were} removed from the answer, not verified: {kept.reason}."]


def _told(text: str, traced: Traced) -> dict[str, Any]:
    return {
        "text": text,
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
        return {"warnings": _says_unverified(state["citations"])}
    if runtime.context.writer.profile.abstains:
        warning = f"The answer could not be traced to the source: {state['objection']}."
        return {"warnings": [warning, *_says_unverified(state["citations"])]}
    warning = f"A reply was dropped because the text does not carry it: {state['objection']}."
    return {"text": None, "citations": [], "warnings": [warning]}


def _says_unverified(citations: Sequence[CitationRef]) -> list[str]:
    count = sum(citation["status"] == "unverified" for citation in citations)
    if not count:
        return []
    which = "A quote of the answer does" if count == 1 else f"{count} quotes of the answer do"
    return [f"{which} not stand in what was read: marked as unverified."]


def build(
    strategy: Strategy, checkpointer: BaseCheckpointSaver[Any] | None = None
) -> CompiledStateGraph[RunState, Context, Any, Any]:
    """Return the graph of a run."""
    return _built(strategy).copy({"checkpointer": checkpointer})


# Compiling takes longer than many a run's own steps, and says the same for each.
@lru_cache(maxsize=32)
def _built(strategy: Strategy) -> CompiledStateGraph[RunState, Context, Any, Any]:
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
    return graph.compile(name=strategy.name)
