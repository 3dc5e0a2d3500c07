"""Builds what ranks the chunks, from what is kept of before as far as there is any."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from longagent.documents.document import Chunk
from longagent.llm.embedding import Embedder
from longagent.retrievers import postings
from longagent.retrievers.bm25 import Bm25
from longagent.retrievers.dense import Dense, Vectors, changed, joined
from longagent.retrievers.hybrid import Hybrid
from longagent.retrievers.language import covers
from longagent.retrievers.postings import Postings, packed, unpacked
from longagent.retrievers.retriever import Retriever
from longagent.retrievers.windows import LENGTH, windows
from longagent.store.index_store import IndexStore

Kind = Literal["auto", "bm25", "dense", "hybrid"]

_VERSION = 1
"""Of how chunks are embedded and their vectors kept; `postings.VERSION` is that of the words."""
_AT_ONCE = 256
"""Chunks that are embedded together."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """How chunks are to be ranked."""

    kind: Kind = "bm25"
    """`auto`: `hybrid` where there is an embedder for the language, else `bm25`."""
    embedder: Embedder | None = None
    missing: str = ""
    """Why there is no embedder, where one was asked for."""

    @property
    def identity(self) -> str:
        """What decides the order of chunks, besides the chunks and the query."""
        words = f"{self.kind} {postings.VERSION}"
        return words if self.embedder is None else f"{words} {_VERSION} {self.embedder.identity}"


class Built(NamedTuple):
    """A retriever, and what a person should know about it."""

    retriever: Retriever
    name: str
    note: str = ""
    """Why it is not the one asked for."""


async def build(chunks: Sequence[Chunk], ranking: Ranking, store: IndexStore | None = None) -> Built:
    """Return what ranks the chunks, as asked for, or by words alone with the reason in the note.

    Raises:
        ModelError: the embedder's server cannot be reached, or refuses, or has another model than before.
    """
    kind, embedder = ranking.kind, ranking.embedder
    if kind == "bm25" or not chunks:
        return _named(await _bm25(chunks, store))
    if embedder is None:
        note = f"{ranking.missing} The document is searched by words alone.".strip()
        return _named(await _bm25(chunks, store), note if kind != "auto" else "")
    foreign = not await asyncio.to_thread(covers, embedder.languages, [chunk.text for chunk in chunks])
    if foreign and kind != "dense":
        note = (
            f"The embedder {embedder.name!r} does not know the language of the document: it is searched by words alone."
        )
        return _named(await _bm25(chunks, store), note)
    dense = await asyncio.to_thread(Dense, chunks, embedder, await _vectors(chunks, embedder, store))
    if kind == "dense":
        note = f"The embedder {embedder.name!r} does not know the language of the document." if foreign else ""
        return Built(dense, dense.name, note)
    return _named(Hybrid(chunks, await _bm25(chunks, store), dense, latin=embedder.languages is not None))


def _named(retriever: Bm25 | Hybrid, note: str = "") -> Built:
    return Built(retriever, retriever.name, note)


async def _bm25(chunks: Sequence[Chunk], store: IndexStore | None) -> Bm25:
    if store is None:
        return await asyncio.to_thread(Bm25, chunks)
    return Bm25(chunks, await _kept_postings(await asyncio.to_thread(_texts, chunks), store))


def _texts(chunks: Sequence[Chunk]) -> list[str]:
    """Return what ranking sees of chunks. Slow for many: the headings of each are looked up."""
    return [chunk.search_text for chunk in chunks]


async def _kept_postings(texts: Sequence[str], store: IndexStore) -> Postings:
    """Return what words texts have: as it is kept, else read now, and kept."""
    key = await asyncio.to_thread(_key_of_all, texts)
    shelf = store.shelf("words")
    record = await shelf.get(key)
    kept = None if record is None else await asyncio.to_thread(_read_postings, record, len(texts))
    if kept is None:
        kept = await asyncio.to_thread(Postings.of_texts, texts)
        await shelf.put(key, await asyncio.to_thread(kept.to_record))
    return kept


def _key_of_all(texts: Sequence[str]) -> bytes:
    state = sha256(f"ranking bm25 {postings.VERSION}".encode())
    for text in texts:
        # Each hashed by itself, so that where one ends and the next begins is part of it.
        state.update(sha256(text.encode("utf-8", "surrogatepass")).digest())
    return state.digest()


def _read_postings(record: dict[str, Any], size: int) -> Postings | None:
    try:
        kept = Postings.from_record(record)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
    return kept if len(kept) == size else None


async def _vectors(chunks: Sequence[Chunk], embedder: Embedder, store: IndexStore | None) -> Vectors:
    """Return the vectors of chunks: those that are kept, and the others embedded now, and kept.

    Raises:
        ModelRejectedError: those are of another length than these.
    """
    texts = await asyncio.to_thread(_texts, chunks)
    keys = await asyncio.to_thread(lambda: [_key(text, embedder) for text in texts])
    shelf = None if store is None else store.shelf("embeddings")
    kept = {} if shelf is None else await shelf.get_many(keys)
    parts = await asyncio.to_thread(_read_all, kept)
    missing = dict.fromkeys(key for key in keys if key not in parts)
    text_of = dict(zip(keys, texts, strict=True))
    for batch in _batches([*missing]):
        new = await asyncio.to_thread(_embedded, [text_of[key] for key in batch], embedder)
        parts |= zip(batch, new, strict=True)
        if shelf is not None:
            for key, rows in zip(batch, new, strict=True):
                await shelf.put(key, {"rows": packed(rows.astype(np.float16)), "count": len(rows)})
    if len({rows.shape[1] for rows in parts.values() if len(rows)}) > 1:
        raise changed(embedder)
    return await asyncio.to_thread(joined, [parts[key] for key in keys])


def _key(text: str, embedder: Embedder) -> bytes:
    about = f"ranking vectors {_VERSION} {LENGTH} {embedder.identity}\0"
    return sha256(about.encode() + text.encode("utf-8", "surrogatepass")).digest()


def _embedded(texts: Sequence[str], embedder: Embedder) -> list[NDArray[np.float32]]:
    """Return the vectors of each text, as they will be when they were kept: in 16 bits."""
    parts = [windows(text) for text in texts]
    rows = embedder.embed([window for part in parts for window in part], "passage")
    rows = rows.astype(np.float16).astype(np.float32)
    ends = np.cumsum([len(part) for part in parts])
    return np.split(rows, ends[:-1])


def _read_all(records: Mapping[bytes, dict[str, Any]]) -> dict[bytes, NDArray[np.float32]]:
    return {key: rows for key, record in records.items() if (rows := _read_rows(record)) is not None}


def _read_rows(record: dict[str, Any]) -> NDArray[np.float32] | None:
    try:
        count = record["count"]
        rows = unpacked(record["rows"], np.float16).astype(np.float32)
        return rows.reshape(count, -1) if count else np.zeros((0, 0), np.float32)
    except (ValueError, KeyError, TypeError):
        return None


def _batches(keys: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [keys[first : first + _AT_ONCE] for first in range(0, len(keys), _AT_ONCE)]
