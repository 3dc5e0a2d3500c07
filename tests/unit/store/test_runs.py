import asyncio
import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from longagent.errors import UsageError
from longagent.store.journal import Journal
from longagent.store.runs import list_runs, prune, read_run

DAYS = 86_400


def make_run(
    folder: Path, run_id: str, status: Literal["running", "partial", "finished"] = "finished", *, age: float = 0
) -> Path:
    """Make a run as it would be `age` seconds after its end."""

    async def main() -> Path:
        journal = await Journal.open(folder, run_id, {"question": f"about {run_id}"})
        await journal.put(b"key", {"text": "reply"}, role="worker")
        await journal.fail(b"other", "refused")
        if status != "running":
            await journal.finish(status, {"text": "answer"})
        await journal.aclose()
        return journal.path

    path = asyncio.run(main())
    if age:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE run SET started = started - ?, updated = updated - ?", (age, age))
            connection.execute("UPDATE replies SET at = at - ?", (age,))
        os.utime(path, (time.time() - age,) * 2)
    return path


def ids(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.db")}


def test_runs_are_told_newest_first(tmp_path: Path) -> None:
    make_run(tmp_path, "aa", age=50)
    make_run(tmp_path, "bb", "running", age=10)
    make_run(tmp_path, "cc", "partial", age=30)
    (tmp_path / "dd.db").write_bytes(b"no database" * 1000)
    (tmp_path / "ee.db").touch()
    (tmp_path / "notes.txt").touch()

    records = asyncio.run(list_runs(tmp_path))
    assert [(record.run_id, record.status) for record in records] == [
        ("bb", "running"),
        ("cc", "partial"),
        ("aa", "finished"),
    ]
    running, partial, _ = records
    assert (running.manifest, running.answer, running.alive) == ({"question": "about bb"}, None, False)
    assert (partial.answer, partial.calls, partial.failures) == ({"text": "answer"}, 1, 1)
    assert partial.bytes == (tmp_path / "cc.db").stat().st_size
    assert partial.started <= partial.updated
    assert timedelta(seconds=29) < datetime.now(UTC) - partial.updated < timedelta(seconds=60)
    assert (tmp_path / "dd.db").exists(), "listing changes nothing"
    assert (tmp_path / "ee.db").stat().st_size == 0


def test_no_folder_is_no_runs(tmp_path: Path) -> None:
    assert asyncio.run(list_runs(tmp_path / "none")) == []
    assert asyncio.run(read_run(tmp_path / "none", "a")) is None
    asyncio.run(prune(tmp_path / "none"))


def test_a_run_is_alive_while_its_process_works_on_it(tmp_path: Path) -> None:
    async def main() -> None:
        journal = await Journal.open(tmp_path, "ab", {})
        opened = await read_run(tmp_path, "ab")
        await asyncio.sleep(0.01)
        await journal.put(b"key", {"text": "reply"}, role="worker")
        put = await read_run(tmp_path, "ab")
        await journal.aclose()
        closed = await read_run(tmp_path, "ab")
        assert opened
        assert put
        assert closed
        assert [record.alive for record in (opened, put, closed)] == [True, True, False]
        assert closed.status == "running"
        assert opened.started == put.started
        assert opened.updated < put.updated

    asyncio.run(main())


def test_a_run_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    for run_id in ("ab", "abcd", "abce", "f0"):
        make_run(tmp_path, run_id)
    for prefix, run_id in [("f", "f0"), ("abcd", "abcd"), ("ab", "ab")]:
        record = asyncio.run(read_run(tmp_path, prefix))
        assert record
        assert record.run_id == run_id
    for prefix in ("e", "../", "*"):
        assert asyncio.run(read_run(tmp_path, prefix)) is None
    with pytest.raises(UsageError, match="abcd, abce"):
        asyncio.run(read_run(tmp_path, "abc"))


def test_the_newest_runs_stay(tmp_path: Path) -> None:
    for number in range(6):
        make_run(tmp_path, f"a{number}", age=100 - number)
    make_run(tmp_path, "bb", "running", age=200)
    asyncio.run(prune(tmp_path, keep=3))
    assert ids(tmp_path) == {"a3", "a4", "a5", "bb"}, "an interrupted run may still be taken up"


def test_old_runs_go_whatever_they_are(tmp_path: Path) -> None:
    make_run(tmp_path, "aa", age=31 * DAYS)
    make_run(tmp_path, "bb", "running", age=31 * DAYS)
    make_run(tmp_path, "cc", age=29 * DAYS)
    make_run(tmp_path, "dd", "running", age=29 * DAYS)
    for name in ("ee.db", "ff.db.aside"):
        (tmp_path / name).write_bytes(b"damaged")
        os.utime(tmp_path / name, (time.time() - 31 * DAYS,) * 2)
    (tmp_path / "keep.me").touch()
    os.utime(tmp_path / "keep.me", (1, 1))
    asyncio.run(prune(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "cc.db", "dd.db", "keep.me"}


def test_finishing_a_run_lets_old_ones_go(tmp_path: Path) -> None:
    make_run(tmp_path, "aa", age=31 * DAYS)
    make_run(tmp_path, "bb")
    assert ids(tmp_path) == {"bb"}
