"""What strategies that answer from passages in one call share, and what those that read part by part do."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Annotated, Any, TypeVar

from langgraph.runtime import Runtime
from pydantic import Field

from longagent.agents.agent import Said
from longagent.agents.answering import answer_from_passages, otherwise
from longagent.documents import Span
from longagent.events import ChunksRead
from longagent.evidence.provenance import index
from longagent.graphs.room import Room, share_window, shorten
from longagent.graphs.strategy import Context, Estimate, Plan, Planned, StrategyState
from longagent.llm.model import Model

R = TypeVar("R")

Positive = Annotated[int, Field(gt=0)]
"""A setting that counts something."""

_AFTER_SENDING = 0.01
"""Seconds after which a call has surely been sent, and the model is at work."""


class AnswerState(StrategyState):
    """Adds what was selected, and the reply's cap, which is settled with the document's share of the window."""

    selected: list[int]
    """Indices of the chunks to be read."""
    reply_tokens: int


def render_one(ctx: Context, span: Span) -> str:
    """Render a span as it will stand in the prompt, for counting."""
    return ctx.delimiters.passages([span]) + "\n\n"


async def best_that_fit(ctx: Context, query: str, budget: int, model: Model) -> list[tuple[int, Span]]:
    """Return the best-matching chunks that together fit a budget of tokens, in document order, with their indices.

    The best one is always among them, cut at its end if it must be.
    """
    picked: list[tuple[int, Span]] = []
    for chunk in (ranked.chunk for ranked in await ctx.rank(query)):
        span = chunk.span if picked else await shorten(chunk.span, budget, model.count_tokens)
        budget -= await model.count_tokens(render_one(ctx, span))
        if budget < 0 and picked:
            break
        picked.append((chunk.index, span))
    return sorted(picked)


async def prompt_room(model: Model, question: str, reply: int | None) -> Room:
    """Share a model's window between this question's prompt, the document and the reply."""
    values = {"passages": "", "question": question, "otherwise": otherwise(model)}
    overhead = await answer_from_passages.overhead(model, **values)
    profile = model.profile
    return share_window(profile.window - profile.thinking_tokens, prompt=overhead, reply=reply or profile.reply_tokens)


def stops(model: Model) -> tuple[str, ...]:
    """Return what ends a reply early: a model whose profile caps its replies rambles on after the first paragraph."""
    return () if model.profile.reply_tokens is None else ("\n\n",)


async def answer(state: AnswerState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from the selected text."""
    ctx = runtime.context
    model = ctx.model(answer_from_passages)
    said = await answer_from_passages(
        model,
        max_tokens=state["reply_tokens"],
        seed=ctx.seed,
        stop=stops(model),
        final=True,
        passages=ctx.delimiters.passages([ctx.span(ref) for ref in state["evidence"]]),
        question=state["question"],
        otherwise=otherwise(model),
    )
    chunks = state["selected"]
    ctx.emit(ChunksRead(chunks=tuple(chunks)))
    return {"reply": said.value, "chunks_read": chunks, "warnings": says_cut(said, model, state["reply_tokens"])}


def says_cut(said: Said[Any], model: Model, cap: int) -> list[str]:
    """Return a warning if the cap ended an answer that might have gone on."""
    # A model whose profile caps its replies rambles on anyway; nothing is lost there.
    if not said.cut or model.profile.reply_tokens is not None:
        return []
    return [f"The answer was cut at {cap} tokens; -S answer_tokens=N raises that."]


def says_missed(state: StrategyState) -> list[str]:
    """Return a warning if chunks that were read once could not be another time: the coverage does not tell."""
    missed = len({*state.get("chunks_failed", [])} & {*state.get("chunks_read", [])})
    if not missed:
        return []
    chunks, were = ("1 chunk", "it was") if missed == 1 else (f"{missed} chunks", "they were")
    return [f"{chunks} could not be read each time {were} to be."]


async def one_call(plan: Plan, document: int, reply: int | None) -> Estimate:
    """Estimate a strategy that answers in one call from at most so many document tokens, as far as they fit."""
    model = plan.model(answer_from_passages)
    room = await prompt_room(model, plan.question, reply)
    beside = model.profile.window - model.profile.thinking_tokens - room.document - room.reply
    prompt = beside + min(document, room.document)
    return Estimate(planned=(Planned(answer_from_passages, 1, prompt, room.reply, final=True),), depth=1)


def all_asked(question: str, questions: Sequence[str]) -> str:
    """Return what a reading is for, as its prompts show it: the question, or all that are read for together."""
    return "\n".join(f"{number}. {each}" for number, each in enumerate(questions, start=1)) or question


async def while_indexing(text: str, call: Awaitable[R]) -> R:
    """Make a call that reads a text, and prepare meanwhile what `provenance.attribute` needs of that text."""
    indexing = asyncio.create_task(_index_soon(text))
    try:
        return await call
    finally:
        indexing.cancel()


async def _index_soon(text: str) -> None:
    # Not at once: it would hold up the call, which is being prepared.
    await asyncio.sleep(_AFTER_SENDING)
    await asyncio.to_thread(index, text)
