import asyncio
import logging
import os
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest

from longagent.errors import UsageError
from longagent.store.journal import Journal, Spent
from longagent.store.runs import read_run, remove_run

RUN = "abc123"
MANIFEST = {"question": "Where is the needle?"}
COST = Spent(calls=1, tokens=107, cost=0.25)


def reply(text: str) -> dict[str, Any]:
    return {"text": text, "finish": "stop", "prompt_tokens": 100, "cached_prompt_tokens": None, "completion_tokens": 7}


def with_journal(folder: Path, work: Callable[[Journal], Awaitable[Any]]) -> Any:
    """One attempt; it is interrupted unless `work` finishes it."""

    async def main() -> Any:
        journal = await Journal.open(folder, RUN, MANIFEST)
        try:
            return await work(journal)
        finally:
            await journal.aclose()

    return asyncio.run(main())


async def half_a_run(journal: Journal) -> None:
    await journal.put(b"one", reply("1"), role="worker", spent=COST)
    await journal.put(b"two", reply("2"), role="worker", spent=COST)
    await journal.fail(b"three", "the provider declined this text")


def add_checkpoints(folder: Path) -> None:
    """Make LangGraph's tables, as far as they matter here."""
    with closing(sqlite3.connect(folder / f"{RUN}.db")) as connection, connection:
        for table in ("checkpoints", "writes"):
            connection.execute(f"CREATE TABLE {table} (a)")
            connection.execute(f"INSERT INTO {table} VALUES (1)")


def checkpoints(folder: Path) -> int:
    with closing(sqlite3.connect(folder / f"{RUN}.db")) as connection:
        return connection.execute(
            "SELECT (SELECT COUNT(*) FROM checkpoints) + (SELECT COUNT(*) FROM writes)"
        ).fetchone()[0]


def test_a_run_that_is_not_admitted_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async def whole(journal: Journal) -> None:
        await half_a_run(journal)
        await journal.finish("finished", {"text": "in the hay"})

    with_journal(tmp_path, whole)

    def refuse(spent: Spent) -> None:
        raise UsageError("too dear")

    async def refused() -> None:
        with pytest.raises(UsageError, match="too dear"):
            await Journal.open(tmp_path, RUN, MANIFEST, anew=True, admit=refuse)
        record = await read_run(tmp_path, RUN)
        assert record is not None
        assert (record.status, record.calls, record.alive) == ("finished", 2, False)

    asyncio.run(refused())


def test_what_was_spent_for_nothing_counts_as_long_as_the_attempt_goes_on(tmp_path: Path) -> None:
    async def unlucky(journal: Journal) -> None:
        await half_a_run(journal)
        await journal.lose(COST)

    async def spent(journal: Journal) -> Spent:
        return journal.spent

    async def end(journal: Journal) -> None:
        await journal.finish("partial")

    with_journal(tmp_path, unlucky)
    assert with_journal(tmp_path, spent) == Spent(3, 321, 0.75)
    with_journal(tmp_path, end)
    assert with_journal(tmp_path, spent) == Spent()


def test_a_new_run_has_nothing(tmp_path: Path) -> None:
    async def main(journal: Journal) -> None:
        assert (journal.resumed, journal.taken, journal.spent) == (False, 0, Spent())
        assert (journal.before, journal.works) == (None, True)
        assert journal.path == tmp_path / "runs" / f"{RUN}.db"
        assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
        assert await journal.get(b"one") is None
        assert journal.failure(b"three") is None
        await half_a_run(journal)
        assert await journal.get(b"one") == reply("1")
        assert journal.failure(b"three") == "the provider declined this text"

    with_journal(tmp_path / "runs", main)


def test_an_interrupted_run_goes_on_as_it_was(tmp_path: Path) -> None:
    with_journal(tmp_path, half_a_run)
    add_checkpoints(tmp_path)

    async def resumed(journal: Journal) -> None:
        assert (journal.resumed, journal.taken, journal.spent) == (True, 2, Spent(2, 214, 0.5))
        assert await journal.get(b"two") == reply("2")
        assert journal.failure(b"three") == "the provider declined this text"

    with_journal(tmp_path, resumed)
    assert checkpoints(tmp_path) == 2


def test_a_partial_run_keeps_replies_and_tries_again_what_failed(tmp_path: Path) -> None:
    async def partial(journal: Journal) -> None:
        await half_a_run(journal)
        await journal.finish("partial", {"text": "so far"})

    async def resumed(journal: Journal) -> None:
        assert (journal.resumed, journal.taken, journal.spent) == (True, 2, Spent())
        assert await journal.get(b"one") == reply("1")
        assert journal.failure(b"three") is None
        await journal.put(b"three", reply("3"), role="worker", spent=COST)

    async def resumed_again(journal: Journal) -> None:
        assert (journal.resumed, journal.taken) == (True, 3)
        assert journal.spent == COST, "only what this attempt spent, not the one that ended partial"

    with_journal(tmp_path, partial)
    add_checkpoints(tmp_path)
    with_journal(tmp_path, resumed)
    assert checkpoints(tmp_path) == 0
    with_journal(tmp_path, resumed_again)


@pytest.mark.parametrize("anew", [False, True])
def test_a_finished_run_keeps_its_replies_unless_it_begins_anew_and_its_answer_in_any_case(
    tmp_path: Path, anew: bool
) -> None:
    async def main() -> None:
        finished = await Journal.open(tmp_path, RUN, MANIFEST)
        await half_a_run(finished)
        await finished.finish("finished", {"text": "done"})
        await finished.aclose()
        add_checkpoints(tmp_path)
        again = await Journal.open(tmp_path, RUN, MANIFEST, anew=anew)
        assert (again.resumed, again.taken, again.spent) == (False, 0 if anew else 2, Spent())
        assert await again.get(b"one") == (None if anew else reply("1"))
        assert again.failure(b"three") is None
        await again.finish("failed")
        await again.aclose()
        record = await read_run(tmp_path, RUN)
        assert record
        assert (record.status, record.answer) == ("failed", {"text": "done"})

    asyncio.run(main())
    assert checkpoints(tmp_path) == 0


def test_a_failed_run_goes_on_with_what_was_of_use_and_tries_the_rest_again(tmp_path: Path) -> None:
    async def failed(journal: Journal) -> None:
        await half_a_run(journal)
        await journal.put(b"empty", reply(""), role="manager", usable=False, spent=COST)
        assert await journal.get(b"empty") == reply(""), "as long as this attempt goes on"
        await journal.fail(b"four", "the server failed", suspect=True)
        await journal.finish("failed")

    async def resumed(journal: Journal) -> None:
        assert (journal.before, journal.resumed, journal.taken) == ("failed", True, 2)
        assert await journal.get(b"empty") is None
        assert journal.failure(b"three") is None
        assert journal.spent == Spent(2, 214, 0.5), "it is the same attempt: it has given no answer yet"

    with_journal(tmp_path, failed)
    add_checkpoints(tmp_path)
    with_journal(tmp_path, resumed)
    assert checkpoints(tmp_path) == 0


def test_an_interrupted_run_keeps_what_was_of_no_use_for_it_was_paid_for(tmp_path: Path) -> None:
    with_journal(tmp_path, lambda journal: journal.put(b"empty", reply(""), role="manager", usable=False, spent=COST))

    async def resumed(journal: Journal) -> None:
        assert (journal.before, await journal.get(b"empty"), journal.spent) == ("running", reply(""), COST)

    with_journal(tmp_path, resumed)


def test_a_suspect_is_tried_again_and_then_held_to_be_the_culprit(tmp_path: Path) -> None:
    async def suspect(journal: Journal) -> None:
        await journal.fail(b"one", "the server failed", suspect=True)
        assert (journal.failure(b"one"), journal.suspected(b"one")) == (None, False), "not by the attempt that met it"
        await journal.finish("failed")

    async def culprit(journal: Journal) -> None:
        assert (journal.failure(b"one"), journal.suspected(b"one")) == (None, True)
        await journal.fail(b"one", "the server failed again")
        assert journal.failure(b"one") == "the server failed again"

    async def known(journal: Journal) -> None:
        assert (journal.failure(b"one"), journal.suspected(b"one")) == ("the server failed again", False)

    with_journal(tmp_path, suspect)
    with_journal(tmp_path, culprit)
    with_journal(tmp_path, known)


def test_an_interruption_after_a_limit_leaves_a_partial_run(tmp_path: Path) -> None:
    async def limited(journal: Journal) -> None:
        await half_a_run(journal)
        await journal.reach_limit()

    async def resumed(journal: Journal) -> None:
        assert (journal.before, journal.taken, journal.spent) == ("partial", 2, Spent())

    with_journal(tmp_path, limited)
    add_checkpoints(tmp_path)
    with_journal(tmp_path, resumed)
    assert checkpoints(tmp_path) == 0, "they would lead past what was not read"


def test_a_reply_that_somebody_else_paid_for_costs_nothing_and_makes_nothing_free(tmp_path: Path) -> None:
    async def shared(journal: Journal) -> None:
        await journal.put(b"one", reply("1"), role="worker")
        await journal.put(b"two", reply("2"), role="worker", spent=COST)
        await journal.put(b"two", reply("2"), role="worker")
        assert await journal.get(b"two") == reply("2")

    async def resumed(journal: Journal) -> None:
        assert (journal.taken, journal.spent) == (2, COST)
        await journal.put(b"two", reply("2"), role="worker", spent=COST)

    async def paid_twice(journal: Journal) -> None:
        assert journal.spent == Spent(2, 214, 0.5)
        await journal.finish("partial")

    async def next_attempt(journal: Journal) -> None:
        await journal.put(b"two", reply("2"), role="worker", spent=COST)

    async def alone(journal: Journal) -> None:
        assert (journal.taken, journal.spent) == (2, COST), "what the attempt before spent is settled"

    for attempt in (shared, resumed, paid_twice, next_attempt, alone):
        with_journal(tmp_path, attempt)


@pytest.mark.parametrize("run_id", ["", "../abc", "ABC", "xyz", "abc.db", "a" * 65, "abc\n"])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(ValueError, match="not a run id"):
        asyncio.run(Journal.open(tmp_path, run_id, {}))
    assert not list(tmp_path.iterdir())


def test_a_run_without_storage_goes_on_and_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()

    async def main(journal: Journal) -> None:
        assert (journal.resumed, journal.taken, journal.spent) == (False, 0, Spent())
        await half_a_run(journal)
        assert await journal.get(b"one") is None
        assert journal.failure(b"three") is None
        assert not journal.works
        await journal.finish("finished", {})

    with caplog.at_level(logging.WARNING, "longagent"):
        with_journal(tmp_path / "file", main)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["this run cannot be resumed"]


def test_a_disk_that_fails_midway_costs_no_reply_that_was_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(journal: Journal) -> None:
        await journal.put(b"one", reply("1"), role="worker")
        # The largest file SQLite may now make is the one there is: what it says is "full".
        await journal._database.read(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchone())
        for number in range(50):
            await journal.put(f"{number}".encode(), reply(os.urandom(4000).hex()), role="worker")
        assert await journal.get(b"one") == reply("1")
        assert not journal.works
        await journal.finish("partial", {})

    with caplog.at_level(logging.WARNING, "longagent"):
        with_journal(tmp_path, main)
    assert caplog.messages == ["this run cannot be resumed: database or disk is full"]


def test_a_damaged_file_costs_the_run_nothing_but_its_past(tmp_path: Path) -> None:
    with_journal(tmp_path, half_a_run)
    (tmp_path / f"{RUN}.db").write_bytes(b"damaged" * 5000)

    async def main(journal: Journal) -> None:
        assert (journal.resumed, journal.taken) == (False, 0)
        await half_a_run(journal)
        assert await journal.get(b"one") == reply("1")

    with_journal(tmp_path, main)


def test_two_may_work_on_one_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        one, two = [await Journal.open(tmp_path, RUN, MANIFEST) for _ in range(2)]
        puts = [
            journal.put(f"{name}{number}".encode(), reply(f"{number}"), role="worker")
            for number in range(50)
            for name, journal in (("a", one), ("b", two), ("both", one), ("both", two))
        ]
        await asyncio.gather(*puts)
        third = await Journal.open(tmp_path, RUN, MANIFEST)
        for number in range(50):
            for name in ("a", "b", "both"):
                assert await third.get(f"{name}{number}".encode()) == reply(f"{number}")
        await third.aclose()
        await one.finish("finished", {})
        await one.aclose()
        await two.put(b"later", reply("later"), role="worker")
        assert await two.get(b"later") == reply("later")
        await two.finish("finished", {})
        await two.aclose()

    asyncio.run(main())
    assert not caplog.records


@pytest.mark.parametrize("status", ["finished", "partial", "failed"])
def test_who_takes_up_a_run_that_another_is_at_empties_nothing(
    tmp_path: Path, status: Literal["finished", "partial", "failed"]
) -> None:
    async def main() -> None:
        slow, fast = [await Journal.open(tmp_path, RUN, MANIFEST) for _ in range(2)]
        await half_a_run(slow)
        await slow.put(b"empty", reply(""), role="manager", usable=False, spent=COST)
        await fast.finish(status, {})
        await fast.aclose()
        record = await read_run(tmp_path, RUN)
        assert record
        assert (record.status, record.alive) == ("running", True)
        third = await Journal.open(tmp_path, RUN, MANIFEST)
        assert (third.before, third.taken, third.spent) == ("running", 3, Spent(3, 321, 0.75))
        for journal in (slow, third):
            assert await journal.get(b"one") == reply("1")
            await journal.finish("finished", {})
            await journal.aclose()
        last = await Journal.open(tmp_path, RUN, MANIFEST, anew=True)
        assert (last.before, last.taken) == ("finished", 0)
        await last.aclose()

    asyncio.run(main())


def test_a_run_at_work_is_told_to_be_so_whatever_limit_it_has_reached(tmp_path: Path) -> None:
    async def main(journal: Journal) -> None:
        await journal.reach_limit()
        record = await read_run(tmp_path, RUN)
        assert record
        assert (record.status, record.alive) == ("running", True)
        with pytest.raises(UsageError, match="at work"):
            await remove_run(tmp_path, RUN)

    with_journal(tmp_path, main)
    record = asyncio.run(read_run(tmp_path, RUN))
    assert record
    assert (record.status, record.alive) == ("partial", False)


def test_a_process_that_is_gone_works_on_nothing(tmp_path: Path) -> None:
    with_journal(tmp_path, lambda journal: journal.finish("finished", {}))
    with closing(sqlite3.connect(tmp_path / f"{RUN}.db")) as connection, connection:
        connection.execute("INSERT INTO holders (mark) VALUES ('99999999 not-this-boot 1')")

    async def anew(journal: Journal) -> None:
        assert journal.before == "finished"
        record = await read_run(tmp_path, RUN)
        assert record
        assert record.alive

    with_journal(tmp_path, anew)
