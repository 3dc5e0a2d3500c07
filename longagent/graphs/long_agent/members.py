"""What members say of a chunk, or of two whose answers contradict each other."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple

from longagent.agents.agent import Said
from longagent.agents.checking import holds
from longagent.agents.long_agent import Found, member_brief
from longagent.documents import Span
from longagent.errors import BudgetReached, ServerDownError
from longagent.events import Contested
from longagent.graphs.context import PASSING
from longagent.graphs.long_agent.clusters import Round, next_pair, pick, settle, together
from longagent.graphs.long_agent.plan import member_cap, member_for
from longagent.graphs.reading import stops
from longagent.graphs.strategy import Context


async def ask(instruction: str, spans: Sequence[Span], ctx: Context) -> Said[Found]:
    """Have a member answer an instruction from its text alone."""
    role = member_for(ctx.model)
    model = ctx.model(role)
    said = await role(
        model,
        max_tokens=member_cap(ctx.config, model.profile),
        seed=ctx.seed,
        stop=stops(model),
        passages=ctx.delimiters.passages(spans),
        instruction=instruction,
        question=instruction,
        otherwise="",
    )
    if role is not member_brief or not said.value.answer:
        return said
    if await asyncio.to_thread(_stands_in, instruction, said.value.answer, spans):
        return said
    return replace(said, value=Found(""))


def _stands_in(instruction: str, answer: str, spans: Sequence[Span]) -> bool:
    return any(holds(instruction, answer, passage=span, earlier="") for span in spans)


class Contest(NamedTuple):
    """What came of settling the conflicts of a round."""

    round: Round
    failed: int
    """Readings that decided nothing."""


async def contest(now: Round, turn: int, ctx: Context) -> Contest:
    """Read chunks of two clusters together until one cluster is left, the cap or a limit is reached."""
    clusters, rejected, failed, stood = now["clusters"], now["rejected"], list[list[str]](), dict[str, int]()
    for merge in range(min(ctx.config.max_merges, len(ctx.chunks) - 1)):
        pair = next_pair(clusters, failed, stood)
        if pair is None:
            break
        one, other = (clusters[index] for index in pair)
        read = pick(one, other, Random(f"{ctx.seed or 0} {turn} {merge}"))  # noqa: S311 - nothing secret
        try:
            said = await _together(now["instruction"], read, ctx)
        except BudgetReached:
            break
        settled = None if said is None else settle(one, other, read, said)
        kept = [one, other] if settled is None else settled.kept
        names = (one["answers"][0], other["answers"][0])
        left = tuple(cluster["answers"][0] for cluster in kept)
        ctx.emit(Contested(round=turn, chunks=read, answers=names, said=said, kept=left))
        if settled is None:
            failed.append([*names])
            continue
        stood |= dict.fromkeys(left, 1 + max(stood.get(name, 0) for name in names))
        clusters = together([each for each in clusters if each not in (one, other)], settled.kept)
        rejected = [*rejected, *settled.rejected]
    return Contest(Round(**{**now, "clusters": clusters, "rejected": rejected}), len(failed))


async def _together(instruction: str, read: tuple[int, int], ctx: Context) -> str | None:
    """Return what two chunks answer together; `None` where they cannot be read, or that says nothing.

    Raises:
        BudgetReached: a limit is in the way.
    """
    spans = [ctx.chunks[index].span for index in sorted(set(read))]
    try:
        answer = (await ask(instruction, spans, ctx)).value.answer
        # A model that never says "not found" has not said so: what it said is not in the text.
        return None if not answer and member_for(ctx.model) is member_brief else answer
    except ServerDownError:
        raise
    except PASSING:
        return None
