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
    selected: NotRequired[list[int]]
    """Indices of the chunks to be read; all of them where it is missing."""


def read_in_waves(
    graph: "StateGraph[Any, Context, Any, Any]",
    read: Callable[..., Awaitable[dict[str, Any]]],
    *,
    then: str,
    start: str = START,
    wave: str = "next_wave",
    part: type[Part] = Part,
) -> None:
    """Add to a graph that every chunk is read by `read`, side by side; when limits or chunks end, it goes to `then`.

    Args:
        graph: of a `WaveState`.
        read: a node, of `Part` and `Runtime`, that reads the part's chunk by `Context.attempt`; its name is the node's.
            Updates of a wave are merged in the order of the chunks.
        then: name of the node that follows.
        start: name of the node that goes before. Where chunks were read in waves already, it resets `sent`.
        wave: name of the node between two waves.
        part: what `read` is given; what it names beside `Part` is taken from the state.
    """
    name = read.__name__

    def chosen(state: WaveState, ctx: Context) -> Sequence[int]:
        return state["selected"] if "selected" in state else range(len(ctx.chunks))

    # Typed, LangGraph would hand it no more of the state than the type names.
    async def send(state: Any, runtime: Runtime[Context]) -> list[Send] | str:
        ctx, first = runtime.context, state.get("sent", 0)
        indices = chosen(state, ctx)
        if first >= len(indices) or not ctx.may_read_on:
            return then
        given = {key: value for key, value in state.items() if key in part.__annotations__}
        return [Send(name, {**given, "chunk": index}) for index in indices[first : first + WAVE]]

    async def next_wave(state: WaveState, runtime: Runtime[Context]) -> dict[str, int]:
        return {"sent": min(state.get("sent", 0) + WAVE, len(chosen(state, runtime.context)))}

    graph.add_node(name, read, input_schema=part)
    graph.add_node(wave, next_wave)
    graph.add_conditional_edges(start, send, [name, then])
    graph.add_edge(name, wave)
    graph.add_conditional_edges(wave, send, [name, then])
