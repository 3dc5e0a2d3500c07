"""An explorer at its three stages: what it sees, what it is asked, and what is kept of its reply."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from langgraph.runtime import Runtime

from longagent.agents.agent import Agent, Said
from longagent.agents.checking import holds
from longagent.agents.findings import says_nothing
from longagent.agents.graph_reader import Call, Turn, at_chunk, at_facts, at_neighbours, note_brief
from longagent.agents.graph_reader.turn import chunk_turn, facts_turn, neighbours_turn
from longagent.documents import Span
from longagent.errors import BudgetReached, ServerDownError
from longagent.events import Stepped
from longagent.evidence.provenance import Sourced, attribute
from longagent.graphs.context import PASSING
from longagent.graphs.fitting import fit
from longagent.graphs.graph_reader.config import GraphReaderConfig
from longagent.graphs.graph_reader.indexing import fact_graph
from longagent.graphs.graph_reader.plan import brief, caps, node_cap, note_cap, room_for, words
from longagent.graphs.graph_reader.shown import shown_facts, shown_neighbours
from longagent.graphs.graph_reader.walk import (
    USUAL_AT_CHUNK,
    USUAL_AT_NEIGHBOURS,
    Walk,
    checked_chunk,
    checked_facts,
    checked_neighbours,
    follow,
    usual_at_facts,
)
from longagent.graphs.reading import stops, while_indexing
from longagent.graphs.strategy import Context

_NOWHERE = -1
"""Index of no chunk."""


async def read_facts(state: Walk, runtime: Runtime[Context]) -> dict[str, Any]:
    """See the facts of a node: note what helps, and read passages of theirs or go on to neighbours."""
    ctx = runtime.context
    config: GraphReaderConfig = ctx.config
    model, graph = ctx.model(at_facts), await fact_graph(ctx)
    room = await room_for(at_facts, model, state["question"], config)
    facts = await shown_facts(state, graph, model, room=node_cap(config, room))
    chunks = {fact.chunk for fact in facts.facts}
    role = at_facts.reading(checked_facts(facts_turn, chunks, state["read"]))
    said = await _ask(role, state, ctx, facts=ctx.delimiters.block("facts", facts.text))
    if isinstance(said, BudgetReached):
        return {"at": "over", "unread": 1}
    turn = said.value if said else Turn(None)
    known = [*state["sentences"], *(Sourced(text=fact.text, chunks=[fact.chunk]) for fact in facts.facts)]
    sentences = await _noted(turn.notebook, known, state, ctx)
    call = turn.call or usual_at_facts(chunks, state["read"])
    place = follow(state, call, ctx.chunks, graph)
    return {**place, **_step("facts", state, ctx, turn=turn, call=call, sentences=sentences), **_counts(said)}


async def read_chunk(state: Walk, runtime: Runtime[Context]) -> dict[str, Any]:
    """Read a passage: note what helps, and go on to the next, to one beside it, or stop."""
    ctx, number = runtime.context, state["chunk"]
    chunk, graph = ctx.chunks[number], await fact_graph(ctx)
    role = at_chunk.reading(checked_chunk(chunk_turn, {**state, "read": [*state["read"], number]}, ctx.chunks))
    sentences, guessed = state["sentences"], 0

    async def read(span: Span) -> Turn:
        nonlocal sentences, guessed
        if brief(ctx.model):
            sentences = await _note(span, {**state, "sentences": sentences}, ctx)
            return Turn(USUAL_AT_CHUNK)
        passage = ctx.delimiters.passage(number + 1, span)
        asked = _call(role, {**state, "sentences": sentences}, ctx, passages=passage)
        said = await while_indexing(span.text, asked)
        sentences = await _noted(said.value.notebook, sentences, state, ctx, chunk=number, chunk_text=span.text)
        guessed += said.value.call is None
        return said.value

    attempt = await ctx.attempt(chunk, read)
    if attempt.outcome == "unread":
        return {"at": "over", "unread": 1, "sentences": sentences}
    turn = attempt.values[-1] if attempt.values else Turn(None)
    call = turn.call or USUAL_AT_CHUNK
    place = follow(state, call, ctx.chunks, graph)
    if brief(ctx.model) and place["at"] == "neighbours":
        place["at"] = "over"
    done = [number] if attempt.outcome == "read" else []
    return {
        **place,
        **_step("chunk", state, ctx, turn=turn, call=call, sentences=sentences),
        "read": [*state["read"], number],
        "chunks_read": done,
        "chunks_failed": [] if done else [number],
        "guessed": guessed,
    }


async def choose_neighbour(state: Walk, runtime: Runtime[Context]) -> dict[str, Any]:
    """See the names of a node's neighbours, and go on to one or stop."""
    ctx = runtime.context
    model, graph = ctx.model(at_neighbours), await fact_graph(ctx)
    names = await shown_neighbours(state, graph, model, ctx)
    if not names:
        return {"at": "over"}
    role = at_neighbours.reading(checked_neighbours(neighbours_turn, names, graph))
    listed = ctx.delimiters.block("neighbours", "\n".join([f"Neighbours of {state['node']}:", *names]))
    said = await _ask(role, state, ctx, names=listed)
    if isinstance(said, BudgetReached):
        return {"at": "over", "unread": 1}
    turn = said.value if said else Turn(None)
    call = turn.call or USUAL_AT_NEIGHBOURS
    place = follow(state, call, ctx.chunks, graph)
    # Only facts and passages go into the notebook.
    return {
        **place,
        **_step("neighbours", state, ctx, turn=turn, call=call, sentences=state["sentences"]),
        **_counts(said),
    }


def text_of(sentences: Sequence[Sourced]) -> str:
    """Return a notebook as it is shown."""
    return "".join(sentence["text"] for sentence in sentences)


async def _ask(role: Agent[Turn], state: Walk, ctx: Context, **seen: str) -> Said[Turn] | BudgetReached | None:
    """Make a call that reads no chunk; `None` where it failed, which ends no walk."""
    try:
        return await _call(role, state, ctx, **seen)
    except BudgetReached as reached:
        return reached
    except ServerDownError:
        raise
    except PASSING:
        return None


async def _call(role: Agent[Turn], state: Walk, ctx: Context, **seen: Any) -> Said[Turn]:
    model = ctx.model(role)
    cap = caps(ctx.config, model.profile)
    plan = await fit(state["plan"], cap.plan, model.count_tokens, keep_end=False)
    actions = await fit("\n".join(state["actions"]), cap.actions, model.count_tokens, keep_end=True)
    return await role(
        model,
        max_tokens=cap.turn,
        seed=ctx.seed,
        question=state["question"],
        plan=ctx.delimiters.block("plan", plan),
        actions=ctx.delimiters.block("actions", actions),
        notebook=ctx.delimiters.block("notebook", text_of(state["sentences"])),
        words=words(cap.notebook),
        **seen,
    )


async def _note(span: Span, state: Walk, ctx: Context) -> list[Sourced]:
    """Have a sentence noted that answers from a passage; kept where the passage carries it."""
    model = ctx.model(note_brief)
    said = await note_brief(
        model,
        max_tokens=note_cap(ctx.config, model.profile),
        seed=ctx.seed,
        stop=stops(model),
        passages=ctx.delimiters.passages([span]),
        question=state["question"],
    )
    note = " ".join(said.value.split())
    kept = state["sentences"]
    if says_nothing(note) or not await asyncio.to_thread(holds, state["question"], note, passage=span, earlier=""):
        return kept
    before = f"{text_of(kept)}\n".lstrip()
    cap = caps(ctx.config, model.profile).notebook
    return await _noted(
        await fit(before + note, cap, model.count_tokens, keep_end=False),
        kept,
        state,
        ctx,
        chunk=state["chunk"],
        chunk_text=span.text,
    )


async def _noted(
    notebook: str, known: list[Sourced], state: Walk, ctx: Context, *, chunk: int = _NOWHERE, chunk_text: str = ""
) -> list[Sourced]:
    """Return the notebook as it was written anew, within its cap; where nothing was, as it is."""
    model = ctx.model(at_facts)
    text = await fit(notebook, caps(ctx.config, model.profile).notebook, model.count_tokens, keep_end=False)
    if not text:
        return state["sentences"] if chunk == _NOWHERE else known
    # Not in a thread, nor is ranking: explorers side by side would come to their calls in an order that is chance.
    return attribute(known, text, chunk=chunk, chunk_text=chunk_text)


def _step(
    at: Literal["facts", "chunk", "neighbours"],
    state: Walk,
    ctx: Context,
    *,
    turn: Turn,
    call: Call,
    sentences: list[Sourced],
) -> dict[str, Any]:
    """Tell of a step, and return what it adds to the walk."""
    action, node = f"{call.function}({call.argument})", state["node"]
    where = f"passage {state['chunk'] + 1}" if at == "chunk" else f"{at} of {node}"
    ctx.emit(
        Stepped(
            agent=state["agent"],
            step=len(state["actions"]) + 1,
            at=at,
            node=node,
            chunk=state["chunk"] if at == "chunk" else None,
            action=action,
            rationale=turn.rationale,
            notebook=text_of(sentences),
        )
    )
    return {"actions": [*state["actions"], f"{where}: {action}"], "sentences": sentences, "steps": 1}


def _counts(said: Said[Turn] | None) -> dict[str, int]:
    return {"guessed": int(said is not None and said.value.call is None), "lost": int(said is None)}
