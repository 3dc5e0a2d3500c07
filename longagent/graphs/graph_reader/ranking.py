"""Which nodes and facts share most words with what is looked for."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from longagent.evidence.words import keys
from longagent.graphs.graph_reader.fact_graph import Fact, FactGraph
from longagent.retrievers import Scores


async def rank_nodes(graph: FactGraph, query: str) -> list[str]:
    """Return all nodes, those first whose names and facts share most words with a query."""
    return await asyncio.to_thread(_rank_nodes, graph, query)


def rank_facts(facts: Sequence[Fact], query: str) -> list[Fact]:
    """Return facts, those first that share most words with a query."""
    scores = Scores([_words(fact.text) for fact in facts]).of(query)
    return [facts[at] for at in sorted(range(len(facts)), key=lambda at: -scores[at])]


def _rank_nodes(graph: FactGraph, query: str) -> list[str]:
    words = {fact: _words(fact.text) for fact in graph.facts}
    terms = [[*keys(name), *(word for fact in graph.facts_of(name) for word in words[fact])] for name in graph.names]
    scores = Scores(terms).of(query)
    return [graph.names[at] for at in sorted(range(len(terms)), key=lambda at: -scores[at])]


@lru_cache(maxsize=2**17)
def _words(fact: str) -> tuple[str, ...]:
    # A fact belongs to several nodes, each of which several explorers visit.
    return tuple(keys(fact))
