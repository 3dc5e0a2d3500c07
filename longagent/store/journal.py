"""The journal of one run: every reply it paid for, kept before anything is made of it.

What a run that was killed had finished is not asked again; the file is also where LangGraph keeps its checkpoints,
which are a shortcut: without them the run takes the same way, from the journal.
"""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from time import time
from typing import Any, Literal, NamedTuple

from longagent.store.database import Database
from longagent.store.process import is_alive, mark
from longagent.store.record import pack, unpack
from longagent.store.runs import SCHEMA, VERSION, Status, prune, run_path
from longagent.store.trouble import Trouble

_CHECKPOINTS = ("checkpoints", "writes")
"""LangGraph's tables, there once a graph has run."""

_NONE, _SUSPECT, _PROVEN = range(3)
"""What is to be said of a failure: nothing; that the server may have been down; that the call failed again when tried
once more, which the next attempt wants to know."""


class Spent(NamedTuple):
    """What calls cost that were made, not spared."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0
    """US dollars, as far as known."""


NOTHING = Spent()

# What this attempt paid for stays paid for when the reply is there a second time: shared, or bought by two at once.
_PUT = (
    "INSERT INTO replies (key, attempt, role, usable, calls, tokens, cost, at, record)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET attempt = excluded.attempt,"
    " role = excluded.role, usable = excluded.usable, at = excluded.at, record = excluded.record,"
    " calls = excluded.calls + calls * (attempt = excluded.attempt),"
    " tokens = excluded.tokens + tokens * (attempt = excluded.attempt),"
    " cost = excluded.cost + cost * (attempt = excluded.attempt)"
)


class _Opened(NamedTuple):
    attempt: int
    holder: int
    before: Status | None
    keys: set[bytes]
    failures: dict[bytes, str]
    suspects: set[bytes]
    spent: Spent


class Journal:
    """Replies and failures of one run, by key; on disk when `put` returns.

    Storage trouble is never raised: it is logged once as a warning, and the run goes on without storing. Two processes
    may work on the same run; neither sees what the other gets meanwhile.
    """

    def __init__(self, path: Path, manifest: Mapping[str, Any], *, anew: bool) -> None:
        """Use `Journal.open`."""
        self.path = path
        self.before: Status | None = None
        """How the last attempt ended: `running` if it was interrupted, `None` if there was none."""
        self.taken = 0
        """Replies that were there at open."""
        self.spent = Spent()
        """What the attempt that goes on has spent so far; zeros for a new one."""
        self._manifest = pack(manifest)
        # What is asked most often is whether something is there, and mostly it is not.
        self._keys: set[bytes] = set()
        self._failures: dict[bytes, str] = {}
        self._suspects: set[bytes] = set()
        self._holder = 0
        self._anew = anew
        self._attempt: int | None = None
        """`None` if the journal could not be opened: then what the file holds may be of a finished run."""
        self._database = Database(path, SCHEMA, version=VERSION)
        self._trouble = Trouble("this run cannot be resumed")

    @classmethod
    async def open(
        cls,
        folder: Path,
        run_id: str,
        manifest: Mapping[str, Any],
        *,
        anew: bool = False,
        admit: Callable[[Spent], object] = lambda _: None,
    ) -> "Journal":
        """Begin or take up a run.

        An interrupted run goes on as it was. One that came to an end, whichever, keeps its replies, as far as they were
        of use, while what failed is tried again. Its answer is kept until there is another.

        Args:
            folder: Of all runs.
            run_id: Lower-case hexadecimal; `ValueError` otherwise.
            manifest: What was asked: plain JSON, for people.
            anew: Whether a run that finished is to make all its calls again.
            admit: Is told what the attempt that goes on has spent, and may raise: then everything stays as it was.
        """
        journal = cls(run_path(folder, run_id), manifest, anew=anew)

        def begin(connection: sqlite3.Connection) -> _Opened:
            opened = journal._begin(connection)
            admit(opened.spent)
            return opened

        try:
            await journal._open(begin)
        except BaseException:
            await journal.aclose()
            raise
        return journal

    async def _open(self, begin: Callable[[sqlite3.Connection], _Opened]) -> None:
        with self._trouble:
            opened = await self._database.write(begin)
            self._attempt, self._holder, self.before, self._keys = opened[:4]
            self._failures, self._suspects, self.spent = opened[4:]
            self.taken = len(opened.keys)

    @property
    def works(self) -> bool:
        """Whether it can keep anything."""
        return self._attempt is not None and not self._trouble.met

    @property
    def resumed(self) -> bool:
        """Whether an attempt that did not finish counts."""
        return self.before in {"running", "partial", "failed"}

    async def get(self, key: bytes) -> dict[str, Any] | None:
        """Return the record of a reply this run has, or `None`."""
        if key not in self._keys:
            return None
        with self._trouble:
            row = await self._database.read(
                lambda connection: connection.execute("SELECT record FROM replies WHERE key = ?", (key,)).fetchone()
            )
            return None if row is None else unpack(row[0])
        return None

    async def put(
        self, key: bytes, record: Mapping[str, Any], *, role: str, usable: bool = True, spent: Spent = NOTHING
    ) -> None:
        """Keep a reply; it outlives the process from when this returns.

        Args:
            key: Of the call.
            record: The reply as plain JSON.
            role: Who asked.
            usable: Whether it could be read. If not, it is kept only for as long as this attempt goes on.
            spent: What it cost: nothing, if it was there already.
        """
        # Read now: a caller that is cancelled leaves the write behind, and the journal may be closed before its turn.
        attempt = self._attempt

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute(_PUT, (key, attempt, role, usable, *spent, time(), pack(record)))

        if await self._write(insert):
            self._keys.add(key)

    async def lose(self, spent: Spent) -> None:
        """Keep that something was spent for no reply."""
        attempt = self._attempt
        statement = "INSERT INTO losses (attempt, calls, tokens, cost) VALUES (?, ?, ?, ?)"
        await self._write(lambda connection: connection.execute(statement, (attempt, *spent)))

    async def records(self) -> list[tuple[bytes, dict[str, Any]]]:
        """Return all replies this run has, by key."""
        with self._trouble:
            rows = await self._database.read(
                lambda connection: connection.execute("SELECT key, record FROM replies").fetchall()
            )
            found = ((key, unpack(record)) for key, record in rows if key in self._keys)
            return [(key, record) for key, record in found if record is not None]
        return []

    @property
    def failures(self) -> Mapping[bytes, str]:
        """The calls that failed for good, by key, and why."""
        return self._failures

    def failure(self, key: bytes) -> str | None:
        """Return why this call failed for good, or `None`."""
        return self._failures.get(key)

    def suspected(self, key: bytes) -> bool:
        """Whether this call was among the last when the server seemed to be down."""
        return key in self._suspects

    async def fail(self, key: bytes, reason: str, *, suspect: bool = False) -> None:
        """Keep that this call failed for good: not to be tried again when the run goes on after an interruption.

        A suspect is tried again: it may have failed only because the server was down.
        """
        doubt = _SUSPECT if suspect else _PROVEN if key in self._suspects else _NONE
        statement = "INSERT OR REPLACE INTO failures (key, reason, suspect) VALUES (?, ?, ?)"
        if await self._write(lambda connection: connection.execute(statement, (key, reason, doubt))) and not suspect:
            self._failures[key] = reason

    async def reach_limit(self) -> None:
        """Keep that a limit ended the reading: whatever happens now, the next attempt reads on."""
        await self._write(lambda connection: connection.execute("UPDATE run SET status = 'partial'"))

    async def finish(
        self, status: Literal["finished", "partial", "failed"], answer: Mapping[str, Any] | None = None
    ) -> None:
        """Keep the answer (plain JSON), end the attempt, and let runs go that are old."""
        if self._attempt is None:
            return
        attempt, data = self._attempt, None if answer is None else pack(answer)
        with self._trouble:
            await self._database.write(lambda connection: self._end(connection, status, attempt, data))
            await prune(self.path.parent)

    async def aclose(self) -> None:
        """Close the file; a run that was not finished is then an interrupted one. Any number of times."""
        opened, self._attempt = self._attempt is not None, None
        if opened and not self._trouble.met:
            with self._trouble:
                await self._database.write(self._leave)
        with self._trouble:
            await self._database.aclose()

    def _begin(self, connection: sqlite3.Connection) -> _Opened:
        before, attempt = connection.execute("SELECT status, attempt FROM run").fetchone() or (None, 0)
        holders = [found for (found,) in connection.execute("SELECT mark FROM holders")]
        if any(map(is_alive, holders)):
            before = "running"  # whatever one of them has written: another is still at it
        else:
            self._clear(connection, before)
        if before in {None, "finished", "partial"}:
            attempt += 1
        holder = connection.execute("INSERT INTO holders (mark) VALUES (?)", (mark(),)).lastrowid or 0
        self._save(connection, "running", attempt, answer=None)
        keys = {key for (key,) in connection.execute("SELECT key FROM replies")}
        failures = connection.execute("SELECT key, reason, suspect FROM failures").fetchall()
        spent = connection.execute(
            "SELECT COALESCE(SUM(calls), 0), COALESCE(SUM(tokens), 0), COALESCE(SUM(cost), 0.0) FROM"
            " (SELECT attempt, calls, tokens, cost FROM replies UNION ALL SELECT * FROM losses) WHERE attempt = ?",
            (attempt,),
        ).fetchone()
        return _Opened(
            attempt,
            holder,
            before,
            keys,
            {key: reason for key, reason, suspect in failures if suspect != _SUSPECT},
            {key for key, _, suspect in failures if suspect == _SUSPECT},
            Spent(*spent),
        )

    def _clear(self, connection: sqlite3.Connection, before: Status | None) -> None:
        """Remove what the new attempt should not find."""
        _empty(connection, "holders")
        if before == "finished" and self._anew:
            _empty(connection, "replies")
        if before in {"partial", "failed", "finished"}:
            _empty(connection, *_CHECKPOINTS)
            connection.execute("DELETE FROM failures WHERE suspect = ?", (_NONE,))
            connection.execute("UPDATE failures SET suspect = ?", (_SUSPECT,))
            connection.execute("DELETE FROM replies WHERE NOT usable")

    def _end(self, connection: sqlite3.Connection, status: Status, attempt: int, answer: bytes | None) -> None:
        self._save(connection, status, attempt, answer=answer)
        self._leave(connection)

    def _leave(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM holders WHERE id = ?", (self._holder,))

    def _save(self, connection: sqlite3.Connection, status: Status, attempt: int, *, answer: bytes | None) -> None:
        connection.execute(
            "INSERT INTO run (id, status, attempt, manifest, answer, started, updated)"
            " VALUES (1, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET status = excluded.status,"
            " attempt = excluded.attempt, manifest = excluded.manifest, answer = COALESCE(excluded.answer, answer),"
            " updated = excluded.updated",
            (status, attempt, self._manifest, answer, time(), time()),
        )

    async def _write(self, work: Callable[[sqlite3.Connection], object]) -> bool:
        """Write, unless that failed before: waiting for a lock once is enough."""
        if self._attempt is None or self._trouble.met:
            return False
        with self._trouble:
            await self._database.write(work)
        return not self._trouble.met


def _empty(connection: sqlite3.Connection, *tables: str) -> None:
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in tables:
        if table in there:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are ours
