"""Chain-of-Agents: workers read one chunk after the other and pass a summary on; a manager answers from the last one.

Zhang et al. 2024, arXiv 2406.02818. Each worker sees its chunk, the communication unit of the worker before it and the
question, and rewrites the unit; the manager sees only the last unit. Chains may read in several orders, or several
times; then the answer is voted for, or judged. Serial: n + 1 calls for n chunks, depth n + 1.

Departures: chunks leave room for the incoming unit, which the paper's own budget forgets; a chunk that cannot be read
is passed over; each sentence of a unit carries the chunks it rests on, found by comparison, so that the answer can be
cited; a model that never says "not found" is asked for one sentence, which is passed on only if the text carries it.
"""

import asyncio
from collections.abc import Awaitable
from operator import add
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from longagent.agents.agent import Said
from longagent.agents.chain_of_agents import judge, otherwise, pass_on, worker_brief
from longagent.agents.checking import holds
from longagent.agents.findings import says_nothing
from longagent.documents import Span
from longagent.errors import BudgetReached, ContentRefusedError, ReplyError
from longagent.events import UnitWritten
from longagent.evidence.provenance import Sourced, attribute
from longagent.evidence.vote import vote
from longagent.graphs.chain_of_agents.config import ChainConfig, reading_order
from longagent.graphs.chain_of_agents.plan import MANAGERS, WORKERS, caps, chunk_tokens, estimate, worker_for
from longagent.graphs.reading import says_cut, stops, while_indexing
from longagent.graphs.strategy import Context, StrategyState, strategy

_PASSING = (BudgetReached, ContentRefusedError, ReplyError)
"""What one of several answers may end in."""


class Unit(TypedDict):
    """The last communication unit of a chain."""

    path: int
    sentences: list[Sourced]


class Chain(TypedDict):
    """One chain on its way."""

    question: str
    path: int
    position: int
    sentences: list[Sourced]
    """The communication unit, each sentence with the chunks it rests on."""
    units: NotRequired[list[Unit]]
    chunks_read: NotRequired[Annotated[list[int], add]]
    chunks_failed: NotRequired[Annotated[list[int], add]]
    cut: NotRequired[Annotated[int, add]]
    """Units that their cap cut off."""
    unread: NotRequired[int]
    """Chunks that a limit kept it from."""


class ChainEnd(TypedDict):
    """What a chain hands over."""

    units: list[Unit]
    chunks_read: list[int]
    chunks_failed: list[int]
    cut: int
    unread: int


class State(StrategyState):
    """Adds what the chains came to."""

    units: NotRequired[Annotated[list[Unit], add]]
    cut: NotRequired[Annotated[int, add]]
    unread: NotRequired[Annotated[int, add]]


async def send_chains(state: State, runtime: Runtime[Context]) -> list[Send]:
    """Send the chains off, side by side."""
    config: ChainConfig = runtime.context.config
    start = {"question": state["question"], "position": 0, "sentences": []}
    return [Send("chain", {**start, "path": path}) for path in range(config.chains)]


async def next_step(state: Chain, runtime: Runtime[Context]) -> Literal["read_chunk", "hand_over"]:
    """Read on while chunks and limits last."""
    ctx = runtime.context
    return "read_chunk" if state["position"] < len(ctx.chunks) and ctx.may_read_on else "hand_over"


async def read_chunk(state: Chain, runtime: Runtime[Context]) -> dict[str, Any]:
    """Let the next worker rewrite the unit."""
    ctx = runtime.context
    config: ChainConfig = ctx.config
    reader = worker_for(config, ctx.model)
    model = ctx.model(reader)
    cap = caps(config, model.profile).unit
    number = reading_order(config, state["path"], len(ctx.chunks), ctx.seed)[state["position"]]
    chunk, sentences, cut = ctx.chunks[number], state["sentences"], 0

    async def read(span: Span) -> None:
        nonlocal sentences, cut
        said = await while_indexing(span.text, write(span))
        cut += said.cut
        if reader is worker_brief and not await asyncio.to_thread(
            holds, state["question"], said.value, passage=span, earlier=_text(sentences)
        ):
            return
        if sentences and says_nothing(said.value):
            # It was to repeat the unit. A refusal in its place would lose what the workers before it found.
            return
        sentences = attribute(sentences, said.value, chunk=number, chunk_text=span.text)

    def write(span: Span) -> Awaitable[Said[str]]:
        return reader(
            model,
            max_tokens=cap,
            seed=ctx.seed,
            stop=stops(model),
            temperature=config.spread,
            sample=state["path"],
            passages=ctx.delimiters.passages([span]),
            summary=ctx.delimiters.block("summary", _text(sentences)),
            question=state["question"],
            otherwise=pass_on(model),
        )

    attempt = await ctx.attempt(chunk, read)
    if attempt.values:
        ctx.emit(UnitWritten(path=state["path"], chunk=number, text=_text(sentences)))
    return {
        "sentences": sentences,
        "position": state["position"] + (attempt.outcome != "unread"),
        "chunks_read": [number] if attempt.outcome == "read" else [],
        "chunks_failed": [number] if attempt.outcome == "failed" else [],
        "cut": cut,
    }


async def hand_over(state: Chain, runtime: Runtime[Context]) -> dict[str, Any]:
    """Hand the last unit over; what came before it is gone."""
    unread = len(runtime.context.chunks) - state["position"]
    return {"units": [Unit(path=state["path"], sentences=state["sentences"])], "unread": unread}


async def answer(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from the last unit of each chain, and of several answers take one."""
    ctx = runtime.context
    config: ChainConfig = ctx.config
    units = [unit["sentences"] for unit in sorted(state["units"], key=lambda unit: unit["path"])]
    units = [unit for unit in units if _text(unit).strip()]
    warnings = _says_units_cut(state["cut"], ctx) if "cut" in state else []
    partial = state.get("unread", 0) > 0
    if not units:
        return {"reply": "", "evidence": [], "partial": partial, "warnings": warnings}
    if config.judged and len(units) > 1:
        reply, chosen, more = await _judged(units, state["question"], ctx)
    else:
        reply, chosen, more = await _managed(units, state["question"], ctx)
    sources = sorted({chunk for sentence in chosen for chunk in sentence["chunks"]} or set(state["chunks_read"]))
    evidence = [ctx.ref(ctx.chunks[index].span) for index in sources]
    return {
        "reply": reply,
        "evidence": evidence,
        "overall": config.task == "summary",
        "partial": partial,
        "warnings": [*warnings, *more],
    }


async def _managed(units: list[list[Sourced]], question: str, ctx: Context) -> tuple[str, list[Sourced], list[str]]:
    """Have each unit answered from, and take the answer that most agree on."""
    config: ChainConfig = ctx.config
    role = MANAGERS[config.task]
    model = ctx.model(role)
    cap = caps(config, model.profile).answer

    def ask(path: int, unit: list[Sourced]) -> Awaitable[Said[str]]:
        return role(
            model,
            max_tokens=cap,
            seed=ctx.seed,
            stop=stops(model) if config.task == "qa" else (),
            sample=path,
            final=True,
            summary=ctx.delimiters.block("summary", _text(unit)),
            question=question,
            otherwise=otherwise(model),
        )

    asked = await asyncio.gather(*(ask(path, unit) for path, unit in enumerate(units)), return_exceptions=True)
    answers = [(said, unit) for said, unit in zip(asked, units, strict=True) if isinstance(said, Said)]
    failures = [error for error in asked if isinstance(error, BaseException)]
    # One answer is enough for an answer; a server that is gone will be there when the same is asked again.
    if failures and not (answers and all(isinstance(error, _PASSING) for error in failures)):
        raise failures[0]
    said, unit = answers[vote([said.value for said, _ in answers])]
    warnings = [f"{len(failures)} of {len(units)} chains could not be answered from."] if failures else []
    return said.value, unit, [*warnings, *says_cut(said, model, cap)]


async def _judged(units: list[list[Sourced]], question: str, ctx: Context) -> tuple[str, list[Sourced], list[str]]:
    """Have the most reliable unit picked and answered from."""
    model = ctx.model(judge)
    cap = caps(ctx.config, model.profile).answer
    said = await judge(
        model,
        max_tokens=cap,
        seed=ctx.seed,
        final=True,
        summaries=ctx.delimiters.blocks("summary", [_text(unit) for unit in units]),
        question=question,
        otherwise=otherwise(model),
    )
    choice = said.value.choice
    picked = [units[choice]] if choice is not None and choice < len(units) else units
    return said.value.answer, [sentence for unit in picked for sentence in unit], says_cut(said, model, cap)


def _text(sentences: list[Sourced]) -> str:
    return "".join(sentence["text"] for sentence in sentences)


def _says_units_cut(count: int, ctx: Context) -> list[str]:
    model = ctx.model(worker_for(ctx.config, ctx.model))
    if not count or model.profile.reply_tokens is not None:
        return []
    cap = caps(ctx.config, model.profile).unit
    return [f"{count} summaries were cut at {cap} tokens on the way; -S unit_tokens=N raises that."]


@strategy(
    "chain-of-agents",
    config=ChainConfig,
    summary="reads everything in order, passing a summary on: bridge questions, narratives, summaries, code",
    paper="Zhang et al. 2024, arXiv 2406.02818",
    agents=(*WORKERS.values(), worker_brief, *MANAGERS.values(), judge),
    chunk_tokens=chunk_tokens,
    # Every chunk is a call that all later ones wait for.
    fill=1.0,
    estimate=estimate,
    cost="n + 1 calls for n chunks, depth n + 1; p chains: p·n + p calls (vote) or p·n + 1 (judge), side by side",
    reuses="nothing",
)
def chain_of_agents() -> StateGraph[State, Context]:
    """Build the graph: one chain (read_chunk … hand_over) for each path → answer."""
    chain = StateGraph(Chain, context_schema=Context, output_schema=ChainEnd)
    chain.add_node(read_chunk)
    chain.add_node(hand_over)
    chain.add_conditional_edges(START, next_step)
    chain.add_conditional_edges("read_chunk", next_step)
    chain.add_edge("hand_over", END)
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("chain", chain.compile())
    graph.add_node(answer)
    graph.add_conditional_edges(START, send_chains, ["chain"])
    graph.add_edge("chain", "answer")
    graph.add_edge("answer", END)
    return graph
