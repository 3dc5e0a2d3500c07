"""How documents are paged, how windows are shared, and what a question will take."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil
from typing import Any

from longagent.agents.agent import Agent
from longagent.agents.read_agent import answer, gist, gist_brief, look_on, look_up, otherwise
from longagent.documents import Chunk
from longagent.errors import WindowTooSmallError
from longagent.graphs.read_agent.config import ReadAgentConfig
from longagent.graphs.room import DELIMITERS, as_read_by, chunk_room, prompt_tokens, window_of
from longagent.graphs.strategy import Estimate, Plan, Planned
from longagent.llm.model import Model, Profile

LINE = 10
"""Tokens of a gist's number and of the line's end."""
LOOK_UP = 96
"""Cap of a look-up's reply: a few numbers, and some words around them."""

_AROUND = 3 * DELIMITERS
"""Tokens of the lines around a page and around the gists before and after it."""
_USUAL_PAGE = 800
_USUAL_GIST = 200
_BRIEF_GIST = 50
_USUAL_ANSWER = 512


def gist_for(model_of: Callable[[Agent[Any]], Model]) -> Agent[str]:
    """Return who writes gists; a model that reads only little well is asked for a sentence."""
    return gist if model_of(gist).profile.abstains else gist_brief


def gist_cap(config: ReadAgentConfig, profile: Profile) -> int:
    """Return how long a gist may be. It depends on nothing but the model, so that gists serve all questions."""
    usual = _USUAL_GIST if profile.abstains else _BRIEF_GIST
    return config.gist_tokens or min(usual, window_of(profile, config.window) // 8)


def words_for(cap: int) -> str:
    """Return how many words to ask for, so that the cap is hardly ever reached."""
    return str(max(10, cap * 3 // 5))


def answer_cap(config: ReadAgentConfig, profile: Profile) -> int:
    """Return how long the answer may be."""
    usual = min(_USUAL_ANSWER, window_of(profile, config.window) // 8)
    return config.answer_tokens or profile.reply_tokens or usual


def line_tokens(config: ReadAgentConfig, model_of: Callable[[Agent[Any]], Model], reader: Agent[Any]) -> int:
    """Return the tokens of a line with a gist, at most, as the model counts that reads it."""
    writer, model = model_of(gist), model_of(reader)
    cap = gist_cap(config, writer.profile)
    return LINE + as_read_by(model, cap, writer=writer)


async def chunk_tokens(plan: Plan) -> int:
    """Return the length of pages. The question must not matter: with other pages gists would be of no use to it.

    Raises:
        WindowTooSmallError: prompt and gist leave no room for a page.
    """
    config: ReadAgentConfig = plan.config
    role = gist_for(plan.model)
    model = plan.model(role)
    cap = gist_cap(config, model.profile)
    room = chunk_room(
        "read-agent",
        window_of(model.profile, config.window),
        prompt=await prompt_tokens(role, model, passages="", words=words_for(cap)),
        kept=cap,
        kept_for="a gist",
        hint="Raise --window or -S window=N, or lower -S gist_tokens=N.",
    )
    profiles = [plan.model(reader).profile for reader in (role, look_on, answer)]
    # A page has to fit beside gists; of what a model reads well it may take more, for gists help such a model little.
    most = [room, *(window_of(profile, config.window) // 3 for profile in profiles)]
    most += [profile.reading_tokens * 3 // 4 for profile in profiles if profile.reading_tokens]
    return max(1, min(config.page_tokens or _USUAL_PAGE, int(min(most) / await plan.scale(model))))


async def room_for(role: Agent[Any], model: Model, question: str, config: ReadAgentConfig) -> int:
    """Return the tokens of gists and pages that a question leaves room for before a role that sees it.

    Raises:
        WindowTooSmallError: hardly any.
    """
    final = role is answer
    values = {"text": "", "gists": "", "most": str(config.pages), "question": question, "otherwise": otherwise(model)}
    room = chunk_room(
        "read-agent",
        window_of(model.profile, config.window),
        prompt=await prompt_tokens(role, model, **values),
        kept=answer_cap(config, model.profile) if final else LOOK_UP,
        kept_for="the answer" if final else "the look-up",
        hint="Raise --window or -S window=N, lower -S answer_tokens=N, or shorten the question.",
    )
    reading = model.profile.reading_tokens
    return room if reading is None else min(room, reading + _AROUND)


def batches(pages: int, room: int, line: int) -> list[range]:
    """Share the gists of so many pages out to as few look-ups as hold them, evenly."""
    each = max(1, (room - DELIMITERS) // line)
    number = ceil(pages / each)
    borders = [pages * index // max(1, number) for index in range(number + 1)]
    return [range(first, end) for first, end in pairwise(borders)]


async def estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    """Count the calls, exactly but for look-ups one after the other, which may end early; and tokens at most.

    Raises:
        WindowTooSmallError: a page or a gist does not fit beside the question.
    """
    config: ReadAgentConfig = plan.config
    role, n = gist_for(plan.model), len(chunks)
    model = plan.model(role)
    cap = gist_cap(config, model.profile)
    total = int(sum(chunk.tokens for chunk in chunks) * await plan.scale(model) * 1.05)
    prompt = await prompt_tokens(role, model, passages="", words=words_for(cap))
    writing = Planned(role, n, total + n * prompt, n * cap, shared=True)
    looking, final = await _look_ups(plan, chunks), await _final(plan, chunks)
    one_by_one = config.look_up == "sequential"
    waits = sum(part.calls if one_by_one else 1 for part in looking)
    return Estimate(planned=(writing, *looking, final), depth=2 + waits, exact=not (looking and one_by_one))


async def _look_ups(plan: Plan, chunks: Sequence[Chunk]) -> list[Planned]:
    config: ReadAgentConfig = plan.config
    role = look_on if config.look_up == "sequential" else look_up
    model = plan.model(role)
    if not model.profile.abstains:
        return []
    room = await room_for(role, model, plan.question.strip(), config)
    if role is look_on:
        calls, shown = min(config.pages, len(chunks)), await _shown(plan, chunks, role, room)
        each = shown + await _beside(role, model, plan)
        return [Planned(role, calls, calls * each, calls * LOOK_UP)]
    line = line_tokens(config, plan.model, role)
    _check_fits(line + DELIMITERS, room, "a gist", "gist_tokens")
    calls = len(batches(len(chunks), room, line))
    prompts = calls * (DELIMITERS + await _beside(role, model, plan))
    return [Planned(role, calls, prompts + len(chunks) * line, calls * LOOK_UP)]


async def _final(plan: Plan, chunks: Sequence[Chunk]) -> Planned:
    model = plan.model(answer)
    room = await room_for(answer, model, plan.question.strip(), plan.config)
    shown = await _shown(plan, chunks, answer, room)
    prompt = shown + await _beside(answer, model, plan)
    return Planned(answer, 1, prompt, answer_cap(plan.config, model.profile), final=True)


async def _shown(plan: Plan, chunks: Sequence[Chunk], role: Agent[Any], room: int) -> int:
    """Return the tokens of the gists and pages before a role, at most.

    Raises:
        WindowTooSmallError: not even one page fits.
    """
    config: ReadAgentConfig = plan.config
    longest = ceil(max((chunk.tokens for chunk in chunks), default=0) * await plan.scale(plan.model(role)) * 1.05)
    _check_fits(longest + _AROUND, room, "a page", "page_tokens")
    pages = min(config.pages, len(chunks)) * (longest + 2 * DELIMITERS)
    return min(room, pages + DELIMITERS + len(chunks) * line_tokens(config, plan.model, role))


async def _beside(role: Agent[Any], model: Model, plan: Plan) -> int:
    values = {"text": "", "gists": "", "most": str(plan.config.pages)}
    return await prompt_tokens(role, model, question=plan.question, otherwise=otherwise(model), **values)


def _check_fits(needed: int, room: int, what: str, setting: str) -> None:
    if needed > room:
        raise WindowTooSmallError(
            f"read-agent: {what} of {needed} tokens does not fit beside the question, which leaves room for {room}.",
            hint=f"Lower -S {setting}=N, raise --window, or shorten the question.",
        )
