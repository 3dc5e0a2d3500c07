"""Going on with a run where it stopped, or starting it."""

import json
import logging
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from longagent.errors import LongagentError

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph
    from langgraph.types import Durability

_log = logging.getLogger("longagent")


async def resume_or_start(
    graph: "CompiledStateGraph[Any, Any, Any, Any]",
    start: Mapping[str, Any],
    *,
    context: Any,
    run_id: str,
    about: str,
    steps: int,
    callbacks: Sequence[Any] = (),
) -> dict[str, Any]:
    """Run a graph to its end: from the run's last checkpoint where there is a usable one, else from the start.

    A graph compiled without a checkpointer just runs. A checkpoint counts only for a graph of the same shape. Where
    going on from it fails, for any reason but an understood one, the run starts over once, as its calls are replayed.

    Args:
        graph: Compiled with what `checkpointer` yields.
        start: The state to start from.
        context: What the nodes work with.
        run_id: The same for the same run.
        about: What else a state depends on, such as how the documents are cut: another one starts anew.
        steps: How many steps the graph and each of its subgraphs may take.
        callbacks: LangChain's handlers, which are told of each step.

    Returns:
        The final state.
    """
    config: RunnableConfig = {"recursion_limit": steps, "callbacks": [*callbacks]}
    saver = graph.checkpointer
    if saver is None or isinstance(saver, bool):
        return await _run(graph, start, config, context)
    config["configurable"] = {"thread_id": run_id}
    config["metadata"] = {"graph": f"{_shape(graph)} {about}"}
    if await _can_go_on(graph, config):
        try:
            return await _run(graph, None, config, context)
        except LongagentError:
            raise
        except Exception as error:
            # Whether the checkpoint is to blame or a strategy, starting over tells, and costs no call.
            _log.warning("Going on from a checkpoint failed (%s); the run starts over.", type(error).__name__)
    # What a finished or unusable run left must not leak into this one: reducers would add to it.
    await forget(saver, run_id)
    return await _run(graph, start, config, context)


async def forget(saver: "BaseCheckpointSaver[Any]", run_id: str) -> None:
    """Delete a run's checkpoints."""
    await saver.adelete_thread(run_id)


async def _run(
    graph: "CompiledStateGraph[Any, Any, Any, Any]",
    start: Mapping[str, Any] | None,
    config: "RunnableConfig",
    context: Any,
) -> dict[str, Any]:
    # "sync" costs no more than "async" where subgraphs' checkpoints are held back, and no step runs ahead of one.
    durability: Durability | None = "sync" if "configurable" in config else None
    state: dict[str, Any] = await graph.ainvoke(start, config, context=context, durability=durability)
    return state


async def _can_go_on(graph: "CompiledStateGraph[Any, Any, Any, Any]", config: "RunnableConfig") -> bool:
    try:
        snapshot = await graph.aget_state(config)
    except Exception as error:  # whatever a damaged checkpoint does to LangGraph
        _log.debug("A checkpoint could not be read: %s", type(error).__name__)
        return False
    return bool(snapshot.next) and (snapshot.metadata or {}).get("graph") == config["metadata"]["graph"]


def _shape(graph: "CompiledStateGraph[Any, Any, Any, Any]") -> str:
    """Hash nodes and edges: to another version of a strategy the same state may mean another thing."""
    drawn = graph.get_graph(xray=True)
    edges = sorted([edge.source, edge.target, edge.conditional] for edge in drawn.edges)
    return sha256(json.dumps([sorted(drawn.nodes), edges]).encode()).hexdigest()[:16]
