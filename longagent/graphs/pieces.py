"""Documents are cut beside the event loop, and where they were cut is kept, so that it is looked up the next time."""

import asyncio
from collections.abc import Sequence

from longagent.documents import Chunk, Document
from longagent.documents.chunking import Piece, numbered, pieces
from longagent.documents.kept import Kept, cut_from, cut_key, cut_record
from longagent.events import CuttingProgress, Emit

_PATIENCE = 1.5
"""Seconds after which a person is told how far it is."""
_WORTH_KEEPING = 20_000
"""Code points from which looking up is faster than cutting."""


async def cut_all(
    documents: Sequence[Document], *, tokens: int, fill: float, kept: Kept | None = None, emit: Emit | None = None
) -> list[Chunk]:
    """Return the chunks of all documents, as `documents.chunk` does, with cuts that are kept taken from there.

    Raises:
        ValueError: `tokens` is less than 1.
    """
    total, before = sum(len(document.text) for document in documents), 0
    cut: list[tuple[Document, Piece]] = []
    for document in documents:
        work = _Work(document, tokens, fill)
        telling = asyncio.create_task(_tell(work, before, total, emit))
        try:
            cut += [(document, piece) for piece in await _cut(work, kept)]
        finally:
            telling.cancel()
        before += len(document.text)
    return await asyncio.to_thread(numbered, cut)


class _Work:
    """The cutting of one document."""

    def __init__(self, document: Document, tokens: int, fill: float) -> None:
        self.document = document
        self.tokens = tokens
        self.fill = fill
        self.done = 0
        """Code points so far; written by the thread that cuts."""
        self.stopped = False

    def cut(self) -> list[Piece]:
        """Cut it; in a thread."""
        found: list[Piece] = []
        for piece in pieces(self.document, tokens=self.tokens, fill=self.fill):
            if self.stopped:  # nobody waits any more
                break
            found.append(piece)
            self.done = piece.end
        return found


async def _cut(work: _Work, kept: Kept | None) -> list[Piece]:
    key = b""
    if kept is not None and len(work.document.text) >= _WORTH_KEEPING:
        key = await asyncio.to_thread(cut_key, work.document, tokens=work.tokens, fill=work.fill)
        record = await kept.get(key)
        if record is not None and (found := await asyncio.to_thread(cut_from, record, work.document)) is not None:
            return found
    try:
        cut = await asyncio.to_thread(work.cut)
    finally:
        work.stopped = True
    if kept is not None and key:
        await kept.put(key, cut_record(cut))
    return cut


async def _tell(work: _Work, before: int, total: int, emit: Emit | None) -> None:
    while emit is not None:
        await asyncio.sleep(_PATIENCE)
        emit(CuttingProgress(done=before + work.done, total=total))
