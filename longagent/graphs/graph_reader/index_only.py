"""Indexing without a question: what `longagent graph` and `Session.fact_graph` run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.graph_reader import facts
from longagent.documents import Chunk
from longagent.graphs.graph_reader.indexing import IndexState, add_index, index_planned, index_warnings
from longagent.graphs.strategy import Context, Estimate, Plan, Strategy


def index_only(reader: Strategy) -> Strategy:
    """Return a strategy that indexes for `graph-reader` and answers nothing; chunks are its, or the index would not be.

    Args:
        reader: `graph-reader` itself.
    """
    return replace(reader, name=f"{reader.name} index", estimate=_estimate, build=_build)


async def _estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    planned = await index_planned(plan, chunks)
    # Nothing is answered, so nothing need be kept for an answer.
    return Estimate(planned=(planned,), depth=min(1, planned.calls), worded_by=facts)


async def tell(state: IndexState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Tell how it went."""
    return {"reply": "", "evidence": [], "warnings": index_warnings(state, runtime.context)}


def _build() -> StateGraph[IndexState, Context]:
    graph = StateGraph(IndexState, context_schema=Context)
    add_index(graph, then="tell")
    graph.add_node(tell)
    graph.add_edge("tell", END)
    return graph
