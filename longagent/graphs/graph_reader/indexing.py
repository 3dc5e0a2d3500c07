"""Indexing: the facts of every chunk, read once and kept for all questions."""

import asyncio
from collections.abc import Sequence
from operator import add
from typing import Annotated, Any, NamedTuple, NotRequired

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.graph_reader import Told
from longagent.agents.graph_reader import facts as facts_role
from longagent.documents import Span
from longagent.events import ChunksRead, UnitWritten
from longagent.graphs.graph_reader.elements import clean, elements_of, inert
from longagent.graphs.graph_reader.entries import Entry, Indexed, facts_by_code, indexed, keep, look_up
from longagent.graphs.graph_reader.fact_graph import Fact, FactGraph
from longagent.graphs.graph_reader.index_plan import facts_cap, form_of, index_chunk_tokens, index_planned, words_for
from longagent.graphs.strategy import Context
from longagent.graphs.waves import WAVE, Part, WaveState, read_in_waves

__all__ = ["IndexState", "add_index", "fact_graph", "form_of", "index_chunk_tokens", "index_planned", "index_warnings"]


class IndexState(WaveState):
    """What indexing leaves in the state: indices and counts. A strategy's own state extends it."""

    facts_cut: NotRequired[Annotated[int, add]]
    """Lists of facts that their cap cut off."""
    facts_by_code: NotRequired[Annotated[int, add]]
    """Chunks whose facts no reply told, so that their sentences stand for them."""


class _Part(NamedTuple):
    """What was read of a chunk, or of a half of it."""

    facts: list[Fact]
    cut: bool
    by_code: bool


async def find_indexed(state: IndexState, runtime: Runtime[Context]) -> dict[str, Any]:  # noqa: ARG001
    """Take what is in the index already; the other chunks are to be read. None is where code indexes."""
    ctx = runtime.context
    everything = range(len(ctx.chunks))
    if form_of(ctx.config, ctx.model) == "code":
        return {"selected": []}
    await look_up(ctx, everything, cap=_cap(ctx))
    entries = indexed(ctx).entries
    there = sorted(entries)
    if there:
        ctx.emit(ChunksRead(chunks=tuple(there)))
    return {
        "selected": [index for index in everything if index not in entries],
        "chunks_read": there,
        "facts_cut": sum(entry.cut for entry in entries.values()),
    }


async def index_chunk(state: Part, runtime: Runtime[Context]) -> dict[str, Any]:
    """Read the facts of a chunk. What is asked must not reach the call: other questions are to find it made."""
    ctx, chunk = runtime.context, state["chunk"]
    entry = await _read(ctx, chunk)
    if entry is None:
        return {"chunks_failed": [chunk] if chunk in indexed(ctx).failed else []}
    ctx.emit(UnitWritten(path=0, chunk=chunk, text="\n".join(fact.text for fact in entry.facts)))
    return {"chunks_read": [chunk], "facts_cut": entry.cut, "facts_by_code": int(entry.by_code)}


def add_index(graph: "StateGraph[Any, Context, Any, Any]", *, then: str) -> None:
    """Add to a graph of an `IndexState` that it begins with indexing the chunks that are not indexed yet, in waves.

    Chunks in the index count as read, whoever read them; where code indexes, none does.

    Args:
        graph: it must have no other edge from START.
        then: name of the node that follows, also when limits end the indexing.
    """
    graph.add_node("find_indexed", find_indexed, input_schema=IndexState)
    graph.add_edge(START, "find_indexed")
    read_in_waves(graph, index_chunk, then=then, start="find_indexed")


def index_warnings(state: IndexState, ctx: Context) -> list[str]:
    """Return what went less than well in indexing, for the state's `warnings`."""
    warnings = []
    if cut := state.get("facts_cut", 0):
        lists = "A list of facts was" if cut == 1 else f"{cut} lists of facts were"
        warnings.append(f"{lists} cut at {_cap(ctx)} tokens; -S facts_tokens=N or a smaller -S chunk_tokens=N helps.")
    if by_code := state.get("facts_by_code", 0):
        chunks = "a chunk" if by_code == 1 else f"{by_code} chunks"
        warnings.append(f"The facts of {chunks} could not be read from the replies: the sentences stand for them.")
    return warnings


async def fact_graph(ctx: Context) -> FactGraph:
    """Return the graph of the documents, as far as they are indexed; made once in a run.

    What a process before this one read, for the same run, is taken from the index store, else asked again: then the
    journal replies. So no chunk is lost where nothing is kept for other runs.

    Raises:
        ModelRejectedError: the server refuses all calls.
        ServerDownError: the server is gone.
    """
    held = indexed(ctx)
    async with held.building:
        if held.graph is None:
            held.graph = await asyncio.to_thread(FactGraph, await _facts(ctx, held))
        return held.graph


async def _facts(ctx: Context, held: Indexed) -> list[Fact]:
    if form_of(ctx.config, ctx.model) == "code":
        return await asyncio.to_thread(facts_by_code, [(chunk.index, chunk.span) for chunk in ctx.chunks])
    missing = _missing(ctx, held)
    if missing:
        await look_up(ctx, missing, cap=_cap(ctx))
        missing = _missing(ctx, held)
    while missing and ctx.may_read_on:
        try:
            async with asyncio.TaskGroup() as group:
                for chunk in missing[:WAVE]:
                    group.create_task(_read(ctx, chunk))
        except BaseExceptionGroup as failed:
            first = failed.exceptions[0]
            raise first from first.__cause__
        missing = missing[WAVE:]
    return [fact for chunk in sorted(held.entries) for fact in held.entries[chunk].facts]


def _missing(ctx: Context, held: Indexed) -> list[int]:
    return [chunk.index for chunk in ctx.chunks if chunk.index not in held.entries and chunk.index not in held.failed]


async def _read(ctx: Context, index: int) -> Entry | None:
    """Read the facts of a chunk and keep them; `None` where that fails, or a limit is reached before."""
    model, chunk, cap = ctx.model(facts_role), ctx.chunks[index], _cap(ctx)

    async def read(span: Span) -> _Part:
        passages = ctx.delimiters.passages([span])
        said = await facts_role(model, max_tokens=cap, seed=ctx.seed, passages=passages, words=words_for(cap))
        # Of a list that was cut off, the last line is not whole.
        told = said.value[:-1] if said.cut else said.value
        if said.assumed or (said.cut and not told):
            return _Part(await asyncio.to_thread(facts_by_code, [(index, span)]), cut=False, by_code=True)
        return _Part(_as_facts(told, index), cut=said.cut, by_code=False)

    attempt = await ctx.attempt(chunk, read)
    if attempt.outcome == "failed":
        indexed(ctx).failed.add(index)
    if attempt.outcome != "read":
        return None
    facts = dict.fromkeys(fact for part in attempt.values for fact in part.facts)
    cut, by_code = sum(part.cut for part in attempt.values), any(part.by_code for part in attempt.values)
    entry = Entry(tuple(facts), cut=cut, by_code=by_code)
    await keep(ctx, chunk, entry, cap=cap)
    return entry


def _as_facts(told: Sequence[Told], chunk: int) -> list[Fact]:
    """Return what a model told as facts; those for which it named no key element get theirs by code."""
    texts = [inert(fact.text) for fact in told]
    spare = elements_of(texts)
    facts = []
    for fact, text, by_code in zip(told, texts, spare, strict=True):
        elements = tuple(bare for element in fact.elements if (bare := clean(element)))
        facts.append(Fact(text, elements or by_code, chunk))
    return facts


def _cap(ctx: Context) -> int:
    return facts_cap(ctx.config, ctx.model(facts_role).profile)
