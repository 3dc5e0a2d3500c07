"""The graph of facts: a node for each key element, an edge where two of them stand in one fact."""

from collections.abc import Iterable
from dataclasses import dataclass


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
    """Facts by their key elements. Variants of an element, such as plurals, are one node."""

    facts: tuple[Fact, ...]
    """In the order of their chunks."""
    names: tuple[str, ...]
    """The nodes, those with most facts first, then by name."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.facts = tuple(facts)
        self.names = ()

    def facts_of(self, name: str) -> tuple[Fact, ...]:
        """Return the facts of a node, in the order of their chunks; none of a name that is no node's."""
        raise NotImplementedError

    def neighbours(self, name: str, most: int) -> tuple[str, ...]:
        """Return the nodes that share facts with one, those that share most first, then by name; at most `most`."""
        raise NotImplementedError

    def known(self, name: str) -> str | None:
        """Return the node a model means by a name; `None` if there is none.

        Case, white space, quotes, a number before it and plurals don't matter.
        """
        raise NotImplementedError
