"""One SQLite file, opened with care and used by one thread, so that no event loop waits for a disk."""

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from longagent.store.lock import exclusive

T = TypeVar("T")

_log = logging.getLogger("longagent")

_BUSY_SECONDS = 10.0
"""How long a statement waits for another process's transaction."""
_WAL_LIMIT = 8 * 2**20
"""Bytes the write-ahead log may keep once its contents have moved to the file."""


class _UnusableError(sqlite3.DatabaseError):
    """The file was written by another version of longagent, or is somebody else's."""


class _Write(NamedTuple):
    """A change that waits for its transaction."""

    work: Callable[[sqlite3.Connection], Any]
    result: Future[Any]


class Database:
    """An SQLite file of our own: private, in WAL mode, made on first use, and replaced if it cannot be used.

    A file that is damaged or of another version is renamed, with a warning, and a new one begun: nothing kept here
    is worth a run that does not start. All other trouble (no space, no permission, locked for too long) goes to the
    caller as `OSError` or `sqlite3.Error`. May be used from several event loops.
    """

    def __init__(self, path: Path, schema: Sequence[str], *, version: int) -> None:
        """Take note; nothing is opened yet.

        Args:
            path: The file; its folder is made if need be.
            schema: The statements that make the tables of a new file.
            version: Of the schema, from 1.
        """
        self.path = path
        self._schema = schema
        self._version = version
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"longagent {path.name}")
        self._lock = threading.Lock()
        self._closed = False
        self._writes: list[_Write] = []
        # Of the worker thread alone.
        self._connection: sqlite3.Connection | None = None
        self._opened: os.stat_result | None = None

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` finds; it sees one state of the file and waits for no writer."""
        return await self._run(lambda: self._in_transaction("BEGIN", work))

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns once its changes are committed; they are dropped if it raises.

        A process killed right afterwards loses nothing; a machine that loses power may lose the last seconds. `work`
        is called again if the file turns out to be damaged, or if another write that was waiting with it raised: what
        waits at the same time is one transaction, for a commit costs more than most changes.
        """
        result: Future[T] = _begun()
        with self._lock:
            self._check_open()
            # First: were it refused (the interpreter ends), what is appended would wait forever.
            if not self._writes:
                self._worker.submit(self._write_waiting)
            self._writes.append(_Write(work, result))
        return await asyncio.wrap_future(result)

    async def shrink(self) -> None:
        """Give back the disk space of what was deleted."""

        def vacuum(connection: sqlite3.Connection) -> None:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        await self._run(lambda: vacuum(self._connect()))

    async def aclose(self) -> None:
        """Finish what was begun and close the file; any number of times."""
        with suppress(sqlite3.ProgrammingError):
            await self._run(self._disconnect, last=True)

    async def _run(self, work: Callable[[], T], *, last: bool = False) -> T:
        result: Future[T] = _begun()
        with self._lock:
            self._check_open()
            self._closed = last
            self._worker.submit(_fulfil, result, work)
            if last:
                self._worker.shutdown(wait=False)
        return await asyncio.wrap_future(result)

    def _check_open(self) -> None:
        if self._closed:
            raise sqlite3.ProgrammingError(f"{self.path} is closed")

    def _write_waiting(self) -> None:
        with self._lock:
            writes, self._writes = self._writes, []
        if len(writes) > 1:
            with suppress(BaseException):
                values = self._in_transaction(
                    "BEGIN IMMEDIATE", lambda opened: [write.work(opened) for write in writes]
                )
                for write, value in zip(writes, values, strict=True):
                    write.result.set_result(value)
                return
        # Alone, or one of them failed: each finds out whether it is the one.
        for write in writes:
            _fulfil(write.result, partial(self._in_transaction, "BEGIN IMMEDIATE", write.work))

    def _in_transaction(self, begin: str, work: Callable[[sqlite3.Connection], T]) -> T:
        def attempt() -> T:
            connection = self._connect()
            with connection:
                connection.execute(begin)
                return work(connection)

        try:
            return attempt()
        except sqlite3.DatabaseError as error:
            if not _is_unusable(error):
                raise
            self._replace(error)
            return attempt()

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone():
                try:
                    self._connection = self._open()
                except sqlite3.DatabaseError as error:
                    if not _is_unusable(error):
                        raise
                    self._set_aside(error)
                    self._connection = self._open()
                self._opened = self.path.stat()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _alone(self) -> AbstractContextManager[None]:
        """Keep others from making, opening or replacing a file in this folder meanwhile."""
        return exclusive(self.path.with_name(".lock"), seconds=_BUSY_SECONDS)

    def _open(self) -> sqlite3.Connection:
        # SQLite would make it readable for all. Never open one that is there: closing any descriptor of a file ends
        # all locks this process has on it, SQLite's as well.
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # Of a new file: in pages of 4 KB, rows of half a page (a long reply, compressed) waste nearly the other half.
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for statement in self._schema:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {self._version}")
        elif version != self._version:
            raise _UnusableError(f"it has the format {version}, not {self._version}")

    def _replace(self, error: sqlite3.DatabaseError) -> None:
        with suppress(sqlite3.Error):
            self._disconnect()
        with self._alone(), suppress(FileNotFoundError):
            # Otherwise another process was faster, and this is a new file.
            if self._opened is not None and os.path.samestat(self._opened, self.path.stat()):
                self._set_aside(error)

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        aside = self.path.with_name(f"{self.path.name}.aside")
        _log.warning("%s cannot be used: %s. It was renamed to %s, and a new one begun.", self.path, error, aside.name)
        # The file itself last: a new one beside an old log would be damaged at once.
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).replace(aside.with_name(aside.name + suffix))


def _begun() -> Future[Any]:
    """Return a future marked as running: a caller that is cancelled must not take a queued write with it."""
    result: Future[Any] = Future()
    result.set_running_or_notify_cancel()
    return result


def _fulfil(result: Future[Any], work: Callable[[], Any]) -> None:
    try:
        result.set_result(work())
    except BaseException as error:
        result.set_exception(error)


def _is_unusable(error: sqlite3.DatabaseError) -> bool:
    # Errors of the Python module itself have no code; of the others, the lower byte is the kind.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, _UnusableError) or code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
