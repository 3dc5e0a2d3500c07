import asyncio
import logging
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest

from longagent.store.database import Database

SCHEMA = ("CREATE TABLE word (text TEXT NOT NULL)",)


def open_database(path: Path, *, version: int = 1) -> Database:
    return Database(path, SCHEMA, version=version)


def add(word: str):
    return lambda connection: connection.execute("INSERT INTO word VALUES (?)", (word,))


def words(connection: sqlite3.Connection) -> list[str]:
    return [word for (word,) in connection.execute("SELECT text FROM word")]


async def store(path: Path, word: str, *, version: int = 1) -> list[str]:
    """Add a word and return all of them."""
    database = open_database(path, version=version)
    try:
        await database.write(add(word))
        return await database.read(words)
    finally:
        await database.aclose()


def test_it_keeps_what_was_written_in_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "words.db"

    async def main() -> None:
        database = open_database(path)
        assert not path.parent.exists(), "opened before its first use"
        await database.write(add("one"))
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
        assert len(list(path.parent.glob("words.db*"))) == 3, "WAL mode has two more files"
        await database.aclose()

    asyncio.run(main())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.glob("words.db*")) == [path], "closing leaves one file"
    assert asyncio.run(store(path, "two")) == ["one", "two"]


def test_a_work_that_raises_leaves_nothing(tmp_path: Path) -> None:
    def half(connection: sqlite3.Connection) -> None:
        add("half")(connection)
        raise LookupError

    async def main() -> list[str]:
        database = open_database(tmp_path / "words.db")
        with pytest.raises(LookupError):
            await database.write(half)
        await database.write(add("whole"))
        try:
            return await database.read(words)
        finally:
            await database.aclose()

    assert asyncio.run(main()) == ["whole"]


@pytest.mark.parametrize("damage", ["garbage", "truncated", "pages"])
def test_a_damaged_file_is_set_aside_and_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    path = tmp_path / "words.db"
    asyncio.run(store(path, "old" * 10_000))
    content = path.read_bytes()
    damaged = {
        "garbage": b"no database " * 1000,
        "truncated": content[:5000],
        "pages": content[:4096] + b"\xff" * (len(content) - 4096),
    }[damage]
    path.write_bytes(damaged)

    with caplog.at_level(logging.WARNING, "longagent"):
        assert asyncio.run(store(path, "new")) == ["new"]
    assert (tmp_path / "words.db.aside").read_bytes() == damaged
    assert len(caplog.records) == 1
    assert "words.db.aside" in caplog.text


def test_another_version_is_set_aside_not_misread(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "words.db"
    asyncio.run(store(path, "newer", version=2))
    assert asyncio.run(store(path, "older")) == ["older"]
    assert "format 2" in caplog.text
    assert asyncio.run(store(tmp_path / "words.db.aside", "and", version=2)) == ["newer", "and"]


def test_somebody_elses_database_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "words.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    assert asyncio.run(store(path, "ours")) == ["ours"]
    assert (tmp_path / "words.db.aside").exists()


def test_a_file_of_which_another_process_made_a_new_one_is_not_set_aside_again(tmp_path: Path) -> None:
    path = tmp_path / "words.db"
    asyncio.run(store(path, "other version", version=2))

    async def main() -> None:
        slow = open_database(path, version=2)
        assert await slow.read(words) == ["other version"]
        assert await store(path, "first") == ["first"]
        slow._version = 1
        slow._replace(sqlite3.DatabaseError("the file as it was before"))
        assert await slow.read(words) == ["first"]
        await slow.aclose()

    asyncio.run(main())


def test_trouble_of_other_kinds_goes_to_the_caller(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(OSError, match="file"):
        asyncio.run(store(tmp_path / "file" / "words.db", "x"))
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        asyncio.run(store(tmp_path / "folder.db", "x"))


def test_the_event_loop_runs_on_while_the_disk_is_slow(tmp_path: Path) -> None:
    async def main() -> None:
        database = open_database(tmp_path / "words.db")
        slow = asyncio.create_task(database.read(lambda connection: time.sleep(0.3)))
        ticks = 0
        while not slow.done():
            await asyncio.sleep(0.01)
            ticks += 1
        await database.aclose()
        assert ticks > 5

    asyncio.run(main())


def test_a_write_whose_caller_is_cancelled_is_done_all_the_same(tmp_path: Path) -> None:
    async def main() -> list[str]:
        database = open_database(tmp_path / "words.db")
        go = threading.Event()
        first = asyncio.create_task(database.read(lambda connection: go.wait(10)))
        queued = asyncio.create_task(database.write(add("kept")))
        await asyncio.sleep(0.05)
        for task in (first, queued):
            task.cancel()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await queued
        try:
            return await database.read(words)
        finally:
            await database.aclose()

    assert asyncio.run(main()) == ["kept"]


def test_several_loops_may_use_and_close_it(tmp_path: Path) -> None:
    database = open_database(tmp_path / "words.db")
    asyncio.run(database.write(add("one")))
    assert asyncio.run(database.read(words)) == ["one"]
    asyncio.run(database.aclose())
    asyncio.run(database.aclose())
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        asyncio.run(database.read(words))


def test_writes_that_wait_together_are_one_transaction(tmp_path: Path) -> None:
    async def test() -> None:
        database, begun = open_database(tmp_path / "words.db"), list[str]()
        await database.read(lambda connection: connection.set_trace_callback(begun.append))
        busy = database.read(lambda _: time.sleep(0.2))
        await asyncio.gather(busy, *(database.write(add(word)) for word in "abcde"))
        assert begun.count("BEGIN IMMEDIATE") == 1
        assert await database.read(words) == [*"abcde"]
        await database.aclose()

    asyncio.run(test())


def test_a_write_that_raises_costs_those_that_waited_with_it_nothing(tmp_path: Path) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        add("never")(connection)
        raise ValueError("of its own")

    async def test() -> None:
        database = open_database(tmp_path / "words.db")
        busy = database.read(lambda _: time.sleep(0.2))
        writes = [database.write(work) for work in (add("a"), fail, add("b"))]
        _, first, failed, second = await asyncio.gather(busy, *writes, return_exceptions=True)
        assert [isinstance(end, Exception) for end in (first, failed, second)] == [False, True, False]
        assert await database.read(words) == ["a", "b"]
        await database.aclose()

    asyncio.run(test())


def test_a_write_that_raises_no_matter_what_leaves_none_waiting(tmp_path: Path) -> None:
    class Leave(BaseException):
        pass

    def leave(connection: sqlite3.Connection) -> None:
        raise Leave

    async def test() -> None:
        database = open_database(tmp_path / "words.db")
        busy = database.read(lambda _: time.sleep(0.2))
        writes = [database.write(work) for work in (leave, add("kept"))]
        _, left, _ = await asyncio.wait_for(asyncio.gather(busy, *writes, return_exceptions=True), 5)
        assert isinstance(left, Leave)
        assert await database.read(words) == ["kept"]
        await database.aclose()

    asyncio.run(test())


def test_a_write_that_finds_no_thread_leaves_no_other_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    async def test() -> None:
        database = open_database(tmp_path / "words.db")
        with monkeypatch.context() as ending:
            ending.setattr(database._worker, "submit", refuse)
            for _ in range(2):
                with pytest.raises(RuntimeError, match="shutdown"):
                    await asyncio.wait_for(database.write(add("x")), 1)
        await database.aclose()

    asyncio.run(test())
