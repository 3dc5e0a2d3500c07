"""Ranking by words (BM25): no model, no index on disk, and hard to beat on look-up questions."""

from collections.abc import Sequence

from longagent.documents.document import Chunk
from longagent.evidence.words import keys
from longagent.retrievers.retriever import Ranked


class Scores:
    """How well texts fit a query, by the words they share with it, rare words counting more.

    Args:
        terms: the content words of each text, as `evidence.words.keys` gives them.
    """

    def __init__(self, terms: Sequence[Sequence[str]]) -> None:
        # Not BM25Okapi, whose weight of a word turns negative where most texts have it: in a document of few chunks
        # that is nearly every word. BM25L found 9 % fewer answers among the first two chunks than the other variants.
        from rank_bm25 import BM25Plus

        self._size = len(terms)
        # Without a single word the mean length would be zero, which it divides by. With delta above 0, texts without
        # any word of the query would score too.
        self._index = BM25Plus(terms, delta=0) if any(terms) else None

    def of(self, query: str) -> list[float]:
        """Return the score of each text, 0 where it has no word of the query."""
        found: list[float] = self._index.get_scores(keys(query)).tolist() if self._index else [0.0] * self._size
        return found


class Bm25:
    """Ranks chunks by the words they share with a query, rare words counting more."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = list(chunks)
        self._scores = Scores([keys(chunk.search_text) for chunk in self._chunks])

    def rank(self, query: str, *, limit: int | None = None) -> list[Ranked]:
        """Return the chunks, best first, ties by index; those without a word of the query come last with score 0."""
        ranked = [Ranked(chunk, score) for chunk, score in zip(self._chunks, self._scores.of(query), strict=True)]
        ranked.sort(key=lambda item: (-item.score, item.chunk.index))
        return ranked[:limit]
