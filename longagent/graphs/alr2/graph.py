"""ALR²: first retrieve the sentences that matter, word for word, then reason from them alone.

Li et al. 2024, arXiv 2410.03227: reasoning decays with length much faster than retrieval does, so one call copies the
sentences needed, and another answers from them. Here sentences are retrieved from each chunk, side by side, or from the
whole text in one call, where it fits; code looks for each of them in the source, drops what does not stand there, and
puts the others in the order of the text. n + 1 calls for n chunks, depth 2; 2 calls for the whole text.

Departures: nothing is trained; the check in code stands in for the training that keeps the paper's model from making
sentences up. Retrieving from chunks, a second pass, and reasoning without the text are ours: whether the paper's second
step sees the text is not settled by what we have of it (`reason_with_context`). The answer is written from the source's
own sentences, not from the copies. Models that never say "none" are asked for an answer, and code looks for the
sentences that carry it.
"""

from operator import add
from typing import Annotated, Any, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.alr2 import reason as reasoner
from longagent.agents.alr2 import reason_brief, reason_in_context, retrieve, retrieve_again, retrieve_brief
from longagent.documents import Chunk
from longagent.errors import (
    BudgetReached,
    ServerDownError,
)
from longagent.events import ChunksRead
from longagent.graphs.alr2.answering import answer_from
from longagent.graphs.alr2.config import Alr2Config
from longagent.graphs.alr2.evidence import Sentence, in_order, that_fit
from longagent.graphs.alr2.plan import caps, chunk_tokens, estimate, joined, reads_whole, retriever_for, searches
from longagent.graphs.alr2.retrieving import Search
from longagent.graphs.context import PASSING
from longagent.graphs.reading import says_missed
from longagent.graphs.state import RetrievalRef
from longagent.graphs.strategy import Context, strategy
from longagent.graphs.waves import Part, WaveState, read_in_waves


class Again(Part):
    """What is given beside a chunk in the second pass."""

    seeds: list[Sentence]


class State(WaveState):
    """Adds what was retrieved."""

    meant: NotRequired[int]
    """Chunks that were to be read."""
    whole: NotRequired[bool]
    """Whether the text is read in one call."""
    sentences: NotRequired[Annotated[list[Sentence], add]]
    seeds: NotRequired[list[Sentence]]
    """What the second pass is shown of what the first found."""
    retrieved: NotRequired[Annotated[int, add]]
    verbatim: NotRequired[Annotated[int, add]]
    unverified: NotRequired[Annotated[int, add]]
    cut: NotRequired[Annotated[int, add]]
    """Replies that their cap cut off."""


async def begin(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Choose what is read; what fits one call is read at once."""
    ctx = runtime.context
    config: Alr2Config = ctx.config
    indices = list(range(len(ctx.chunks)))
    if config.prefilter and config.prefilter < len(indices):
        best = (await ctx.rank(state["question"]))[: config.prefilter]
        indices = sorted(ranked.chunk.index for ranked in best)
    chunks = [ctx.chunks[index] for index in indices]
    whole = await reads_whole(ctx, state["question"], chunks)
    update: dict[str, Any] = {"meant": len(indices), "whole": whole, "selected": indices, "sent": 0}
    return {**update, **(await _read_whole(Search(ctx, state["question"], chunks)) if whole else {})}


async def _read_whole(search: Search) -> dict[str, Any]:
    """Retrieve from the whole text in one call; where that fails, its chunks are left to be read one by one."""
    if not search.ctx.may_read_on:
        return {}
    try:
        await search.read(*joined(search.chunks))
    except ServerDownError:
        raise
    except (BudgetReached, *PASSING):
        return {}
    read = [chunk.index for chunk in search.chunks]
    search.ctx.emit(ChunksRead(chunks=tuple(read)))
    search.tell()
    return {**search.update, "chunks_read": read, "selected": []}


async def retrieve_from_chunk(state: Part, runtime: Runtime[Context]) -> dict[str, Any]:
    """Retrieve sentences from one chunk."""
    ctx = runtime.context
    return await _read_chunk(Search(ctx, state["question"], [ctx.chunks[state["chunk"]]]))


async def retrieve_more(state: Again, runtime: Runtime[Context]) -> dict[str, Any]:
    """Retrieve further sentences from one chunk, with those of the first pass at hand."""
    ctx = runtime.context
    return await _read_chunk(Search(ctx, state["question"], [ctx.chunks[state["chunk"]]], seeds=state["seeds"]))


async def _read_chunk(search: Search) -> dict[str, Any]:
    (chunk,) = search.chunks
    attempt = await search.ctx.attempt(chunk, search.read)
    search.tell()
    return {
        **search.update,
        "chunks_read": [chunk.index] if attempt.outcome == "read" else [],
        "chunks_failed": [chunk.index] if attempt.outcome == "failed" else [],
    }


async def look_again(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Begin the second pass, if there is to be one and the first found something to go by."""
    ctx = runtime.context
    config: Alr2Config = ctx.config
    found = in_order(state.get("sentences", []))
    if len(searches(config, ctx.model)) < 2 or not found:
        return {"selected": [], "sent": 0}
    model = ctx.model(retrieve_again)
    room = caps(config, model.profile).retrieved
    seeds = await that_fit(found, room, model, ctx, question=state["question"])
    chunks = _to_read(state, ctx)
    update: dict[str, Any] = {"seeds": seeds, "selected": [chunk.index for chunk in chunks], "sent": 0}
    if not state["whole"] or state["selected"]:
        return update
    return {**update, **await _read_whole(Search(ctx, state["question"], chunks, seeds=seeds))}


def _to_read(state: State, ctx: Context) -> list[Chunk]:
    """Return the chunks that the first pass was to read, but for those that failed."""
    failed = set(state.get("chunks_failed", []))
    indices = state["selected"] or sorted(set(state.get("chunks_read", [])))
    return [ctx.chunks[index] for index in indices if index not in failed]


async def reason(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from the sentences alone, in the order of the text; without any there is no call."""
    ctx, found = runtime.context, in_order(state.get("sentences", []))
    seen = {*state.get("chunks_read", []), *state.get("chunks_failed", [])}
    update: dict[str, Any] = {"partial": len(seen) < state["meant"], "warnings": _says_reading(state, ctx)}
    if retriever_for(ctx.model) is retrieve:
        update["retrieval"] = RetrievalRef(
            sentences=state.get("retrieved", 0),
            verbatim=state.get("verbatim", 0),
            unverified=state.get("unverified", 0),
        )
    if not found:
        return {**update, "reply": "", "evidence": []}
    answered = await answer_from(found, state["question"], ctx)
    return {
        **update,
        "reply": answered.reply,
        "evidence": answered.evidence,
        "warnings": [*update["warnings"], *answered.warnings],
    }


def _says_reading(state: State, ctx: Context) -> list[str]:
    """Tell what happened while retrieving."""
    config: Alr2Config = ctx.config
    model, cut, warnings = ctx.model(retrieve), state.get("cut", 0), []
    if retriever_for(ctx.model) is retrieve_brief and (config.passes > 1 or config.check != "drop"):
        warnings.append(f"{model.name} is too small to copy sentences: passes and check of alr2 are not for it.")
    if cut:
        cap = caps(config, model.profile).retrieved
        warnings.append(f"Retrieved sentences cut at {cap} tokens: {cut}; -S retrieved_tokens=N raises that.")
    return [*warnings, *says_missed(state)]


@strategy(
    "alr2",
    config=Alr2Config,
    summary="copies the sentences that matter, checks each against the source, and answers from them: facts, auditable",
    paper="Li et al. 2024, arXiv 2410.03227",
    agents=(retrieve, retrieve_again, retrieve_brief, reasoner, reason_in_context, reason_brief),
    chunk_tokens=chunk_tokens,
    # Every chunk is a call, and one that ends with a page is found in the cache after another page was edited.
    fill=0.75,
    estimate=estimate,
    cost="n + 1 calls for n chunks, depth 2; 2n + 1 with two passes; 2 where the text fits one call",
    reuses="nothing",
)
def alr2() -> StateGraph[State, Context]:
    """Build the graph: begin → retrieve_from_chunk … → look_again → retrieve_more … → reason."""
    graph = StateGraph(State, context_schema=Context)
    for node in (begin, look_again, reason):
        graph.add_node(node)
    graph.add_edge(START, "begin")
    read_in_waves(graph, retrieve_from_chunk, start="begin", then="look_again")
    read_in_waves(graph, retrieve_more, start="look_again", then="reason", wave="next_wave_again", part=Again)
    graph.add_edge("reason", END)
    return graph
