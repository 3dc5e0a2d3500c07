"""Which pages to read again: named by a model that reads the gists, else by the words they share with the question."""

import asyncio
from typing import NamedTuple

from longagent.agents.agent import Said
from longagent.agents.read_agent import look_on, look_up
from longagent.errors import (
    BudgetReached,
    ContentRefusedError,
    ContextTooLongError,
    ModelUnavailableError,
    ReplyError,
    ServerDownError,
)
from longagent.graphs.read_agent.config import ReadAgentConfig
from longagent.graphs.read_agent.layout import lay_out, list_gists
from longagent.graphs.read_agent.plan import LOOK_UP, batches, line_tokens, room_for
from longagent.graphs.strategy import Context

_PASSING = (BudgetReached, ContentRefusedError, ContextTooLongError, ModelUnavailableError, ReplyError)
"""What a look-up may end in: then code looks up."""


class Choice(NamedTuple):
    """The pages to read again."""

    pages: list[int]
    """The most useful first."""
    settled: bool
    """Whether no more are to be looked up."""
    guessed: int
    """Look-ups that could not be read."""


async def choose(question: str, gists: dict[int, str], ranked: list[int], ctx: Context) -> Choice:
    """Have all pages named at once, by as many look-ups as it takes to read the gists.

    Args:
        question: what is asked.
        gists: by page.
        ranked: their pages, those first that share most words with the question.
        ctx: of the run.
    """
    config: ReadAgentConfig = ctx.config
    model = ctx.model(look_up)
    room = await room_for(look_up, model, question, config)
    parts = batches(len(ctx.chunks), room, line_tokens(config, ctx.model, look_up))
    parts = [part for part in parts if any(page in gists for page in part)]

    async def ask(part: range) -> Said[tuple[int, ...]]:
        return await look_up(
            model,
            max_tokens=LOOK_UP,
            seed=ctx.seed,
            gists=await list_gists(ctx, model, gists, part, room=room),
            question=question,
            most=str(config.pages),
        )

    chosen: list[int] = []
    by_words: list[int] = []
    guessed = 0
    for part, said in zip(parts, await asyncio.gather(*map(ask, parts), return_exceptions=True), strict=True):
        here = [page for page in ranked if page in part]
        named = _named(said, here)
        guessed += named is None
        chosen += named or []
        by_words += here if named is None else []
    if len(parts) > 1:
        # Each look-up knew only its share, so their order says nothing.
        chosen.sort(key=ranked.index)
    # What was named goes before what takes the place of a look-up that could not be read.
    chosen += sorted(by_words, key=ranked.index)
    return Choice(chosen[: config.pages], True, guessed)


async def choose_next(
    question: str, gists: dict[int, str], ranked: list[int], before: list[int], ctx: Context
) -> Choice:
    """Have one more page named, with those before it in full; see `choose`."""
    config: ReadAgentConfig = ctx.config
    model = ctx.model(look_on)
    room = await room_for(look_on, model, question, config)
    shown = await lay_out(ctx, model, gists, before, question=question, room=room)
    left = [page for page in ranked if page not in before]
    role = look_on.choosing([*(f"Passage: {page + 1}" for page in sorted(left)), "Passage: none"])
    asked = role(model, max_tokens=LOOK_UP, seed=ctx.seed, text=shown.text, question=question)
    (said,) = await asyncio.gather(asked, return_exceptions=True)
    named = _named(said, ranked)
    if isinstance(said, BudgetReached):
        return Choice(before or ranked[: config.pages], True, 0)
    more = left[:1] if named is None else [page for page in named[:1] if page in left]
    pages = [*before, *more]
    return Choice(pages, not more or len(pages) >= min(config.pages, len(gists)), int(named is None))


def _named(said: Said[tuple[int, ...]] | BaseException, pages: list[int]) -> list[int] | None:
    """Return which of these pages a look-up named; `None` if it could not be read, or named none that there is."""
    if isinstance(said, BaseException):
        if isinstance(said, _PASSING) and not isinstance(said, ServerDownError):
            return None
        raise said
    named = [number - 1 for number in said.value if number - 1 in pages]
    return None if said.assumed or (said.value and not named) else named
