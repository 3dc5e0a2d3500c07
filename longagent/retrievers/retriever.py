"""What every retriever does: put chunks in order of how well they fit a query."""

from typing import NamedTuple, Protocol

from longagent.documents.document import Chunk


class Ranked(NamedTuple):
    """A chunk and how well it fits; scores compare only within one ranking."""

    chunk: Chunk
    score: float


class Retriever(Protocol):
    """Ranks the chunks it was made from."""

    def rank(self, query: str, *, limit: int | None = None) -> list[Ranked]:
        """Return the chunks, best first, ties by index; those with nothing in common come last with score 0."""
        ...
