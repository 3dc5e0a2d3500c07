"""Merge: every chunk answers the question by itself, and the answer that most of them give is taken.

A baseline of Chain-of-Agents, Zhang et al. 2024, arXiv 2406.02818. No call sees two chunks, and none writes the final
answer: it is the reply of one reader, as it is. n calls for n chunks, depth 1.

Departures: answers count as the same where one holds all the content words of the other, and chunks that say "not
found" do not vote. What models that never say it answer counts only if their chunk carries it.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from operator import add
from typing import Annotated, Any, NotRequired, TypedDict

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.agent import Said
from longagent.agents.answering import otherwise
from longagent.agents.checking import holds
from longagent.agents.merge import reader
from longagent.documents import Chunk, Span
from longagent.events import UnitWritten
from longagent.evidence import is_abstention
from longagent.evidence.vote import agreeing
from longagent.graphs.reading import Positive, says_cut, stops
from longagent.graphs.room import chunk_room, prompt_tokens, window_of
from longagent.graphs.strategy import Context, Estimate, Plan, Planned, strategy
from longagent.graphs.waves import Part, WaveState, read_in_waves
from longagent.llm.model import Profile

_LONGEST = 512


@dataclass(frozen=True)
class MergeConfig:
    """Settings of `merge`."""

    window: Positive = 8192
    """Tokens of a reader's prompt and reply together; less where the model holds less."""
    answer_tokens: Positive | None = None
    """Cap of each answer; by default an eighth of the window, at most 512."""

    def cap(self, profile: Profile) -> int:
        """Return the cap of an answer."""
        usual = profile.reply_tokens or min(_LONGEST, window_of(profile, self.window) // 8)
        return self.answer_tokens or usual


class Vote(TypedDict):
    """What a chunk answers."""

    chunk: int
    answer: str
    cut: bool


class State(WaveState):
    """Adds the answers of the chunks that have one."""

    votes: NotRequired[Annotated[list[Vote], add]]


async def ask_chunk(state: Part, runtime: Runtime[Context]) -> dict[str, Any]:
    """Have one chunk answer the question."""
    ctx = runtime.context
    config: MergeConfig = ctx.config
    chunk, model, question = ctx.chunks[state["chunk"]], ctx.model(reader), state["question"]

    def ask(span: Span) -> Awaitable[Said[str]]:
        return reader(
            model,
            max_tokens=config.cap(model.profile),
            seed=ctx.seed,
            stop=stops(model),
            passages=ctx.delimiters.passages([span]),
            question=question,
            otherwise=otherwise(model),
        )

    async def answer(span: Span) -> Vote | None:
        said = await ask(span)
        if is_abstention(said.value):
            return None
        if not model.profile.abstains and not await asyncio.to_thread(
            holds, question, said.value, passage=span, earlier=""
        ):
            return None
        return Vote(chunk=chunk.index, answer=said.value, cut=said.cut)

    attempt = await ctx.attempt(chunk, answer)
    votes = [vote for vote in attempt.values if vote is not None]
    for given in votes:
        ctx.emit(UnitWritten(path=0, chunk=chunk.index, text=given["answer"]))
    return {
        "votes": votes,
        "chunks_read": [chunk.index] if attempt.outcome == "read" else [],
        "chunks_failed": [chunk.index] if attempt.outcome == "failed" else [],
    }


async def count_votes(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Take the answer that most chunks agree on, as it is: no call."""
    ctx = runtime.context
    model, votes = ctx.model(reader), state.get("votes", [])
    seen = {*state.get("chunks_read", []), *state.get("chunks_failed", [])}
    partial = len(seen) < len(ctx.chunks)
    if not votes:
        return {"reply": "", "evidence": [], "partial": partial}
    winners = agreeing([vote["answer"] for vote in votes])
    chosen = votes[winners[0]]
    others = [vote["answer"] for index, vote in enumerate(votes) if index not in winners]
    tied = bool(others) and len(agreeing(others)) == len(winners)
    said = Said(chosen["answer"], cut=chosen["cut"])
    sources = sorted({votes[index]["chunk"] for index in winners})
    return {
        "reply": said.value,
        "evidence": [ctx.ref(ctx.chunks[index].span) for index in sources],
        "partial": partial,
        "warnings": [*_says_tied(len(winners), tied), *says_cut(said, model, ctx.config.cap(model.profile))],
    }


def _says_tied(votes: int, tied: bool) -> list[str]:
    if not tied:
        return []
    return [f"Chunks disagree: another answer has as many votes as this one ({votes}), which stands first in the text."]


async def _chunk_tokens(plan: Plan) -> int:
    config: MergeConfig = plan.config
    profile = plan.model(reader).profile
    room = chunk_room(
        "merge",
        window_of(profile, config.window),
        prompt=await _prompt(plan),
        kept=config.cap(profile),
        kept_for="an answer",
        hint="Raise --window or -S window=N, lower -S answer_tokens=N, or shorten the question.",
    )
    return max(1, int(min(room, profile.reading_tokens or room) / await plan.scale(plan.model(reader))))


async def _estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    model, n = plan.model(reader), len(chunks)
    total = int(sum(chunk.tokens for chunk in chunks) * await plan.scale(model) * 1.05)
    answers = n * plan.config.cap(model.profile)
    reading = Planned(reader, n, total + n * await _prompt(plan), answers)
    return Estimate(planned=(reading,), depth=min(n, 1), worded_by=reader)


async def _prompt(plan: Plan) -> int:
    model = plan.model(reader)
    return await prompt_tokens(reader, model, passages="", question=plan.question, otherwise=otherwise(model))


@strategy(
    "merge",
    config=MergeConfig,
    summary="a baseline: every chunk answers by itself, and the answer that most give is taken",
    paper="Zhang et al. 2024, arXiv 2406.02818",
    agents=(reader,),
    chunk_tokens=_chunk_tokens,
    # Every chunk is a call, and one that ends with a page is found in the cache after another page was edited.
    fill=0.75,
    estimate=_estimate,
    cost="n calls for n chunks, depth 1",
    reuses="nothing",
)
def merge() -> StateGraph[State, Context]:
    """Build the graph: ask_chunk, side by side → count_votes."""
    graph = StateGraph(State, context_schema=Context)
    read_in_waves(graph, ask_chunk, then="count_votes")
    graph.add_node(count_votes)
    graph.add_edge("count_votes", END)
    return graph
