"""MemAgent: read the document once, chunk by chunk, into a memory of fixed length that each step overwrites.

Yu et al. 2025, arXiv 2507.02259. One fresh call per chunk sees the question, the memory and the chunk, and its reply
*is* the new memory; the answer is written from the last memory alone. However long the document is, nothing of it is
left out. Serial: n + 1 calls for n chunks, depth n + 1. The paper's flat accuracy needs its trained weights.

Departures: chunks end at sentences and pages, not at an exact token; a chunk that cannot be read leaves the memory as
it is; each sentence of the memory carries the chunks it rests on, found by comparison; the two gates are those of
GRU-Mem (arXiv 2602.10560), by prompt; several questions may share the memory; a model that never says "not found" is
asked for one sentence, which replaces the memory only if the text carries it; a reply that is nothing but a refusal
("No relevant information was found.") leaves an earlier memory as it is, also without gates.
"""

import asyncio
from operator import add
from typing import Annotated, Any, Literal, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.agent import Said
from longagent.agents.checking import holds
from longagent.agents.mem_agent import (
    Update,
    answer_paper,
    form,
    otherwise,
    update,
    update_brief,
    update_of,
    update_paper,
)
from longagent.agents.mem_agent import answer as answer_role
from longagent.documents import Document, Span
from longagent.events import UnitWritten
from longagent.evidence.provenance import Sourced, attribute
from longagent.graphs.mem_agent.config import MemAgentConfig
from longagent.graphs.mem_agent.plan import answer_for, caps, chunk_tokens, estimate, shown, update_for
from longagent.graphs.reading import all_asked, says_cut, stops, while_indexing
from longagent.graphs.room import shorten
from longagent.graphs.strategy import Context, StrategyState, strategy

_EMPTY = "Nothing found yet."
"""The first memory, as prompts show it: the trained weights expect to be told that there is none."""


class State(StrategyState):
    """Adds the memory, and what was decided on the way."""

    position: NotRequired[int]
    memory: NotRequired[list[Sourced]]
    """Each sentence with the chunks it rests on."""
    enough: NotRequired[bool]
    """Whether the reader said that nothing more is needed."""
    cut: NotRequired[Annotated[int, add]]
    """Memories that their cap cut off."""
    undecided: NotRequired[Annotated[int, add]]
    """Replies that did not tell whether the memory is enough."""


class Reading:
    """One chunk being read, in parts if it is too long; holds the memory meanwhile."""

    def __init__(self, ctx: Context, question: str, number: int, memory: list[Sourced]) -> None:
        self.memory = memory
        self.enough = False
        self.cut = self.undecided = 0
        self._ctx = ctx
        self._config: MemAgentConfig = ctx.config
        self._question = question
        self._number = number

    async def read(self, span: Span) -> None:
        """Have the memory written anew."""
        said = await while_indexing(span.text, self._ask(span))
        self.cut += said.cut
        decided = await self._decide(said.value, span)
        self.undecided += decided.enough is None
        if decided.memory is not None:
            text = await self._after_earlier(decided.memory) if decided.adds else decided.memory
            self.memory = await asyncio.to_thread(
                attribute, self.memory, text, chunk=self._number, chunk_text=span.text
            )
            self._ctx.emit(UnitWritten(path=0, chunk=self._number, text=text))
        # Nothing cannot be enough.
        self.enough = bool(decided.enough and self.memory)

    async def _ask(self, span: Span) -> Said[str]:
        ctx, config = self._ctx, self._config
        role = update_for(config, ctx.model)
        model = ctx.model(role)
        memory = _text(self.memory) or ("" if role is update_brief else _EMPTY)
        return await role(
            model,
            max_tokens=caps(config, model.profile).memory,
            seed=ctx.seed,
            stop=stops(model),
            passages=ctx.delimiters.passages([span]),
            memory=ctx.delimiters.block("memory", memory),
            question=shown(role, ctx.delimiters, all_asked(self._question, ctx.questions)),
            form=form(update_gate=config.update_gate, exit_gate=config.exit_gate),
        )

    async def _decide(self, reply: str, span: Span) -> Update:
        config, earlier = self._config, _text(self.memory)
        if update_for(config, self._ctx.model) is not update_brief:
            return update_of(reply, update_gate=config.update_gate, exit_gate=config.exit_gate, earlier=earlier)
        carried = await asyncio.to_thread(holds, self._question, reply, passage=span, earlier=earlier)
        return Update(reply if carried else None)

    async def _after_earlier(self, added: str) -> str:
        """Return the memory with something added, cut to what a memory may be: prompts have room for no more."""
        earlier = _text(self.memory)
        if added in earlier:
            return earlier
        model = self._ctx.model(update_for(self._config, self._ctx.model))
        document = Document.from_text(f"{earlier.rstrip()}\n{added}".lstrip())
        whole = Span(document, 0, len(document.text))
        fitting = await shorten(whole, caps(self._config, model.profile).memory, model.count_tokens)
        self.cut += fitting.end < whole.end
        return fitting.text


async def next_step(state: State, runtime: Runtime[Context]) -> Literal["read_chunk", "answer"]:
    """Read on while chunks and limits last and the memory is not enough."""
    ctx = runtime.context
    left = state.get("position", 0) < len(ctx.chunks) and not state.get("enough", False)
    return "read_chunk" if left and ctx.may_read_on else "answer"


async def read_chunk(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Read the next chunk and overwrite the memory."""
    ctx, number = runtime.context, state.get("position", 0)
    reading = Reading(ctx, state["question"], number, state.get("memory", []))
    attempt = await ctx.attempt(ctx.chunks[number], reading.read)
    return {
        "position": number + (attempt.outcome != "unread"),
        "memory": reading.memory,
        "enough": reading.enough and attempt.outcome == "read",
        "cut": reading.cut,
        "undecided": reading.undecided,
        "chunks_read": [number] if attempt.outcome == "read" else [],
        "chunks_failed": [number] if attempt.outcome == "failed" else [],
    }


async def answer(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from the memory alone."""
    ctx, memory = runtime.context, state.get("memory", [])
    warnings = _warnings(state, ctx)
    if not _text(memory).strip():
        return {"reply": "", "evidence": [], "warnings": warnings}
    config: MemAgentConfig = ctx.config
    role = answer_for(config)
    model = ctx.model(role)
    cap = caps(config, model.profile).answer
    said = await role(
        model,
        max_tokens=cap,
        seed=ctx.seed,
        stop=stops(model),
        final=True,
        memory=ctx.delimiters.block("memory", _text(memory)),
        question=shown(role, ctx.delimiters, state["question"]),
        otherwise=otherwise(model),
    )
    sources = sorted({chunk for sentence in memory for chunk in sentence["chunks"]} or set(state["chunks_read"]))
    return {
        "reply": said.value,
        "evidence": [ctx.ref(ctx.chunks[index].span) for index in sources],
        "warnings": [*warnings, *says_cut(said, model, cap)],
    }


def _text(memory: list[Sourced]) -> str:
    return "".join(sentence["text"] for sentence in memory)


def _warnings(state: State, ctx: Context) -> list[str]:
    """Tell what happened to the memory on the way."""
    config: MemAgentConfig = ctx.config
    role = update_for(config, ctx.model)
    model = ctx.model(role)
    warnings, position = [], state.get("position", 0)
    if (config.update_gate or config.exit_gate) and role is update_brief:
        warnings.append(f"The gates have no effect with {model.name}: what it may keep is decided by code.")
    if state.get("enough") and position < len(ctx.chunks):
        warnings.append(f"The reader found its memory to be enough after {position} of {len(ctx.chunks)} chunks.")
    if undecided := state.get("undecided", 0):
        warnings.append(f"{undecided} replies did not tell whether the memory is enough, and reading went on.")
    if (cut := state.get("cut", 0)) and model.profile.reply_tokens is None:
        cap = caps(config, model.profile).memory
        warnings.append(f"{cut} memories were cut at {cap} tokens on the way; -S memory_tokens=N raises that.")
    return warnings


@strategy(
    "mem-agent",
    config=MemAgentConfig,
    summary="reads everything once into a memory of fixed length: any length of source, several questions in one pass",
    paper="Yu et al. 2025, arXiv 2507.02259",
    agents=(update, update_paper, update_brief, answer_role, answer_paper),
    chunk_tokens=chunk_tokens,
    # Every chunk is a call that all later ones wait for.
    fill=1.0,
    estimate=estimate,
    reads_once=lambda config: bool(config.together),
    cost="n + 1 calls for n chunks, depth n + 1",
    reuses="nothing; with `together`, questions asked at once share the reading",
)
def mem_agent() -> StateGraph[State, Context]:
    """Build the graph: read_chunk → … → read_chunk → answer."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node(read_chunk)
    graph.add_node(answer)
    graph.add_conditional_edges(START, next_step)
    graph.add_conditional_edges("read_chunk", next_step)
    graph.add_edge("answer", END)
    return graph
