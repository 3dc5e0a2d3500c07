"""The documents, cut as a strategy wants them for a question."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from longagent.agents.passages import Delimiters
from longagent.documents import Chunk, Document
from longagent.errors import UsageError
from longagent.events import Emit, Warned
from longagent.graphs.pieces import cut_all
from longagent.graphs.resolve import Resolved
from longagent.graphs.strategy import Estimate, Plan
from longagent.llm.roles import Models
from longagent.retrievers import Built, Ranking, Retriever, build
from longagent.store.index_store import IndexStore

_SAMPLE = 6000
"""Code points that show how a model's tokenizer compares with the one chunks are measured in."""


class Index:
    """What ranks the chunks: built when first needed, once for all questions, and kept for those of other runs."""

    def __init__(
        self, chunks: Sequence[Chunk], ranking: Ranking, store: IndexStore | None = None, *, emit: Emit | None = None
    ) -> None:
        self._chunks = chunks
        self._ranking = ranking
        self._store = store
        self._emit = emit
        self._built: Built | None = None
        self._building = asyncio.Lock()

    @property
    def name(self) -> str | None:
        """What ranked, for people; `None` as long as nothing was ranked."""
        return None if self._built is None else self._built.name

    async def get(self) -> Retriever:
        """Return it; slow the first time."""
        async with self._building:
            if self._built is None:
                self._built = await build(self._chunks, self._ranking, self._store)
                if self._built.note and self._emit:
                    self._emit(Warned(message=self._built.note))
            return self._built.retriever


class Cut(NamedTuple):
    """Documents cut to one size."""

    chunks: list[Chunk]
    ranking: Index
    hash: str
    """Of the text of each chunk and where it stands: indices of chunks mean something only together with it."""


class Cutter:
    """Cuts documents, once for each size that questions and strategies ask for."""

    def __init__(
        self,
        documents: Sequence[Document],
        models: Models,
        *,
        scales: dict[tuple[str, str], float],
        delimiters: Delimiters,
        index: IndexStore | None = None,
        ranking: Ranking | None = None,
        emit: Emit | None = None,
    ) -> None:
        self._ranking = ranking or Ranking()
        self._documents = documents
        self._models = models
        self._scales = scales
        self._delimiters = delimiters
        self._index = index
        self._emit = emit
        self._cuts: dict[tuple[int, float], Cut] = {}
        self._cutting = asyncio.Lock()

    async def prepare(self, question: str, resolved: Resolved, together: tuple[str, ...] = ()) -> tuple[Cut, Estimate]:
        """Return the chunks for a question, none where there is no document, and what reading them will take.

        Args:
            question: what is to be answered.
            resolved: the strategy that is to answer it.
            together: all questions that are read for together, if there are several.

        Raises:
            WindowTooSmallError: prompts and question leave no room for the document.
            UsageError: the strategy does not say who words the answer.
        """
        strategy, config = resolved.strategy, resolved.config
        longest = max((document.text for document in self._documents), key=len, default="")
        middle = max(0, (len(longest) - _SAMPLE) // 2)
        sample = longest[middle : middle + _SAMPLE]
        plan = Plan(question, config, self._models, sample, self._delimiters, self._scales, together, self._index)
        # Without a document there is nothing to cut, nor anything to keep room for.
        size = await strategy.chunk_tokens(plan) if self._documents else 1
        async with self._cutting:
            borders = (size, strategy.fill)
            if borders not in self._cuts:
                chunks = await self._cut(size, strategy.fill)
                self._cuts[borders] = Cut(chunks, self._index_of(chunks), await asyncio.to_thread(_hash, chunks))
        cut = self._cuts[borders]
        estimate = await strategy.estimate(plan, cut.chunks)
        if not estimate.writers:
            raise UsageError(
                f"Strategy {strategy.name!r} plans no call that writes the answer, and no role whose reply is one."
            )
        return cut, estimate

    async def _cut(self, tokens: int, fill: float) -> list[Chunk]:
        kept = None if self._index is None else self._index.shelf("cuts")
        return await cut_all(self._documents, tokens=tokens, fill=fill, kept=kept, emit=self._emit)

    def _index_of(self, chunks: Sequence[Chunk]) -> Index:
        return Index(chunks, self._ranking, self._index, emit=self._emit)


def _hash(chunks: Sequence[Chunk]) -> str:
    state = sha256(repr([(chunk.document.id, chunk.span.start, chunk.span.end) for chunk in chunks]).encode())
    # Of the same file OCR, or another version of us, may read something else.
    for chunk in chunks:
        state.update(chunk.text.encode("utf-8", "surrogatepass"))
    return state.hexdigest()[:16]
