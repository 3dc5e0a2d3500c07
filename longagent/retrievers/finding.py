"""The sentences of documents that fit a query best, by their words alone: no model, and little time.

Documents are ranked in blocks of some sentences; only the best blocks are taken apart. A word counts by how rare it is
among all blocks, so what is found does not hang on which of them were taken apart.
"""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from longagent.documents.document import Document, Span
from longagent.documents.sentences import sentences
from longagent.evidence.words import keys
from longagent.retrievers.building import kept_postings
from longagent.retrievers.postings import Postings, saturated
from longagent.retrievers.windows import cut
from longagent.store.index_store import IndexStore

_BLOCK = 1000
"""Code points."""
_FEWEST = 100
"""Blocks that are taken apart at least; three for each sentence that is asked for."""


class Found(NamedTuple):
    """A sentence, and how well it fits; scores compare only within one search."""

    span: Span
    score: float


class SentenceIndex:
    """Finds sentences in documents, for as many queries as come."""

    def __init__(self, blocks: Sequence[Span], postings: Postings | None = None) -> None:
        """Read the blocks (see `blocks_of`), unless `postings` hold already what would be read."""
        self._blocks = blocks
        self._postings = postings or Postings.of_texts(block.text for block in blocks)

    def find(self, query: str, *, limit: int = 10) -> list[Found]:
        """Return the sentences that share most with a query, best first; none that shares no word with it."""
        scores = self._postings.scores(query)
        best = np.argsort(-scores, kind="stable")[: max(_FEWEST, 3 * limit)]
        # In the order of the documents, which then holds for those that fit alike.
        spans = [span for at in sorted(best) if scores[at] > 0 for span in _sentences(self._blocks[at])]
        words = [keys(span.text) for span in spans]
        usual = sum(map(len, words)) / max(1, len(words))
        rarity = {key: self._postings.rarity(key) for key in keys(query)}
        found = [Found(span, _score(each, rarity, usual)) for span, each in zip(spans, words, strict=True)]
        found.sort(key=lambda each: -each.score)
        return [*islice((each for each in found if each.score > 0), limit)]


async def sentence_index(documents: Sequence[Document], store: IndexStore | None = None) -> SentenceIndex:
    """Return an index of documents; what is kept of them in the store is not read again."""
    blocks = blocks_of(documents)
    return SentenceIndex(blocks, await kept_postings([block.text for block in blocks], store))


def blocks_of(documents: Sequence[Document]) -> list[Span]:
    """Return documents in blocks, none of which spans pages."""
    return [
        Span(document, page.start + start, page.start + end)
        for document in documents
        for page in document.pages
        for start, end in cut(document.page_text(page), length=_BLOCK)
        if start < end
    ]


def _sentences(block: Span) -> list[Span]:
    return [Span(block.document, block.start + start, block.start + end) for start, end in sentences(block.text)]


def _score(words: Sequence[str], rarity: dict[str, float], usual: float) -> float:
    length = len(words) / usual if usual else 0.0
    return float(sum(rare * saturated(words.count(key), length) for key, rare in rarity.items()))
