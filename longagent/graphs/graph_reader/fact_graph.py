"""The graph of facts: a node for each key element, an edge where two of them stand in one fact."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from longagent.graphs.graph_reader.elements import clean, element_key

_NUMBERED = re.compile(r"^(?:[-*•]|\(?\d{1,4}[.):])\s+")


@dataclass(frozen=True, slots=True)
class Fact:
    """An atomic fact."""

    text: str
    """The smallest statement that can be understood alone, as the model wrote it; by code: a sentence."""
    elements: tuple[str, ...]
    """Its key elements; in `FactGraph.facts` these are names of nodes."""
    chunk: int
    """Index of the chunk it was read from."""


class FactGraph:
    """Facts by their key elements. Variants of an element, such as plurals, are one node, named as most facts do."""

    facts: tuple[Fact, ...]
    """In the order of their chunks."""
    names: tuple[str, ...]
    """The nodes, those with most facts first, then by name."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        """Build the graph. Takes seconds for 100,000 facts: do it in a thread."""
        import networkx as nx

        ordered = sorted(facts, key=lambda fact: fact.chunk)
        self._by_key = _names(ordered)
        self.facts = tuple(replace(fact, elements=self._known(fact.elements)) for fact in ordered)
        self._facts_of: dict[str, list[Fact]] = defaultdict(list)
        together = Counter[tuple[str, str]]()
        for fact in self.facts:
            for name in fact.elements:
                self._facts_of[name].append(fact)
            together.update(combinations(sorted(fact.elements), 2))
        self.names = tuple(sorted(self._facts_of, key=lambda name: (-len(self._facts_of[name]), name)))
        self.network: Any = nx.Graph()
        """The nodes and edges for networkx; an edge's `weight` counts the facts that two nodes share."""
        self.network.add_nodes_from(self.names)
        self.network.add_weighted_edges_from((one, other, count) for (one, other), count in together.items())

    def facts_of(self, name: str) -> tuple[Fact, ...]:
        """Return the facts of a node, in the order of their chunks; none of a name that is no node's."""
        return tuple(self._facts_of.get(name, ()))

    def neighbours(self, name: str, most: int) -> tuple[str, ...]:
        """Return the nodes that share facts with one, those that share most first, then by name; at most `most`."""
        if name not in self.network:
            return ()
        shared = self.network[name]
        return tuple(sorted(shared, key=lambda other: (-shared[other]["weight"], other))[:most])

    def known(self, name: str) -> str | None:
        """Return the node a model means by a name; `None` if there is none.

        Case, white space, quotes, a number before it and plurals don't matter.
        """
        for written in (name, _NUMBERED.sub("", name.strip())):
            bare = clean(written)
            if bare in self._facts_of:
                return bare
            for key in (element_key(bare), element_key(bare.lower())):
                if key in self._by_key:
                    return self._by_key[key]
        return None

    def _known(self, elements: Iterable[str]) -> tuple[str, ...]:
        keys = dict.fromkeys(element_key(clean(element)) for element in elements)
        return tuple(self._by_key[key] for key in keys if key)


def _names(facts: Iterable[Fact]) -> dict[str, str]:
    """Return the name of each node by the key of its variants: the most frequent of them, then the shortest."""
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in facts:
        for element in fact.elements:
            bare = clean(element)
            if key := element_key(bare):
                forms[key][bare] += 1
    return {key: min(found, key=lambda form: (-found[form], len(form), form)) for key, found in forms.items()}
