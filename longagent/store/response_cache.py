"""The response cache: replies by what was asked, on disk, shared by all processes, within a size."""

import asyncio
import sqlite3
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from time import time
from typing import Any, NamedTuple

from longagent.store.database import Database
from longagent.store.record import pack, unpack
from longagent.store.trouble import Trouble

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE replies (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, used INTEGER NOT NULL,"
    " record BLOB NOT NULL)",
    "CREATE INDEX replies_by_use ON replies (used)",
)

_DAY = 86_400
_EVICT_TO = 0.9
"""Share of the size that is left after an eviction, so that not every reply needs one."""
_EVICT_AT_ONCE = 16
_GATHER_SECONDS = 0.25
"""How long replies wait for others before they are written: a write a call would slow down the next call."""
_GATHERED = 64
"""Replies that wait for no others."""


class CacheInfo(NamedTuple):
    """What a cache holds."""

    path: Path
    entries: int
    bytes: int
    """On disk, with the write-ahead log."""


class ResponseCache:
    """Replies by key, the least recently used of them dropped when the file grows too large.

    Storage trouble is never raised: it is logged once as a warning, and the cache behaves as if it were empty.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 512 * 2**20) -> None:
        """Name the cache's folder; nothing is opened yet. `max_bytes` bounds the file, without its log."""
        self._path = folder / "replies.db"
        self._max_bytes = max_bytes
        self._database = Database(self._path, _SCHEMA, version=_VERSION)
        self._trouble = Trouble(f"The response cache in {folder} cannot be used")
        self._waiting: dict[bytes, Mapping[str, Any]] = {}
        self._writing: dict[bytes, Mapping[str, Any]] = {}
        self._writer: asyncio.Task[None] | None = None

    async def get(self, key: bytes) -> dict[str, Any] | None:
        """Return the record last put under this key, or `None`."""
        fresh = self._waiting.get(key) or self._writing.get(key)
        if fresh is not None:
            return dict(fresh)
        with self._trouble:
            row = await self._database.read(
                lambda connection: connection.execute(
                    "SELECT used, record FROM replies WHERE key = ?", (key,)
                ).fetchone()
            )
            if row is None:
                return None
            used, data = row
            record = unpack(data)
            if record is None:
                # Only the bytes just seen: another process may have put a good record meanwhile.
                await self._write("DELETE FROM replies WHERE key = ? AND record = ?", key, data)
            elif time() - used > _DAY:
                await self._write("UPDATE replies SET used = ? WHERE key = ?", int(time()), key)
            return record
        return None

    async def put(self, key: bytes, record: Mapping[str, Any]) -> None:
        """Keep a record of plain JSON, in place of what the key had.

        It is written in the background, together with others: who calls a model should not wait for what only helps
        the next run. `aclose` waits for it.
        """
        if self._trouble.met:  # waiting for a lock once is enough
            return
        self._waiting[key] = record
        if len(self._waiting) >= _GATHERED:
            await self._write_waiting()
        elif self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_soon())

    async def _write_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            await self._write_waiting()

    async def _write_waiting(self) -> None:
        batch, self._waiting = self._waiting, {}
        if not batch:
            return
        self._writing |= batch
        with self._trouble:
            await self._database.write(partial(self._insert, records=batch))
        for key in batch:
            self._writing.pop(key, None)

    def _insert(self, connection: sqlite3.Connection, records: Mapping[bytes, Mapping[str, Any]]) -> None:
        connection.executemany(
            "INSERT OR REPLACE INTO replies (key, used, record) VALUES (?, ?, ?)",
            [(key, int(time()), pack(record)) for key, record in records.items()],
        )
        if _bytes_in_use(connection) > self._max_bytes:
            _evict(connection, int(_EVICT_TO * self._max_bytes))

    async def info(self) -> CacheInfo:
        """Return how much there is."""

        def count(connection: sqlite3.Connection) -> CacheInfo:
            (entries,) = connection.execute("SELECT COUNT(*) FROM replies").fetchone()
            files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
            return CacheInfo(self._path, entries, sum(file.stat().st_size for file in files if file.exists()))

        await self._write_waiting()
        with self._trouble:
            return await self._database.read(count)
        return CacheInfo(self._path, 0, 0)

    async def clear(self) -> int:
        """Remove everything, give back the disk space, and return how many entries there were."""
        self._waiting.clear()
        with self._trouble:
            removed = await self._database.write(lambda connection: connection.execute("DELETE FROM replies").rowcount)
            await self._database.shrink()
            return removed
        return 0

    async def aclose(self) -> None:
        """Write what waits to be written, and close the file; the cache cannot be used afterwards."""
        if self._writer is not None:
            self._writer.cancel()
        await self._write_waiting()
        with self._trouble:
            await self._database.aclose()

    async def _write(self, statement: str, *values: object) -> None:
        await self._database.write(lambda connection: connection.execute(statement, values))


def _evict(connection: sqlite3.Connection, target: int) -> None:
    """Delete the least recently used replies until the rest takes no more than `target` bytes."""
    oldest = "DELETE FROM replies WHERE id IN (SELECT id FROM replies ORDER BY used, id LIMIT ?)"
    while _bytes_in_use(connection) > target:
        if connection.execute(oldest, (_EVICT_AT_ONCE,)).rowcount == 0:
            return


def _bytes_in_use(connection: sqlite3.Connection) -> int:
    """Return the bytes of all pages that hold something: SQLite knows them without counting rows."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
