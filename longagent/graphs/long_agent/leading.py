"""What the leader is asked: the first instruction, which answers mean the same, and what is next."""

import re
from collections.abc import Awaitable
from typing import NamedTuple, TypeVar

from longagent.agents.agent import Said
from longagent.agents.long_agent import Decision, Order, aliases, decide, instruct
from longagent.errors import (
    BudgetReached,
    ServerDownError,
)
from longagent.graphs.context import PASSING
from longagent.graphs.long_agent.clusters import Cluster, Round, unite
from longagent.graphs.long_agent.config import LongAgentConfig
from longagent.graphs.long_agent.history import by_weight, clip, lay_out, listed
from longagent.graphs.long_agent.plan import ALIASES, INSTRUCTION, decision_cap, room_for
from longagent.graphs.strategy import Context

R = TypeVar("R")


_GATHERS = re.compile(
    r"\b(?:how (?:many|often)|total|altogether|in all|sum of|average|count|(?:maxi|mini)mum|(?:high|low|larg|small|long"
    r"|short|great|few)est|most|least|list|enumerate|name all|all (?:the|of)|each of|every)\b",
    re.IGNORECASE,
)


async def heard(asked: Awaitable[Said[R]], otherwise: R) -> Said[R] | None:
    """Return what the leader says, or what is taken for it where the call fails; `None` where a limit ends it."""
    try:
        return await asked
    except BudgetReached:
        return None
    except ServerDownError:
        raise
    except PASSING:
        return Said(otherwise, cut=False, assumed=True)


async def first_order(question: str, ctx: Context) -> Said[Order] | None:
    """Have the leader instruct all members, who never see the question."""
    asked = instruct(ctx.model(instruct), max_tokens=INSTRUCTION, seed=ctx.seed, question=question)
    return await heard(asked, Order(""))


async def wording(order: Order, question: str, ctx: Context) -> str:
    """Return an instruction as members are shown it; the question takes the place of one that could not be read."""
    return await clip(order.instruction, INSTRUCTION, ctx.model(instruct)) or question


def gathers(order: Order, text: str, config: LongAgentConfig) -> bool:
    """Whether the answers of all chunks are to be put together: by the leader's word, else by the words of a text."""
    if config.gather != "auto":
        return config.gather == "always"
    return order.parts == "all" or (order.parts is None and bool(_GATHERS.search(text)))


class Judged(NamedTuple):
    """Clusters, those united that mean the same."""

    clusters: list[Cluster]
    guessed: bool
    """Whether the judgement could not be read, so that none were united."""


async def judge_aliases(clusters: list[Cluster], instruction: str, ctx: Context) -> Judged:
    """Have the leader say which answers mean the same: one call for as many as fit, those with most chunks first."""
    model, order = ctx.model(aliases), by_weight(clusters)
    room = await room_for(aliases, model, instruction, ctx.config)
    shown = await listed([clusters[index]["answers"][0] for index in order], room, model, ctx)
    asked = aliases(model, max_tokens=ALIASES, seed=ctx.seed, answers=shown.text, instruction=instruction)
    said = await heard(asked, ())
    if said is None:
        return Judged(clusters, False)
    # Of answers that were not shown nothing was judged.
    known = len(order) - shown.left_out
    groups = [[order[number - 1] for number in group if 0 < number <= known] for group in said.value]
    return Judged(unite(clusters, groups), said.assumed)


async def next_action(question: str, rounds: list[Round], ctx: Context) -> Said[Decision] | None:
    """Have the leader instruct again, let the text decide between answers, or answer."""
    model = ctx.model(decide)
    room = await room_for(decide, model, question, ctx.config)
    shown = await lay_out(rounds, room, model, ctx)
    cap = decision_cap(ctx.config, model.profile)
    asked = decide(model, max_tokens=cap, seed=ctx.seed, history=shown.text, question=question)
    return await heard(asked, Decision("answer"))
