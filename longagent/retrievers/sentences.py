"""Ranks sentences by the words they and their neighbours share with a query (BM25): no model.

A sentence alone says too little of what it is about: "It cost 482,000 crowns." So what stands around it counts as much
as the sentence itself, and so do the headings above it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from longagent.documents.document import Document, Span
from longagent.documents.sentences import sentences
from longagent.evidence.words import keys
from longagent.retrievers.postings import Postings

Numbers: TypeAlias = NDArray[np.float64]

NEAR = 2
"""Sentences before and after that count: with 4 as many gold sentences were among the first 5, with 0 a tenth less."""
_K1 = 1.5
_B = 0.75


class RankedSpan(NamedTuple):
    """A sentence and how well it fits; scores compare only within one ranking."""

    span: Span
    score: float


class Sentenced(NamedTuple):
    """The sentences of a document, in order, without its headings, and the words of each."""

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    words: Postings


class Sentences:
    """Ranks the sentences of documents."""

    def __init__(self, documents: Sequence[Document], read: Sequence[Sentenced] | None = None) -> None:
        """Find the sentences of each document, unless `read` holds already what would be found."""
        self._documents = documents
        self._read = [sentenced(document) for document in documents] if read is None else read
        self._firsts = np.cumsum([0, *(len(each.starts) for each in self._read)])
        """Where the sentences of each document begin among all, and at last where they end."""
        self._headings = [_paths(document) for document in documents]

    @property
    def spans(self) -> list[Span]:
        """The sentences, in order."""
        return [self._span(index) for index in range(int(self._firsts[-1]))]

    def rank(self, query: str, *, limit: int | None = None) -> list[RankedSpan]:
        """Return the sentences that share words with a query, or whose neighbours do, best first, ties in order.

        Of sentences that repeat each other word for word in a document, such as page headers, only the first comes.
        """
        scores = self._scores(query)
        ranked: list[RankedSpan] = []
        said = set[tuple[str, str]]()
        for index in np.argsort(-scores, kind="stable").tolist():
            if scores[index] <= 0 or len(ranked) == limit:
                break
            span = self._span(index)
            words = (span.document.id, " ".join(span.text.split()))
            if words not in said:
                said.add(words)
                ranked.append(RankedSpan(span, round(float(scores[index]), 4)))
        return ranked

    def near(self, span: Span, count: int) -> Span:
        """Return a ranked sentence with `count` sentences before and after it, as far as its document has them."""
        read = next(
            each
            for of, each in zip(self._documents, self._read, strict=True)
            if of is span.document and len(each.starts)
        )
        at = int(np.searchsorted(read.starts, span.start))
        begin, end = read.starts[max(0, at - count)], read.ends[min(len(read.ends) - 1, at + count)]
        return Span(span.document, int(begin), int(end))

    def _span(self, index: int) -> Span:
        of = int(np.searchsorted(self._firsts, index, side="right")) - 1
        read, at = self._read[of], index - self._firsts[of]
        return Span(self._documents[of], int(read.starts[at]), int(read.ends[at]))

    def _scores(self, query: str) -> Numbers:
        asked = [*dict.fromkeys(keys(query))]
        # A column for each word of the query, and the last one for all words.
        counts = np.zeros((int(self._firsts[-1]), len(asked) + 1))
        around = np.zeros_like(counts)
        for read, headings, first, last in zip(
            self._read, self._headings, self._firsts[:-1], self._firsts[1:], strict=True
        ):
            own = counts[first:last]
            own[:, -1] = read.words.lengths
            for column, key in enumerate(asked):
                places, often = read.words.found(key)
                own[places, column] = often
            total = np.vstack([np.zeros(own.shape[1]), own.cumsum(axis=0)])
            index = np.arange(last - first)
            around[first:last] = total[np.minimum(index + NEAR + 1, last - first)] - total[np.maximum(index - NEAR, 0)]
            if headings:
                above = np.array([[*map(words.count, asked), len(words)] for words in ([], *headings.values())], float)
                around[first:last] += above[np.searchsorted([*headings], read.starts, side="right")]
        return _bm25(counts) + _bm25(around)


def sentenced(document: Document) -> Sentenced:
    """Return the sentences of a document. Takes seconds for a million tokens."""
    spans = [(span.start, span.end) for span in _spans(document)]
    borders = np.array(spans, np.int32).reshape(-1, 2)
    words = Postings.of_texts(document.text[start:end] for start, end in spans)
    return Sentenced(borders[:, 0].copy(), borders[:, 1].copy(), words)


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


def _paths(document: Document) -> dict[int, list[str]]:
    """Return the words of the headings that text stands under, by where these begin."""
    starts = dict.fromkeys(heading.start for heading in document.headings)
    return {start: keys(" ".join(document.path_at(start))) for start in starts}


def _bm25(counts: Numbers) -> Numbers:
    """Score texts by the counts of a query's words, and of all words in the last column."""
    words, lengths = counts[:, :-1], counts[:, -1:]
    usual = lengths.mean() if len(lengths) else 1.0
    rarity = np.log((len(counts) + 1) / np.maximum((words > 0).sum(axis=0), 1))
    damped = words * (_K1 + 1) / (words + _K1 * (1 - _B + _B * lengths / max(usual, 1.0)))
    scores: Numbers = (damped * rarity).sum(axis=1)
    return scores
