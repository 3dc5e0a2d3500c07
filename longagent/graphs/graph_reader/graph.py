"""GraphReader: read the document once into a graph of facts, then walk it for each question, several at a time.

Li et al. 2024, arXiv 2406.14550. Every chunk is read once, without a question: its atomic facts with their key
elements, which are the nodes of a graph. For a question one call plans, others choose the nodes to begin with, and from
each an explorer walks by itself: at a node's facts, at a passage, at a node's neighbours it writes its notebook anew
and calls one of the stage's functions, at most ten. One call answers from all notebooks. n calls to index, once; then
at most 50 steps and three more calls, of which at most thirteen wait for each other.

Departures: of more than `candidates` nodes, those are shown to begin with whose facts share most words with question
and plan; of too many facts or neighbours of a node, those that share most words, or most facts with it, come first; a
passage beside another is read next, before what is in the queue; nodes and passages are never read twice by one
explorer, which code sees to; a function that cannot be called, even when asked again, is replaced by the stage's usual
one, and counted; notebooks are cut at a cap; each sentence of theirs carries the chunks it rests on, found by
comparison, so that the answer can be cited; temperature 0 instead of 0.2; prompts are our own words; a model that never
says "not found" does not plan, choose or call functions: code begins at the nodes that share most words with the
question, and its explorers note a sentence from each of their two best passages.
"""

from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from longagent.agents.graph_reader import answer as answer_role
from longagent.agents.graph_reader import answer_brief, at_chunk, at_facts, at_neighbours, facts, note_brief
from longagent.agents.graph_reader import plan as plan_role
from longagent.agents.graph_reader import start as start_role
from longagent.events import WalkPlanned
from longagent.graphs.graph_reader.answering import answer
from longagent.graphs.graph_reader.config import GraphReaderConfig
from longagent.graphs.graph_reader.explorer import choose_neighbour, read_chunk, read_facts
from longagent.graphs.graph_reader.indexing import add_index, fact_graph
from longagent.graphs.graph_reader.plan import chunk_tokens, estimate
from longagent.graphs.graph_reader.start import choose, make_plan, starts
from longagent.graphs.graph_reader.state import State
from longagent.graphs.graph_reader.walk import Notebook, Walk, WalkEnd, begin
from longagent.graphs.strategy import Context, strategy


async def plan(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Plan what has to be found out."""
    ctx = runtime.context
    if not (await fact_graph(ctx)).names or not ctx.may_read_on:
        return {"plan": ""}
    made = await make_plan(state["question"], ctx)
    warnings = ["No plan could be made; explorers went without one."] if made is None else []
    return {"plan": made or "", "warnings": warnings}


async def choose_start(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Choose the nodes that explorers begin with."""
    ctx, question = runtime.context, state["question"]
    graph = await fact_graph(ctx)
    if not graph.names:
        return {"starts": []}
    if not ctx.may_read_on:
        return {"starts": [], "unread": 1}
    chosen = await choose(question, state["plan"], graph, ctx)
    ctx.emit(WalkPlanned(plan=state["plan"], nodes=tuple(chosen.nodes)))
    warnings = []
    if chosen.guessed:
        which = "the list" if chosen.lists == 1 else f"{chosen.guessed} of {chosen.lists} lists"
        warnings.append(f"No start node could be read for {which} of nodes: words in common with the question decided.")
    return {"starts": await starts(chosen.nodes, question, graph, ctx), "warnings": warnings}


async def send_explorers(state: State) -> list[Send] | Literal["answer"]:
    """Send the explorers off, side by side."""
    walks = [
        begin(state["question"], agent, state["plan"], first["node"], first["queue"])
        for agent, first in enumerate(state["starts"])
    ]
    return [Send("explore", walk) for walk in walks] or "answer"


async def next_step(
    state: Walk, runtime: Runtime[Context]
) -> Literal["read_facts", "read_chunk", "choose_neighbour", "hand_over"]:
    """Go where the last function leads, while functions and limits last."""
    ctx = runtime.context
    if state["at"] == "over" or len(state["actions"]) >= ctx.config.steps or not ctx.may_read_on:
        return "hand_over"
    if state["at"] == "facts":
        return "read_facts"
    return "read_chunk" if state["at"] == "chunk" else "choose_neighbour"


async def hand_over(state: Walk, runtime: Runtime[Context]) -> dict[str, Any]:
    """Hand the notebook over."""
    stopped = state["at"] != "over" and len(state["actions"]) < runtime.context.config.steps
    failed = set(state.get("chunks_failed", []))
    read = [chunk for chunk in state["read"] if chunk not in failed]
    notebook = Notebook(agent=state["agent"], sentences=state["sentences"], read=read)
    return {"notebooks": [notebook], "unread": int(stopped)}


@strategy(
    "graph-reader",
    config=GraphReaderConfig,
    summary="indexes facts once, then explorers walk the graph of them: many questions, several hops, very long texts",
    paper="Li et al. 2024, arXiv 2406.14550",
    agents=(
        facts,
        plan_role,
        start_role,
        at_facts,
        at_chunk,
        at_neighbours,
        note_brief,
        answer_role,
        answer_brief,
    ),
    chunk_tokens=chunk_tokens,
    fill=0.5,
    estimate=estimate,
    cost="n calls to index n chunks, once; then 1 + lists of nodes + at most `agents` x `steps` + 1, of which at most "
    "`steps` + 3 wait for each other",
    reuses="the index: another question about the same document takes no call for it",
)
def graph_reader() -> StateGraph[State, Context]:
    """Build the graph: index, chunk by chunk → plan → choose_start → explore, for each start node → answer."""
    walk = StateGraph(Walk, context_schema=Context, output_schema=WalkEnd)
    for step in (read_facts, read_chunk, choose_neighbour, hand_over):
        walk.add_node(step)
    for source in (START, "read_facts", "read_chunk", "choose_neighbour"):
        walk.add_conditional_edges(source, next_step)
    walk.add_edge("hand_over", END)
    graph = StateGraph(State, context_schema=Context)
    add_index(graph, then="plan")
    graph.add_node(plan)
    graph.add_node(choose_start)
    graph.add_node("explore", walk.compile())
    graph.add_node(answer)
    graph.add_edge("plan", "choose_start")
    graph.add_conditional_edges("choose_start", send_explorers, ["explore", "answer"])
    graph.add_edge("explore", "answer")
    graph.add_edge("answer", END)
    return graph
