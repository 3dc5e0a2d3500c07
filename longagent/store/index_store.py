"""The index store: what was made of documents for all questions, on disk, shared by all processes, within a size."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from longagent.settings import Settings
from longagent.store.entries import Entries

Kind = Literal["documents", "cuts", "words", "embeddings", "strategies"]
"""Texts of files; where they were cut, and how long each chunk is; what ranks chunks by words and by meaning; what
strategies read of chunks, whose keys, the oldest ones here, bear no name of a kind."""

KINDS: Sequence[Kind] = get_args(Kind)


def open_index(settings: Settings) -> "IndexStore | None":
    """Return the store of an installation, `None` where nothing is to be kept; nothing is opened yet.

    Nothing is where the user wants that, or gave a password: what it opens must not lie open on the disk, not even as
    words or vectors.
    """
    if not settings.cache or settings.password:
        return None
    return IndexStore(settings.cache_dir, max_bytes=settings.cache_mb * 2**20)


class Sized(NamedTuple):
    """How much of a kind there is."""

    entries: int
    bytes: int
    """Of the records, compressed."""


class IndexStore(Entries):
    """Plain JSON by key: an entry for each document, each way it was cut, each chunk, whoever's index it is.

    A key is a hash of all that decides the entry: the text, who read it and how, and the version of what is kept. So a
    page that changed is another key, and an entry of another version is never met. Storage trouble is never raised: it
    is logged once as a warning, and nothing counts as indexed.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 512 * 2**20) -> None:
        """Name the store's folder; nothing is opened yet. `max_bytes` bounds the file, without its log."""
        super().__init__(
            folder / "index.db",
            table="entries",
            version=1,
            max_bytes=max_bytes,
            trouble=f"The index in {folder} cannot be used",
        )

    def shelf(self, kind: Kind) -> "Shelf":
        """Return the store as who keeps things of one kind sees it."""
        return Shelf(self, kind)

    async def by_kind(self) -> dict[Kind, Sized]:
        """Return how much there is of each kind."""

        def count(connection: sqlite3.Connection) -> dict[Kind, Sized]:
            found = dict.fromkeys(KINDS, Sized(0, 0))
            # SQLite knows the length of a record without reading it.
            for key, length in connection.execute("SELECT key, length(record) FROM entries"):
                kind = _kind_of(key)
                found[kind] = Sized(found[kind].entries + 1, found[kind].bytes + length)
            return found

        await self._write_waiting()
        with self._trouble:
            return await self._database.read(count)
        return dict.fromkeys(KINDS, Sized(0, 0))

    async def clear_kind(self, kind: Kind) -> int:
        """Remove what is of one kind, give back the disk space, and return how many entries that were."""
        await self._write_waiting()
        named = [_prefix(each) for each in KINDS if each != "strategies"]
        if kind != "strategies":
            return await self._remove("substr(key, 1, ?) = ?", [len(_prefix(kind)), _prefix(kind)])
        others = " AND ".join(["substr(key, 1, ?) != ?"] * len(named))
        return await self._remove(others, [value for prefix in named for value in (len(prefix), prefix)])


class Shelf:
    """The entries of one kind."""

    def __init__(self, store: IndexStore, kind: Kind) -> None:
        self._store = store
        self._prefix = b"" if kind == "strategies" else _prefix(kind)

    async def get(self, key: bytes) -> dict[str, Any] | None:
        """Return the record last put under this key, or `None`."""
        return await self._store.get(self._prefix + key)

    async def get_many(self, keys: Sequence[bytes]) -> dict[bytes, dict[str, Any]]:
        """Return the records last put under these keys, as far as there are any."""
        found = await self._store.get_many([self._prefix + key for key in keys])
        return {key.removeprefix(self._prefix): record for key, record in found.items()}

    async def put(self, key: bytes, record: Mapping[str, Any]) -> None:
        """Keep a record; see `Entries.put`."""
        await self._store.put(self._prefix + key, record)


def _prefix(kind: Kind) -> bytes:
    return f"{kind}:".encode()


def _kind_of(key: bytes) -> Kind:
    return next((kind for kind in KINDS if key.startswith(_prefix(kind))), "strategies")
