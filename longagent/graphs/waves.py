"""Reading all chunks side by side, in waves: what several strategies share."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NotRequired, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from longagent.graphs.strategy import Context, StrategyState

WAVE = 64
"""Chunks sent off together: as many calls as are ever in flight, and no more than a checkpoint bears."""


class Part(TypedDict):
    """What the reader of one chunk is given."""

    question: str
    chunk: int
    """Its index."""


class WaveState(StrategyState):
    """Adds how many chunks were sent off so far."""

    sent: NotRequired[int]
    to_read: NotRequired[list[int]]
    """Indices of the chunks to be sent off; where it is missing, all."""


def read_in_waves(
    graph: "StateGraph[Any, Context, Any, Any]",
    read: Callable[..., Awaitable[dict[str, Any]]],
    *,
    then: str,
    after: str = START,
) -> None:
    """Add to a graph that chunks are read by `read`, side by side; when limits or chunks end, it goes to `then`.

    Args:
        graph: of a `WaveState`.
        read: a node, of `Part` and `Runtime`, that reads the part's chunk by `Context.attempt`; its name is the node's.
            Updates of a wave are merged in the order of the chunks.
        then: name of the node that follows.
        after: name of the node that goes before; it may choose the chunks, by `to_read`.
    """
    name = read.__name__

    async def send(state: WaveState, runtime: Runtime[Context]) -> list[Send] | str:
        ctx, first = runtime.context, state.get("sent", 0)
        chunks = _chunks(state, ctx)
        if first >= len(chunks) or not ctx.may_read_on:
            return then
        return [Send(name, Part(question=state["question"], chunk=index)) for index in chunks[first : first + WAVE]]

    async def next_wave(state: WaveState, runtime: Runtime[Context]) -> dict[str, int]:
        return {"sent": min(state.get("sent", 0) + WAVE, len(_chunks(state, runtime.context)))}

    graph.add_node(name, read, input_schema=Part)
    graph.add_node("next_wave", next_wave)
    graph.add_conditional_edges(after, send, [name, then])
    graph.add_edge(name, "next_wave")
    graph.add_conditional_edges("next_wave", send, [name, then])


def _chunks(state: WaveState, ctx: Context) -> Sequence[int]:
    return state.get("to_read", range(len(ctx.chunks)))
