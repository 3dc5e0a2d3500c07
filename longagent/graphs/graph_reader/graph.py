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

import asyncio
from operator import add
from typing import Annotated, Any, Literal, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from longagent.agents.graph_reader import (
    answer as answer_role,
)
from longagent.agents.graph_reader import (
    answer_brief,
    at_chunk,
    at_facts,
    at_neighbours,
    facts,
    note_brief,
    otherwise,
)
from longagent.agents.graph_reader import plan as plan_role
from longagent.agents.graph_reader import start as start_role
from longagent.events import WalkPlanned
from longagent.evidence import trace
from longagent.evidence.provenance import attribute
from longagent.graphs.fitting import fit
from longagent.graphs.graph_reader.config import GraphReaderConfig
from longagent.graphs.graph_reader.explorer import choose_neighbour, read_chunk, read_facts, text_of
from longagent.graphs.graph_reader.indexing import IndexState, add_index, fact_graph, index_warnings
from longagent.graphs.graph_reader.plan import (
    answer_cap,
    answer_for,
    chunk_tokens,
    estimate,
    room_for,
    share,
    words,
)
from longagent.graphs.graph_reader.start import Start, choose, make_plan, starts
from longagent.graphs.graph_reader.walk import Notebook, Walk, WalkEnd, begin
from longagent.graphs.reading import says_cut, stops
from longagent.graphs.strategy import Context, SpanRef, strategy


class State(IndexState):
    """Adds the plan, where explorers begin, and what they bring back."""

    plan: NotRequired[str]
    starts: NotRequired[list[Start]]
    notebooks: NotRequired[Annotated[list[Notebook], add]]
    steps: NotRequired[Annotated[int, add]]
    guessed: NotRequired[Annotated[int, add]]
    """Replies whose function could not be read or called."""
    lost: NotRequired[Annotated[int, add]]
    """Steps that failed, but for those that read a chunk."""


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
    if not graph.names or not ctx.may_read_on:
        return {"starts": []}
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


async def hand_over(state: Walk) -> dict[str, Any]:
    """Hand the notebook over."""
    failed = set(state.get("chunks_failed", []))
    read = [chunk for chunk in state["read"] if chunk not in failed]
    return {"notebooks": [Notebook(agent=state["agent"], sentences=state["sentences"], read=read)]}


async def answer(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from all notebooks, each within its share of the window."""
    ctx, question = runtime.context, state["question"]
    config: GraphReaderConfig = ctx.config
    warnings = [*index_warnings(state, ctx), *_says_passed_over(state)]
    notebooks = sorted(state.get("notebooks", []), key=lambda notebook: notebook["agent"])
    notebooks = [notebook for notebook in notebooks if text_of(notebook["sentences"]).strip()]
    if not notebooks:
        return {"reply": "", "evidence": [], "warnings": warnings}
    role = answer_for(ctx.model)
    model = ctx.model(role)
    cap, each = answer_cap(config, model.profile), share(config, await room_for(role, model, question, config))
    texts = [await fit(text_of(found["sentences"]), each, model.count_tokens, keep_end=False) for found in notebooks]
    if role is answer_brief:
        # Notes of the same passage are the same; to be told twice does not help such a model.
        texts = list(dict.fromkeys(texts))
    said = await role(
        model,
        max_tokens=cap,
        seed=ctx.seed,
        stop=stops(model),
        final=True,
        notebooks=ctx.delimiters.blocks("notebook", texts),
        question=question,
        words=words(cap // 2),
        otherwise=otherwise(model),
    )
    evidence = await asyncio.to_thread(_rests_on, question, said.value, notebooks, ctx)
    if said.assumed:
        warnings.append("The answer came without the label that was asked for, and is given as it came.")
    return {"reply": said.value, "evidence": evidence, "warnings": [*warnings, *says_cut(said, model, cap)]}


def _rests_on(question: str, reply: str, notebooks: list[Notebook], ctx: Context) -> list[SpanRef]:
    """Return the chunks under the sentences of notebooks that the reply rests on.

    Where those do not carry it: all that notebooks rest on, and all that their explorers read.
    """
    known = [sentence for notebook in notebooks for sentence in notebook["sentences"]]
    named = {chunk for found in attribute(known, reply, chunk=-1, chunk_text="") for chunk in found["chunks"]}
    spans = [ctx.chunks[chunk].span for chunk in sorted(named)]
    if not spans or not trace(question, reply, spans).grounded:
        read = {chunk for notebook in notebooks for chunk in notebook["read"]}
        rest = {chunk for sentence in known for chunk in sentence["chunks"]}
        spans = [ctx.chunks[chunk].span for chunk in sorted(named | rest | read)]
    return [ctx.ref(span) for span in spans]


def _says_passed_over(state: State) -> list[str]:
    warnings, steps = [], state.get("steps", 0)
    if guessed := state.get("guessed", 0):
        warnings.append(
            f"In {guessed} of {steps} steps no function was called that may be called there: the usual one was taken."
        )
    if lost := state.get("lost", 0):
        warnings.append(f"{lost} of {steps} steps failed; explorers went on without what they would have noted.")
    return warnings


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
