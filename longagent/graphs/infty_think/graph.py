"""InftyThink: a question is thought about in short rounds; of each only a summary is left, and at last a conclusion.

Yan et al. 2025, arXiv 2503.06692. A round sees the question and the summary of the round before, nothing else; it
reasons within a bound and ends with a summary of its progress (established, open, next) or, when it is done, with a
conclusion. Where no conclusion comes within the rounds, one more call concludes from the last summary. Without a
document (`longagent think`) this is the paper's method.

Documents come in by one of two forms. Form `evidence`: the chunks that rank best stand in the first round
only. Form `read`: a chunk a round, then rounds without; a conclusion before the last chunk counts as a summary.

Departures: the paper reads no documents, both forms for them are our adaptation; it trains its models, ours are told
the form, with labels (Reasoning, Summary, Conclusion) instead of the trained tags, asked once more where they break it,
and then the end of what they said is the summary (the paper's script starts over); temperature 0 instead of 0.7;
segments of 1,024 tokens instead of 4,096; summaries are cut at a cap; rounds end when one leaves the summary as it was;
a conclusion that only says it is still to come is none beside a summary; a model that never says "not found" is asked
for one sentence, which passages or summary must hold.
"""

from collections.abc import Sequence
from operator import add
from typing import Annotated, Any, Literal, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.infty_think import (
    concluder,
    concluder_alone,
    otherwise,
    thinker,
    thinker_brief,
    thinker_brief_alone,
    thinker_reading,
)
from longagent.documents import Chunk
from longagent.errors import (
    BudgetReached,
    ServerDownError,
)
from longagent.events import ChunksRead
from longagent.evidence.provenance import Sourced
from longagent.graphs.context import PASSING
from longagent.graphs.infty_think.config import InftyConfig
from longagent.graphs.infty_think.plan import caps, chunk_tokens, concluder_for, estimate, evidence_room, thoughts
from longagent.graphs.infty_think.rounds import Round, text_of
from longagent.graphs.reading import best_that_fit, says_cut, stops
from longagent.graphs.strategy import Context, SpanRef, StrategyState, strategy


class State(StrategyState):
    """Adds what is left to read, and what the last round left."""

    unread: list[list[int]]
    """Indices of the chunks that come, each group in one round."""
    rounds: int
    """So far."""
    thoughts: int
    """How many of them had nothing to read."""
    summary: list[Sourced]
    """The last one, each sentence with the chunks it rests on; earlier ones are gone."""
    conclusion: str
    concluded_on: list[int]
    """The chunks that stood before the thinker when it concluded."""
    over: bool
    """Whether no round follows."""
    broken: NotRequired[Annotated[int, add]]
    cut: NotRequired[Annotated[int, add]]


async def gather(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Settle what is read, and in which rounds."""
    ctx = runtime.context
    config: InftyConfig = ctx.config
    unread = [[chunk.index] for chunk in ctx.chunks]
    if config.form == "evidence" and ctx.chunks:
        model = ctx.model(thinker)
        room = await evidence_room(config, model, state["question"])
        unread = [[index for index, _ in await best_that_fit(ctx, state["question"], room, model)]]
    start = {"rounds": 0, "thoughts": 0, "summary": [], "conclusion": "", "concluded_on": [], "over": False}
    return {"unread": unread, **start}


async def next_step(state: State, runtime: Runtime[Context]) -> Literal["read_on", "think", "conclude"]:
    """Go on with rounds until one concludes, or they are used up."""
    ctx = runtime.context
    most = thoughts(ctx.config, ctx.model(thinker).profile, document=bool(ctx.chunks))
    left = state["unread"] or state["thoughts"] < most
    if state["over"] or not left or not ctx.may_read_on:
        return "conclude"
    return "read_on" if state["unread"] else "think"


async def read_on(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Think a round with the next chunks at hand."""
    ctx, (group, *rest) = runtime.context, state["unread"]
    now, chunks = _round(state, ctx, more=bool(rest)), [ctx.chunks[index] for index in group]
    outcome = await _read(now, chunks, ctx)
    if outcome == "apart":
        return {"unread": [*([index] for index in group), *rest]}
    return {
        **_left_by(now, state),
        "unread": rest,
        "concluded_on": group if now.conclusion else [],
        "over": bool(now.conclusion) or outcome == "unread",
        "chunks_read": group if outcome == "read" else [],
        "chunks_failed": group if outcome == "failed" else [],
    }


async def _read(now: Round, chunks: Sequence[Chunk], ctx: Context) -> Literal["read", "failed", "unread", "apart"]:
    """Read chunks in one round; those that cannot be read together are to be read one by one."""
    if len(chunks) == 1:
        (chunk,) = chunks
        return (await ctx.attempt(chunk, lambda span: now.read(chunk, span))).outcome
    try:
        await now.read_together(chunks)
    except BudgetReached:
        return "unread"
    except ServerDownError:
        raise
    except PASSING:
        return "apart"
    ctx.emit(ChunksRead(chunks=tuple(chunk.index for chunk in chunks)))
    return "read"


async def think(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Think a round with nothing at hand but the last summary."""
    now = _round(state, runtime.context, more=False)
    warnings = []
    try:
        await now.think()
    except BudgetReached:
        return {"over": True}
    except ServerDownError:
        raise
    except PASSING as error:
        warnings.append(f"Round {state['rounds'] + 1} failed, and was the last: {error.message}")
    # What was asked with this summary and led to it again would do so for ever.
    still = text_of(now.summary) == text_of(state["summary"])
    return {
        **_left_by(now, state),
        "thoughts": state["thoughts"] + 1,
        "over": bool(now.conclusion) or still,
        "warnings": warnings,
    }


async def conclude(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Take the conclusion of the last round, or have one written from the last summary, by then the only thing left."""
    ctx, summary = runtime.context, text_of(state["summary"])
    warnings = _says_broken(state, ctx)
    if state["conclusion"]:
        return {"reply": state["conclusion"], "evidence": _evidence(state, ctx), "warnings": warnings}
    if ctx.chunks and not summary:
        return {"reply": "", "evidence": [], "warnings": warnings}
    role = concluder_for(document=bool(ctx.chunks))
    model = ctx.model(role)
    cap = caps(ctx.config, model.profile).answer
    said = await role(
        model,
        max_tokens=cap,
        seed=ctx.seed,
        stop=stops(model),
        final=True,
        summary=ctx.delimiters.block("summary", summary),
        question=state["question"],
        otherwise=otherwise(model),
    )
    warnings += says_cut(said, model, cap)
    return {"reply": said.value, "evidence": _evidence(state, ctx), "warnings": warnings}


def _round(state: State, ctx: Context, *, more: bool) -> Round:
    return Round(ctx, state["question"], state["summary"], number=state["rounds"] + 1, more=more)


def _left_by(now: Round, state: State) -> dict[str, Any]:
    """Return what a round leaves: its summary replaces the one before."""
    return {
        "rounds": state["rounds"] + 1,
        "summary": now.summary,
        "conclusion": now.conclusion,
        "broken": now.broken,
        "cut": now.cut,
    }


def _evidence(state: State, ctx: Context) -> list[SpanRef]:
    """Return the chunks that the last summary rests on, or all that were read where that cannot be told."""
    carried = {chunk for sentence in state["summary"] for chunk in sentence["chunks"]}
    found = carried.union(state["concluded_on"]) if carried else set(state.get("chunks_read", []))
    return [ctx.ref(ctx.chunks[index].span) for index in sorted(found)]


def _says_broken(state: State, ctx: Context) -> list[str]:
    """Say how often the form was broken; a model that is asked for none has nothing to break."""
    model = ctx.model(thinker)
    if not model.profile.abstains:
        # What it says about a document is checked; this is not.
        few = f"{model.name} is too small for rounds: it was asked for one note, and an answer from it."
        return [] if ctx.chunks else [few]
    warnings, rounds = [], state["rounds"]
    if broken := state.get("broken", 0):
        warnings.append(
            f"{broken} of {rounds} rounds ended with neither summary nor conclusion; the end of their reasoning was "
            "carried on."
        )
    if cut := state.get("cut", 0):
        warnings.append(
            f"{cut} of {rounds} rounds were cut short; -S summary_tokens=N or -S segment_tokens=N leaves more room."
        )
    return warnings


@strategy(
    "infty-think",
    config=InftyConfig,
    summary="reasons in rounds: calculations and deductions over little text; its use on documents is our adaptation",
    paper="Yan et al. 2025, arXiv 2503.06692 (without documents)",
    agents=(thinker, thinker_reading, thinker_brief, thinker_brief_alone, concluder, concluder_alone),
    chunk_tokens=chunk_tokens,
    # With `read` every chunk is a call that all later ones wait for.
    fill=1.0,
    estimate=estimate,
    cost="at most `rounds` + 1 calls, each after the other; `read`: n + at most `rounds` + 1 for n chunks",
    reuses="nothing",
)
def infty_think() -> StateGraph[State, Context]:
    """Build the graph: gather → read_on … → think … → conclude."""
    graph = StateGraph(State, context_schema=Context)
    for node in (gather, read_on, think, conclude):
        graph.add_node(node)
    graph.add_edge(START, "gather")
    for node in (gather, read_on, think):
        graph.add_conditional_edges(node.__name__, next_step)
    graph.add_edge("conclude", END)
    return graph
