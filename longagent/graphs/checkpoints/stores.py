"""Where checkpoints are kept: in the run's own SQLite file, or in Postgres."""

import logging
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longagent.errors import MissingExtraError, UsageError
from longagent.graphs.checkpoints.plain import PlainSerializer
from longagent.graphs.checkpoints.saver import HoldingSaver, Key, Store

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from psycopg import Connection

_log = logging.getLogger("longagent")

_BUSY = 5.0
"""Seconds to wait for another writer of the file; the journal's transactions take milliseconds."""
_CONNECT = 10
"""Seconds to wait for a Postgres server."""


@asynccontextmanager
async def checkpointer(
    target: Path | str, *, interval: float = 1.0
) -> "AsyncIterator[BaseCheckpointSaver[Any] | None]":
    """Open a checkpointer for LangGraph; `None`, and a warning in the log, where the storage cannot be opened.

    Args:
        target: A SQLite file, which may hold other tables; or a Postgres URL.
        interval: Seconds between two storings of subgraphs' checkpoints; the main graph's are stored at once.

    Raises:
        MissingExtraError: a Postgres URL, and the extra `postgres` is not installed.
        UsageError: the URL is not one.
    """
    import asyncio

    store: Store
    try:
        if isinstance(target, Path):
            store = await asyncio.to_thread(_Sqlite, target)
        else:
            store = await asyncio.to_thread(_Postgres, target)
    except (OSError, sqlite3.Error, _Unreachable) as error:
        _log.warning("Without checkpoints: %s. A run that is stopped will be replayed from its journal.", error)
        yield None
        return
    saver = HoldingSaver(store, interval=interval)
    try:
        yield saver
    finally:
        await saver.aclose()


class _Unreachable(Exception):  # noqa: N818
    """The Postgres server does not serve us; the message is free of secrets."""


class _Sqlite:
    """Checkpoints beside the journal in the run's file."""

    def __init__(self, path: Path) -> None:
        from langgraph.checkpoint.sqlite import SqliteSaver

        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        # Used in one thread at a time, but not always in the same.
        self._connection = sqlite3.connect(path, timeout=_BUSY, check_same_thread=False)
        try:
            # The journal is the truth: after a power failure a checkpoint may be missing.
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self.saver: BaseCheckpointSaver[Any] = SqliteSaver(self._connection, serde=PlainSerializer())
            self.saver.setup()
        except BaseException as error:
            self._connection.close()
            if isinstance(error, sqlite3.Error):
                raise sqlite3.OperationalError(self.explain(error)) from error
            raise

    def tidy(self, latest: dict[Key, str], finished: Iterable[Key]) -> None:
        with self._connection as transaction:
            for table in ("checkpoints", "writes"):
                where = f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_ns = ?"  # noqa: S608
                older = [(*key, id_) for key, id_ in latest.items()]
                transaction.executemany(f"{where} AND checkpoint_id <> ?", older)
                transaction.executemany(where, list(finished))

    def close(self) -> None:
        self._connection.close()

    def explain(self, error: Exception) -> str:
        return f"{self._path}: {error}"


class _Postgres:
    """Checkpoints of many runs in one database."""

    def __init__(self, url: str) -> None:
        try:
            import psycopg
            from langgraph.checkpoint.postgres import PostgresSaver
            from psycopg.conninfo import conninfo_to_dict
            from psycopg.rows import dict_row
        except ImportError as error:
            raise MissingExtraError("The Postgres checkpointer", "postgres") from error
        try:
            parts = conninfo_to_dict(url, connect_timeout=_CONNECT)
            # A password with a "/" or ":" in it shifts what follows; errors would then quote pieces of it.
            readable = str(parts.get("port", "0")).isdigit() and "@" not in str(parts.get("dbname", ""))
        except psycopg.ProgrammingError:  # its text quotes the URL
            readable = False
        if not readable:
            raise UsageError(
                "The checkpoint URL cannot be read.",
                hint="Give it as postgresql://user:password@host:5432/database, the password percent-encoded.",
            )
        self._secret = str(parts.get("password") or "")
        try:
            connection: Connection[dict[str, Any]] = psycopg.connect(
                **parts,  # type: ignore[arg-type, unused-ignore]
                autocommit=True,
                prepare_threshold=0,
                row_factory=dict_row,
            )
        except psycopg.Error as error:
            raise _Unreachable(self.explain(error)) from None
        self._connection = connection
        try:
            saver = PostgresSaver(connection, serde=PlainSerializer())
            saver.setup()
        except psycopg.Error as error:
            connection.close()
            raise _Unreachable(self.explain(error)) from None
        self.saver: BaseCheckpointSaver[Any] = saver

    def tidy(self, latest: dict[Key, str], finished: Iterable[Key]) -> None:
        # Subgraphs that have finished go with the main graph's checkpoint they started from.
        self.saver.prune(sorted({thread for thread, _ in (*latest, *finished)}))

    def close(self) -> None:
        self._connection.close()

    def explain(self, error: Exception) -> str:
        text = " ".join(str(error).split())
        return f"Postgres: {text.replace(self._secret, '***') if self._secret else text}"
