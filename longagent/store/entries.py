"""Records by key, on disk, shared by all processes, within a size: what the response cache and the index store are."""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import time
from typing import Any, NamedTuple

from longagent.store.database import Database
from longagent.store.record import pack, unpack
from longagent.store.trouble import Trouble

_log = logging.getLogger("longagent")

_DAY = 86_400
_EVICT_TO = 0.9
"""Share of the size that is left after an eviction, so that not every reply needs one."""
_EVICT_AT_ONCE = 16
_LARGEST = 0.5
"""Share of the size that one record may have to be kept."""
_GATHER_SECONDS = 0.25
"""How long replies wait for others before they are written: a write a call would slow down the next call."""
_GATHERED = 64
"""Replies that wait for no others."""
_ASKED_AT_ONCE = 500
"""Keys in one statement, of which SQLite bounds the values."""


class Held(NamedTuple):
    """What there is."""

    path: Path
    entries: int
    bytes: int
    """On disk, with the write-ahead log."""


class _Row(NamedTuple):
    """An entry that was looked up."""

    key: bytes
    used: int
    record: dict[str, Any] | None
    """`None`: it cannot be read."""
    broken: bytes
    """The bytes of such a one."""


class Entries:
    """Records by key, the least recently used of them dropped when the file grows too large.

    Storage trouble is never raised: it is logged once as a warning, and everything goes on as if nothing were kept.
    """

    def __init__(self, path: Path, *, table: str, version: int, max_bytes: int, trouble: str) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: of the file.
            table: what its records are called, a plain word.
            version: of what is kept; a file of another version is set aside.
            max_bytes: bounds the file, without its log.
            trouble: opens the warning about storage trouble.
        """
        schema = (
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, used INTEGER NOT NULL,"
            " record BLOB NOT NULL)",
            f"CREATE INDEX {table}_by_use ON {table} (used)",
        )
        self._path = path
        self._table = table
        self._max_bytes = max_bytes
        self._database = Database(path, schema, version=version)
        self._trouble = Trouble(trouble)
        self._dropped = False
        self._waiting: dict[bytes, Mapping[str, Any]] = {}
        self._writing: dict[bytes, Mapping[str, Any]] = {}
        self._writer: asyncio.Task[None] | None = None

    async def get(self, key: bytes) -> dict[str, Any] | None:
        """Return the record last put under this key, or `None`."""
        return (await self.get_many([key])).get(key)

    async def get_many(self, keys: Sequence[bytes]) -> dict[bytes, dict[str, Any]]:
        """Return the records last put under these keys, as far as there are any."""
        found = {key: dict(fresh) for key in keys if (fresh := self._waiting.get(key) or self._writing.get(key))}
        wanted = [key for key in keys if key not in found]
        with self._trouble:
            for first in range(0, len(wanted), _ASKED_AT_ONCE):
                part = wanted[first : first + _ASKED_AT_ONCE]
                rows = await self._database.read(partial(self._select, keys=part))
                found |= {row.key: row.record for row in rows if row.record is not None}
                await self._look_after(rows)
        return found

    def _select(self, connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[_Row]:
        marks = ", ".join("?" * len(keys))
        rows = connection.execute(
            f"SELECT key, used, record FROM {self._table} WHERE key IN ({marks})",  # noqa: S608
            keys,
        )
        # Unpacked here, in the thread of the database: a long document takes a while.
        found = ((key, used, data, unpack(data)) for key, used, data in rows)
        return [_Row(key, used, record, data if record is None else b"") for key, used, data, record in found]

    async def _look_after(self, rows: Sequence[_Row]) -> None:
        """Drop what cannot be read, and note what is still of use."""
        broken = [(row.key, row.broken) for row in rows if row.record is None]
        if broken:
            if not self._dropped:
                _log.warning("Entries of %s cannot be read, and are dropped.", self._path)
            self._dropped = True
            # Only the bytes just seen: another process may have put a good record meanwhile.
            await self._write(f"DELETE FROM {self._table} WHERE key = ? AND record = ?", broken)  # noqa: S608
        now = int(time())
        if old := [(now, row.key) for row in rows if row.record is not None and now - row.used > _DAY]:
            await self._write(f"UPDATE {self._table} SET used = ? WHERE key = ?", old)  # noqa: S608

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
            packed = await asyncio.to_thread(self._packed, batch)
            await self._database.write(partial(self._insert, records=packed))
        for key in batch:
            self._writing.pop(key, None)

    def _packed(self, records: Mapping[bytes, Mapping[str, Any]]) -> dict[bytes, bytes]:
        """Return the records as bytes, before a transaction that keeps others waiting; without those too large."""
        packed = ((key, pack(record)) for key, record in records.items())
        # One that fills the store would drive out all others, and soon be driven out itself.
        return {key: data for key, data in packed if len(data) <= _LARGEST * self._max_bytes}

    def _insert(self, connection: sqlite3.Connection, records: Mapping[bytes, bytes]) -> None:
        now = int(time())
        connection.executemany(
            f"INSERT OR REPLACE INTO {self._table} (key, used, record) VALUES (?, ?, ?)",  # noqa: S608
            [(key, now, data) for key, data in records.items()],
        )
        if _bytes_in_use(connection) > self._max_bytes:
            self._evict(connection, int(_EVICT_TO * self._max_bytes))

    async def info(self) -> Held:
        """Return how much there is."""

        def count(connection: sqlite3.Connection) -> Held:
            (entries,) = connection.execute(f"SELECT COUNT(*) FROM {self._table}").fetchone()  # noqa: S608
            files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
            return Held(self._path, entries, sum(file.stat().st_size for file in files if file.exists()))

        await self._write_waiting()
        with self._trouble:
            return await self._database.read(count)
        return Held(self._path, 0, 0)

    async def clear(self) -> int:
        """Remove everything, give back the disk space, and return how many entries there were."""
        self._waiting.clear()
        return await self._remove("1", ())

    async def _remove(self, where: str, values: Sequence[object]) -> int:
        statement = f"DELETE FROM {self._table} WHERE {where}"  # noqa: S608
        with self._trouble:
            removed = await self._database.write(lambda connection: connection.execute(statement, values).rowcount)
            await self._database.shrink()
            return removed
        return 0

    async def aclose(self) -> None:
        """Write what waits to be written, and close the file; nothing can be asked afterwards."""
        if self._writer is not None:
            self._writer.cancel()
        # And what was being written, or was to be by a caller that was cancelled: packing a long text takes a while.
        self._waiting = self._writing | self._waiting
        await self._write_waiting()
        with self._trouble:
            await self._database.aclose()

    async def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        await self._database.write(lambda connection: connection.executemany(statement, rows))

    def _evict(self, connection: sqlite3.Connection, target: int) -> None:
        """Delete the least recently used entries until the rest takes no more than `target` bytes."""
        table = self._table
        oldest = f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY used, id LIMIT ?)"  # noqa: S608
        while _bytes_in_use(connection) > target:
            if connection.execute(oldest, (_EVICT_AT_ONCE,)).rowcount == 0:
                return


def _bytes_in_use(connection: sqlite3.Connection) -> int:
    """Return the bytes of all pages that hold something: SQLite knows them without counting rows."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
