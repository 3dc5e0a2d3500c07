"""The runs a person can look back on: one file each, its layout, and how old ones go."""

import asyncio
import re
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

from longagent.errors import UsageError
from longagent.store.process import is_alive
from longagent.store.record import unpack

Status: TypeAlias = Literal["running", "partial", "failed", "finished"]
"""`running` also of a run that was interrupted: then nobody works on it any more."""

VERSION = 3
SCHEMA = (
    # One row. An attempt goes on over interruptions, and ends with an answer.
    "CREATE TABLE run (id INTEGER PRIMARY KEY CHECK (id = 1), status TEXT NOT NULL, attempt INTEGER NOT NULL,"
    " manifest BLOB NOT NULL, answer BLOB, started REAL NOT NULL, updated REAL NOT NULL)",
    "CREATE TABLE replies (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, attempt INTEGER NOT NULL,"
    " role TEXT NOT NULL, usable INTEGER NOT NULL, calls INTEGER NOT NULL, tokens INTEGER NOT NULL, cost REAL NOT NULL,"
    " at REAL NOT NULL, record BLOB NOT NULL)",
    "CREATE TABLE failures (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, reason TEXT NOT NULL,"
    " suspect INTEGER NOT NULL)",
    # What was paid for without a reply to show for it.
    "CREATE TABLE losses (attempt INTEGER NOT NULL, calls INTEGER NOT NULL, tokens INTEGER NOT NULL,"
    " cost REAL NOT NULL)",
    # Who works on the run.
    "CREATE TABLE holders (id INTEGER PRIMARY KEY, mark TEXT NOT NULL)",
)

_OLD = timedelta(days=30)
_FILE = re.compile(r"([0-9a-f]{1,64})\.db")
_BUSY_SECONDS = 2.0


@dataclass(frozen=True)
class RunRecord:
    """What a run's file says of it."""

    run_id: str
    status: Status
    manifest: dict[str, Any]
    """What was asked, as given when the run was opened."""
    answer: dict[str, Any] | None
    started: datetime
    updated: datetime
    """When it was opened, got its last reply, or ended, whichever was last."""
    calls: int
    """Replies that are kept, of all attempts since the run was begun anew."""
    failures: int
    bytes: int
    """On disk, with checkpoints and the write-ahead log."""
    alive: bool
    """Whether a process works on it now; a `running` run that is not alive was interrupted."""


def run_path(folder: Path, run_id: str) -> Path:
    """Return the file of a run; `ValueError` if the id is not lower-case hexadecimal, since it names a file."""
    name = f"{run_id}.db"
    if not _FILE.fullmatch(name):
        raise ValueError(f"not a run id: {run_id!r}")
    return folder / name


async def list_runs(folder: Path) -> list[RunRecord]:
    """Return all runs whose files can be read, the one updated last first."""
    return await asyncio.to_thread(_list, folder)


async def read_run(folder: Path, prefix: str) -> RunRecord | None:
    """Return the run whose id is, or alone begins with, `prefix`.

    Raises:
        UsageError: Several ids begin like this.
    """
    return await asyncio.to_thread(_find, folder, prefix)


async def remove_run(folder: Path, run_id: str) -> None:
    """Remove a run, with its replies and checkpoints.

    Raises:
        UsageError: a process works on it.
    """
    await asyncio.to_thread(_remove, run_path(folder, run_id))


async def prune(folder: Path, *, keep: int = 100) -> None:
    """Remove runs beyond the newest `keep` and those older than 30 days, but none that is young and not ended."""
    await asyncio.to_thread(_prune, folder, keep)


def _files(folder: Path) -> list[Path]:
    with suppress(OSError):
        return [path for path in folder.iterdir() if _FILE.fullmatch(path.name)]
    return []


def _list(folder: Path) -> list[RunRecord]:
    records = [record for path in _files(folder) if (record := _read(path))]
    return sorted(records, key=lambda record: record.updated, reverse=True)


def _find(folder: Path, prefix: str) -> RunRecord | None:
    found = sorted(path for path in _files(folder) if path.stem.startswith(prefix))
    found = [path for path in found if path.stem == prefix] or found
    if len(found) > 1:
        names = ", ".join(path.stem for path in found[:5]) + (", …" if len(found) > 5 else "")
        raise UsageError(f"{len(found)} runs begin with {prefix!r}: {names}.", hint="Give more of the id.")
    return _read(found[0]) if found else None


def _read(path: Path) -> RunRecord | None:
    """Read one file as it is: unlike `Database`, never make, change or replace it."""
    try:
        # Not mode=ro: a read-only connection leaves the log's files behind.
        address = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as connection:
            if connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
                return None
            return _record(path, connection)
    except (OSError, sqlite3.Error):
        return None


def _record(path: Path, connection: sqlite3.Connection) -> RunRecord | None:
    row = connection.execute(
        "SELECT status, manifest, answer, started,"
        " MAX(updated, COALESCE((SELECT MAX(at) FROM replies), 0)),"
        " (SELECT COUNT(*) FROM replies), (SELECT COUNT(*) FROM failures WHERE suspect != 1) FROM run"
    ).fetchone()
    if row is None or (manifest := unpack(row[1])) is None:
        return None
    status, _, answer, started, updated, calls, failures = row
    # Whatever was written last: one of several may have ended, and a limit is noted while the answer is still written.
    alive = any(is_alive(mark) for (mark,) in connection.execute("SELECT mark FROM holders"))
    return RunRecord(
        run_id=path.stem,
        status="running" if alive else status,
        manifest=manifest,
        answer=None if answer is None else unpack(answer),
        started=datetime.fromtimestamp(started, UTC),
        updated=datetime.fromtimestamp(updated, UTC),
        calls=calls,
        failures=failures,
        bytes=sum(file.stat().st_size for file in _with_log(path)[:2] if file.exists()),
        alive=alive,
    )


def _prune(folder: Path, keep: int) -> None:
    young = (datetime.now(UTC) - _OLD).timestamp()
    with suppress(OSError):
        # By the time of the files first: nearly always there is nothing to do, and none need be opened.
        newest = sorted(((path.stat().st_mtime, path) for path in _files(folder)), reverse=True)
        for index, (changed, path) in enumerate(newest):
            if (index >= keep or changed < young) and _may_go(_read(path), old=changed < young):
                _unlink(path)
        for path in folder.glob("*.db.aside*"):
            if path.stat().st_mtime < young:
                path.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    record = _read(path)
    if record is not None and record.alive:
        raise UsageError(f"Run {path.stem} is at work.", hint="End its process first.")
    _unlink(path)


def _unlink(path: Path) -> None:
    for file in _with_log(path):
        file.unlink(missing_ok=True)


def _may_go(record: RunRecord | None, *, old: bool) -> bool:
    """Whether a run may be removed; one that cannot be read may only be locked for the moment."""
    if record is None or record.status == "running":
        return old and not (record and record.alive)
    return True


def _with_log(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}{suffix}") for suffix in ("", "-wal", "-shm")]
