"""Ranks sentences by the words they and their neighbours share with a query (BM25): no model, no index.

A sentence alone says too little of what it is about: "It cost 482,000 crowns." So what stands around it counts as much
as the sentence itself, and so do the headings above it.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from longagent.documents.document import Document, Span
from longagent.documents.sentences import sentences
from longagent.evidence.words import keys

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]

NEAR = 2
"""Sentences before and after that count: with 4 as many gold sentences were among the first 5, with 0 a tenth less."""
_K1 = 1.5
_B = 0.75


class RankedSpan(NamedTuple):
    """A sentence and how well it fits; scores compare only within one ranking."""

    span: Span
    score: float


class Sentences:
    """Ranks the sentences of documents."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.spans: list[Span] = []
        """In order, without headings."""
        self._terms: list[list[str]] = []
        self._above: list[list[str]] = []
        """Of the headings, for each sentence."""
        self._ranges: list[tuple[int, int]] = []
        """Which sentences a document has."""
        for document in documents:
            first = len(self.spans)
            self.spans += _spans(document)
            self._ranges.append((first, len(self.spans)))
            self._above += _above(document, self.spans[first:])
        self._terms = [keys(span.text) for span in self.spans]

    def rank(self, query: str, *, limit: int | None = None) -> list[RankedSpan]:
        """Return the sentences that share words with a query, or whose neighbours do, best first, ties in order.

        Of sentences that repeat each other word for word in a document, such as page headers, only the first comes.
        """
        scores = self._scores(query)
        order = sorted(scores.nonzero()[0].tolist(), key=lambda index: (-scores[index], index))
        ranked: list[RankedSpan] = []
        said = set[tuple[str, str]]()
        for index in order:
            span = self.spans[index]
            words = (span.document.id, " ".join(span.text.split()))
            if words not in said:
                said.add(words)
                ranked.append(RankedSpan(span, round(float(scores[index]), 4)))
            if len(ranked) == limit:
                break
        return ranked

    def near(self, span: Span, count: int) -> Span:
        """Return a ranked sentence with `count` sentences before and after it, as far as its document has them."""
        from bisect import bisect_left

        first, last = next((a, b) for a, b in self._ranges if a < b and self.spans[a].document is span.document)
        at = bisect_left(self.spans, span.start, first, last, key=lambda each: each.start)
        begin, end = self.spans[max(first, at - count)], self.spans[min(last - 1, at + count)]
        return Span(span.document, begin.start, end.end)

    def _scores(self, query: str) -> "Numbers":
        import numpy as np

        columns = {key: column for column, key in enumerate(dict.fromkeys(keys(query)))}
        counts = self._count(self._terms, columns)
        around = np.zeros_like(counts)
        above = self._count(self._above, columns)
        for first, last in self._ranges:
            total = np.vstack([np.zeros(counts.shape[1]), counts[first:last].cumsum(axis=0)])
            index = np.arange(last - first)
            around[first:last] = total[np.minimum(index + NEAR + 1, last - first)] - total[np.maximum(index - NEAR, 0)]
        scored: Numbers = _bm25(counts) + _bm25(around + above)
        return scored

    @staticmethod
    def _count(texts: Sequence[Sequence[str]], columns: dict[str, int]) -> "Numbers":
        """Return how often each text has each word, and in the last column how many words it has."""
        import numpy as np

        counts = np.zeros((len(texts), len(columns) + 1))
        for row, terms in enumerate(texts):
            counts[row, -1] = len(terms)
            for term in terms:
                if (column := columns.get(term)) is not None:
                    counts[row, column] += 1
        return counts


def _spans(document: Document) -> Iterator[Span]:
    """Yield the sentences of a document, without its headings: they say what others are about."""
    titles = {heading.start: heading.title for heading in document.headings}
    for page in document.pages:
        for start, end in sentences(document.page_text(page)):
            span = Span(document, page.start + start, page.start + end)
            # A line that goes on after the heading is none.
            title = titles.get(span.start)
            if title is None or _bare(title) != _bare(span.text):
                yield span


def _bare(title: str) -> str:
    return "".join(title.split()).strip("#*=-").casefold()


def _above(document: Document, spans: Sequence[Span]) -> Iterator[list[str]]:
    """Yield the words of the headings that each sentence stands under."""
    path: tuple[str, ...] = ()
    words: list[str] = []
    following = iter([*(heading.start for heading in document.headings), len(document.text)])
    change = next(following)
    for span in spans:
        while span.start >= change:
            path, words = document.path_at(span.start), []
            change = next(following, len(document.text) + 1)
        if path and not words:
            words = keys(" ".join(path))
        yield words


def _bm25(counts: "Numbers") -> "Numbers":
    """Score texts by the counts of a query's words, and of all words in the last column."""
    import numpy as np

    words, lengths = counts[:, :-1], counts[:, -1:]
    usual = lengths.mean() if len(lengths) else 1.0
    rarity = np.log((len(counts) + 1) / np.maximum((words > 0).sum(axis=0), 1))
    damped = words * (_K1 + 1) / (words + _K1 * (1 - _B + _B * lengths / max(usual, 1.0)))
    scores: Numbers = (damped * rarity).sum(axis=1)
    return scores
