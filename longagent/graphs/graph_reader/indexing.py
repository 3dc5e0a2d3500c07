"""Indexing: the facts of every chunk, read once and kept for all questions."""

from collections.abc import Sequence
from operator import add
from typing import Annotated, Any, NotRequired

from langgraph.graph import StateGraph

from longagent.documents import Chunk
from longagent.graphs.graph_reader.fact_graph import FactGraph
from longagent.graphs.strategy import Context, Plan, Planned
from longagent.graphs.waves import WaveState


class IndexState(WaveState):
    """What indexing leaves in the state: indices and counts. A strategy's own state extends it."""

    facts_cut: NotRequired[Annotated[int, add]]
    """Lists of facts that their cap cut off."""
    facts_by_code: NotRequired[Annotated[int, add]]
    """Chunks whose facts no model's reply told, so that their sentences stand for them."""


def add_index(graph: "StateGraph[Any, Context, Any, Any]", *, then: str) -> None:
    """Add to a graph of an `IndexState` that it begins with indexing the chunks that are not indexed yet, in waves.

    Args:
        graph: it must have no other edge from START.
        then: name of the node that follows, also when limits end the indexing.
    """
    raise NotImplementedError


def index_warnings(state: IndexState, ctx: Context) -> list[str]:
    """Return what went less than well in indexing, for the state's `warnings`."""
    raise NotImplementedError


async def fact_graph(ctx: Context) -> FactGraph:
    """Return the graph of the documents, as far as they are indexed; made once in a run."""
    raise NotImplementedError


async def index_chunk_tokens(plan: Plan) -> int:
    """Return the length of chunks, as far as indexing decides it. The question does not matter.

    Raises:
        WindowTooSmallError: prompt and facts leave no room for a chunk.
    """
    raise NotImplementedError


async def index_planned(plan: Plan, chunks: Sequence[Chunk]) -> Planned:
    """Plan the calls that index what is not in the index store yet: exact, and none with `index="code"`."""
    raise NotImplementedError
