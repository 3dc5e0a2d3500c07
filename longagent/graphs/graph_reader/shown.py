"""What of a node fits before an explorer: its facts under their passages, and its neighbours."""

from itertools import groupby
from typing import NamedTuple

from longagent.agents.graph_reader import at_neighbours
from longagent.graphs.graph_reader.config import GraphReaderConfig
from longagent.graphs.graph_reader.fact_graph import Fact, FactGraph
from longagent.graphs.graph_reader.plan import names_cap, room_for
from longagent.graphs.graph_reader.ranking import rank_facts
from longagent.graphs.graph_reader.walk import Walk
from longagent.graphs.strategy import Context
from longagent.llm.model import Model


class Facts(NamedTuple):
    """Facts that stand before an explorer."""

    text: str
    facts: tuple[Fact, ...]


async def shown_facts(state: Walk, graph: FactGraph, model: Model, *, room: int) -> Facts:
    """Return the facts of a node, grouped by passage; of too many, those that share most words with what is asked."""
    facts = graph.facts_of(state["node"])
    text = _grouped(state, facts)
    if await model.count_tokens(text) <= room:
        return Facts(text, facts)
    left = room - await model.count_tokens(_grouped(state, ())) - 1
    kept: set[Fact] = set()
    heads: set[int] = set()
    for fact in rank_facts(facts, f"{state['question']}\n{state['plan']}"):
        head = "" if fact.chunk in heads else _head(fact.chunk, state)
        tokens = await model.count_tokens(f"{head}\n- {fact.text}\n") + 1
        if tokens > left:
            # One that is longer than all the room must not keep out those that are not.
            if tokens <= room and kept:
                break
            continue
        left -= tokens
        kept.add(fact)
        heads.add(fact.chunk)
    fitting = tuple(fact for fact in facts if fact in kept)
    return Facts(_grouped(state, fitting), fitting)


async def shown_neighbours(state: Walk, graph: FactGraph, model: Model, ctx: Context) -> list[str]:
    """Return the neighbours of a node that were not visited: as many as may be and fit, those that share most first."""
    config: GraphReaderConfig = ctx.config
    room = names_cap(config, await room_for(at_neighbours, model, state["question"], config))
    room -= await model.count_tokens(f"Neighbours of {state['node']}:\n")
    found = graph.neighbours(state["node"], config.neighbours + len(state["nodes"]))
    names: list[str] = []
    for name in [name for name in found if name not in state["nodes"]][: config.neighbours]:
        room -= await model.count_tokens(f"{name}\n")
        if room < 0:
            break
        names.append(name)
    return names


def _grouped(state: Walk, facts: tuple[Fact, ...]) -> str:
    lines = [f"Facts about {state['node']}:"]
    for chunk, group in groupby(facts, key=lambda fact: fact.chunk):
        lines += [_head(chunk, state), *(f"- {fact.text}" for fact in group)]
    return "\n".join(lines)


def _head(chunk: int, state: Walk) -> str:
    return f"Passage {chunk + 1}{' (read in full already)' if chunk in state['read'] else ''}:"
