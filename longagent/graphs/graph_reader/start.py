"""Before the walk: a rational plan, and the nodes that explorers begin with."""

import asyncio
from typing import NamedTuple, TypedDict

from longagent.agents.agent import Said
from longagent.agents.graph_reader import Candidate, start
from longagent.agents.graph_reader import plan as plan_role
from longagent.agents.graph_reader.turn import candidates
from longagent.errors import (
    BudgetReached,
    ReplyError,
    ServerDownError,
)
from longagent.graphs.context import PASSING
from longagent.graphs.fitting import fit
from longagent.graphs.graph_reader.config import GraphReaderConfig
from longagent.graphs.graph_reader.fact_graph import FactGraph
from longagent.graphs.graph_reader.plan import BRIEF_READS, START_NODES, brief, caps, most_lists, plans, room_for, words
from longagent.graphs.graph_reader.ranking import rank_nodes
from longagent.graphs.strategy import Context
from longagent.llm.model import Model


class Start(TypedDict):
    """Where an explorer begins."""

    node: str
    queue: list[int]
    """Indices of chunks that are settled beforehand; of a model that never abstains."""


class Chosen(NamedTuple):
    """The start nodes, the most relevant first."""

    nodes: list[str]
    lists: int
    """Of nodes that were shown."""
    guessed: int
    """Lists from which none could be chosen."""


async def make_plan(question: str, ctx: Context) -> str | None:
    """Return the rational plan; `None` where it could not be made, empty where none is meant to be."""
    if not plans(ctx.model):
        return ""
    model = ctx.model(plan_role)
    cap = caps(ctx.config, model.profile).plan
    try:
        said = await plan_role(model, max_tokens=cap, seed=ctx.seed, question=question, words=words(cap))
    except BudgetReached:
        return ""
    except ServerDownError:
        raise
    except PASSING:
        return None
    return await fit(said.value, cap, model.count_tokens, keep_end=False)


async def choose(question: str, plan: str, graph: FactGraph, ctx: Context) -> Chosen:
    """Return the nodes to begin with: named by a model, else those that share most words with question and plan."""
    config: GraphReaderConfig = ctx.config
    query = f"{question}\n{plan}"
    if not plans(ctx.model):
        return Chosen((await rank_nodes(graph, query))[: config.agents], 0, 0)
    model = ctx.model(start)
    lists = await _lists(question, query, graph, model, config)
    asked = await asyncio.gather(
        *(_ask(names, question, plan, graph=graph, ctx=ctx) for names in lists), return_exceptions=True
    )
    named: list[Candidate] = []
    guessed = 0
    for said in asked:
        if isinstance(said, BaseException) and not _passes(said):
            raise said
        if isinstance(said, Said) and said.value:
            named += said.value
        else:
            guessed += not isinstance(said, BudgetReached)
    best = [candidate.name for candidate in sorted(named, key=lambda candidate: -candidate.score)]
    if len(best) < config.agents and (guessed or not best):
        best += await rank_nodes(graph, query)
    return Chosen(list(dict.fromkeys(best))[: config.agents], len(lists), guessed)


def _passes(error: BaseException) -> bool:
    return isinstance(error, (BudgetReached, *PASSING)) and not isinstance(error, ServerDownError)


async def starts(nodes: list[str], question: str, graph: FactGraph, ctx: Context) -> list[Start]:
    """Return where explorers begin. Those who keep to no form read the passages of their node that rank best."""
    if not brief(ctx.model):
        return [Start(node=node, queue=[]) for node in nodes]
    ranked = [found.chunk.index for found in await ctx.rank(question)]
    begun = []
    for node in nodes:
        passages = {fact.chunk for fact in graph.facts_of(node)}
        begun.append(Start(node=node, queue=[chunk for chunk in ranked if chunk in passages][:BRIEF_READS]))
    return begun


async def _ask(
    names: list[str], question: str, plan: str, *, graph: FactGraph, ctx: Context
) -> Said[tuple[Candidate, ...]]:
    model = ctx.model(start)

    shown = frozenset(names)

    def known(reply: str) -> tuple[Candidate, ...]:
        found = {}
        for name, score in candidates(reply):
            if (node := graph.known(name)) in shown and node not in found:
                found[node] = Candidate(node, score)
        if not found:
            raise ReplyError("none of the names is in the list.")
        return tuple(found.values())

    return await start.reading(known)(
        model,
        max_tokens=caps(ctx.config, model.profile).start,
        seed=ctx.seed,
        nodes=ctx.delimiters.block("nodes", "\n".join(names)),
        question=question,
        plan=ctx.delimiters.block("plan", plan),
        least=str(min(START_NODES, len(names))),
    )


async def _lists(
    question: str, query: str, graph: FactGraph, model: Model, config: GraphReaderConfig
) -> list[list[str]]:
    """Share the nodes out to as few lists as hold them; of too many, those that share most words with a query."""
    room = await room_for(start, model, question, config)
    names = list(graph.names)
    if len(names) > config.candidates:
        best = set((await rank_nodes(graph, query))[: config.candidates])
        names = [name for name in names if name in best]
    lists: list[list[str]] = []
    left = 0
    for name in names:
        # Alone on its line a name may take a token more than within the list.
        tokens = await model.count_tokens(f"{name}\n")
        if tokens > left:
            if len(lists) == most_lists(config, room):
                break
            lists.append([])
            left = room
        if tokens <= left:
            lists[-1].append(name)
            left -= tokens
    return [each for each in lists if each]
