"""How windows are shared, whether the text fits one call, and what retrieving and reasoning will take."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from longagent.agents.agent import Agent
from longagent.agents.alr2 import (
    otherwise,
    reason,
    reason_brief,
    reason_in_context,
    retrieve,
    retrieve_again,
    retrieve_brief,
)
from longagent.documents import Chunk, Span
from longagent.errors import WindowTooSmallError
from longagent.graphs.alr2.config import Alr2Config
from longagent.graphs.room import DELIMITERS, chunk_room, prompt_tokens, window_of
from longagent.graphs.strategy import Context, Estimate, Plan, Planned
from longagent.llm.model import Model, Profile

_LONGEST_RETRIEVED = 1024
_LONGEST_ANSWER = 512
_BRIEF = 50
"""One sentence, for models that read only little well."""
_AS_EVIDENCE = 2
"""How many times the tokens it has in the source a sentence may take in a list, at most."""

ModelOf = Callable[[Agent[Any]], Model]
"""Tells which model plays a role."""


def retriever_for(model_of: ModelOf) -> Agent[Any]:
    """Return who looks for sentences; a model that never says "none" is asked for an answer, and code looks."""
    return retrieve if model_of(retrieve).profile.abstains else retrieve_brief


def reasoner_for(config: Alr2Config, model_of: ModelOf) -> Agent[str]:
    """Return who answers; a model that never says "not found" is asked what it can do."""
    if not model_of(reason).profile.abstains:
        return reason_brief
    return reason_in_context if config.reason_with_context else reason


def searches(config: Alr2Config, model_of: ModelOf) -> tuple[Agent[Any], ...]:
    """Return who looks for sentences in each pass."""
    first = retriever_for(model_of)
    return (first, retrieve_again) if config.passes > 1 and first is retrieve else (first,)


class Caps(NamedTuple):
    """Tokens a reply may have."""

    retrieved: int
    answer: int


def caps(config: Alr2Config, profile: Profile) -> Caps:
    """Return how long replies may be."""
    eighth = window_of(profile, config.most) // 8
    usual = _LONGEST_RETRIEVED if profile.abstains else profile.reply_tokens or _BRIEF
    return Caps(
        config.retrieved_tokens or min(usual, eighth),
        config.answer_tokens or profile.reply_tokens or min(_LONGEST_ANSWER, eighth),
    )


def joined(chunks: Sequence[Chunk]) -> list[Span]:
    """Return the text of chunks, those that follow each other in one piece."""
    spans: list[Span] = []
    last = -2
    for chunk in chunks:
        if spans and chunk.index == last + 1 and chunk.document is spans[-1].document:
            spans[-1] = spans[-1]._replace(end=chunk.span.end)
        else:
            spans.append(chunk.span)
        last = chunk.index
    return spans


async def chunk_tokens(plan: Plan) -> int:
    """Return the length of chunks: what the prompts and the retrieved sentences leave of the window.

    Raises:
        WindowTooSmallError: that is too little.
    """
    model = plan.model(retrieve)
    room = await _reading_room(plan, plan.question.strip(), plan.config.chunk_window)
    return max(1, int(min(room, model.profile.reading_tokens or room) / await plan.scale(model)))


async def reads_whole(of: Plan | Context, question: str, chunks: Sequence[Chunk]) -> bool:
    """Whether sentences are retrieved from all these chunks in one call. A single chunk is read as any chunk is.

    Raises:
        WindowTooSmallError: that was asked for, and they do not fit.
    """
    config: Alr2Config = of.config
    if len(chunks) < 2 or config.form == "chunks":
        return False
    model = of.model(retrieve)
    room = await _reading_room(of, question, config.most)
    if config.form == "auto":
        room = min(room, model.profile.reading_tokens or room)
        # Far too much need not be counted.
        if sum(chunk.tokens for chunk in chunks) > 2 * room:
            return False
    tokens = await model.count_tokens(of.delimiters.passages(joined(chunks)))
    if tokens > room and config.form == "whole":
        raise WindowTooSmallError(
            f"alr2: the text has about {tokens} tokens, and the window of {model.name} leaves room for {room}.",
            hint="Raise --window or -S window=N, or use -S form=chunks.",
        )
    return tokens <= room


async def _reading_room(of: Plan | Context, question: str, most: int | None) -> int:
    """Return the tokens of text that fit a call that retrieves, of any pass."""
    config: Alr2Config = of.config
    roles = searches(config, of.model)
    model = of.model(retrieve)
    cap = caps(config, model.profile).retrieved
    return chunk_room(
        "alr2",
        window_of(model.profile, most),
        prompt=max([await frame(role, model, question, config) for role in roles]),
        kept=cap if len(roles) == 1 else 2 * cap + DELIMITERS,
        kept_for="the retrieved sentences",
        hint="Raise --window or -S window=N, lower -S retrieved_tokens=N, or shorten the question.",
    )


async def reasoning_room(of: Plan | Context, question: str) -> int:
    """Return the tokens of sentences, and passages, that fit before who answers.

    Raises:
        WindowTooSmallError: hardly any.
    """
    config: Alr2Config = of.config
    role, model = reasoner_for(config, of.model), of.model(reason)
    room = chunk_room(
        "alr2",
        window_of(model.profile, config.most),
        prompt=await frame(role, model, question, config),
        kept=caps(config, model.profile).answer,
        kept_for="the answer",
        hint="Raise --window or -S window=N, lower -S answer_tokens=N, or shorten the question.",
    )
    return min(room, model.profile.reading_tokens or room)


async def frame(role: Agent[Any], model: Model, question: str, config: Alr2Config) -> int:
    """Return the tokens of a role's prompt without passages and sentences."""
    last = otherwise(model, marked=config.check == "mark")
    return await prompt_tokens(role, model, passages="", evidence="", question=question, otherwise=last)


async def estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    """Count the calls at most: where nothing is found nobody looks a second time, nor answers.

    Raises:
        WindowTooSmallError: the text does not fit one call, where that was asked for; or hardly a sentence fits.
    """
    config: Alr2Config = plan.config
    question, model, roles = plan.question.strip(), plan.model(retrieve), searches(config, plan.model)
    # Which chunks match best is not known yet: the longest may.
    read = sorted(chunks, key=lambda chunk: -chunk.tokens)[: config.prefilter]
    in_order = sorted(read, key=lambda chunk: chunk.index)
    calls = 1 if await reads_whole(plan, question, in_order) else len(read)
    cap = caps(config, model.profile).retrieved
    total = int(sum(chunk.tokens for chunk in read) * await plan.scale(model) * 1.05) + len(read) * DELIMITERS
    planned = []
    for role in roles:
        beside = await frame(role, model, question, config) + (cap + DELIMITERS if role is retrieve_again else 0)
        planned.append(Planned(role, calls, total + calls * beside, calls * cap))
    made_up = 0 if config.check == "drop" else len(roles) * calls * cap
    context = total if config.reason_with_context else 0
    planned.append(await _reasoning(plan, _AS_EVIDENCE * (total + made_up) + context))
    return Estimate(planned=tuple(planned), depth=1 + len(roles) * min(len(read), 1), exact=False)


async def _reasoning(plan: Plan, most: int) -> Planned:
    """Plan the call that answers, from so many tokens of evidence at most."""
    config: Alr2Config = plan.config
    question, role, model = plan.question.strip(), reasoner_for(config, plan.model), plan.model(reason)
    scale = await plan.scale(model) / await plan.scale(plan.model(retrieve))
    shown = min(await reasoning_room(plan, question), int(most * max(1.0, scale)))
    answer = caps(config, model.profile).answer
    return Planned(role, 1, await frame(role, model, question, config) + shown, answer, final=True)
