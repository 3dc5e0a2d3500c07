"""The cache and the journal between real processes, some of which are killed."""

import asyncio
import re
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from threading import Timer

import pytest

from longagent.store.database import Database
from longagent.store.journal import Journal
from longagent.store.runs import read_run

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "cache_soundness.py"

JOURNALS = """
import asyncio, sys
from pathlib import Path
from longagent.store.journal import Journal, Spent

async def main(folder, first):
    journal = await Journal.open(folder, "ab", {})
    for number in range(first, first + 1_000_000):
        reply = {"text": f"reply {number}", "prompt_tokens": 1}
        await journal.put(str(number).encode(), reply, role="worker", spent=Spent(1, 1, 0.0))
        print(number, flush=True)

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""

OPENS = """
import asyncio, sqlite3, sys, time
from pathlib import Path
from longagent.store.database import Database

async def main(path, start):
    database = Database(path, ["CREATE TABLE word (text TEXT)"], version=2)
    await asyncio.sleep(start - time.time())
    await database.write(lambda connection: connection.execute("INSERT INTO word VALUES ('x')"))
    await database.aclose()

asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
"""


def test_two_processes_share_a_cache_soundly() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--seconds", "4"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r": (\d+) operations", done.stdout)[1]) > 200  # type: ignore[index]


def test_a_kill_loses_no_reply_that_was_put(tmp_path: Path) -> None:
    random = Random(7)
    printed: set[int] = set()
    for attempt in range(8):
        command = [sys.executable, "-c", JOURNALS, str(tmp_path), str(attempt * 1_000_000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            printed.add(int(process.stdout.readline()))
            Timer(random.uniform(0, 0.4), process.send_signal, (signal.SIGKILL,)).start()
            # The last line may be cut short.
            printed.update(int(line) for line in process.stdout if line.endswith("\n"))
        record = asyncio.run(read_run(tmp_path, "ab"))
        assert record
        assert (record.status, record.alive) == ("running", False)

    async def missing() -> set[int]:
        journal = await Journal.open(tmp_path, "ab", {})
        assert journal.resumed
        assert journal.taken >= len(printed)
        assert journal.spent.calls == journal.spent.tokens == journal.taken
        there = {
            number
            for number in printed
            if await journal.get(str(number).encode()) == {"text": f"reply {number}", "prompt_tokens": 1}
        }
        await journal.aclose()
        return printed - there

    assert len(printed) > 50
    assert asyncio.run(missing()) == set()


def test_two_processes_may_run_the_same_run(tmp_path: Path) -> None:
    commands = [[sys.executable, "-c", JOURNALS, str(tmp_path), str(first)] for first in (0, 5_000_000)]
    twins = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    for twin in twins:
        Timer(2, twin.kill).start()
    outputs = [twin.communicate(timeout=60) for twin in twins]
    assert [errors for _, errors in outputs] == ["", ""]
    numbers = [[int(line) for line in output.splitlines(keepends=True) if line.endswith("\n")] for output, _ in outputs]
    assert min(map(len, numbers)) > 10

    async def check() -> None:
        journal = await Journal.open(tmp_path, "ab", {})
        for number in (*numbers[0], *numbers[1]):
            assert await journal.get(str(number).encode()), number
        await journal.aclose()

    asyncio.run(check())


@pytest.mark.parametrize("before", ["nothing", "another version"])
def test_processes_that_open_a_file_at_once_agree_on_one(tmp_path: Path, before: str) -> None:
    import time

    path = tmp_path / "words.db"
    if before == "another version":

        async def make() -> None:
            database = Database(path, ["CREATE TABLE old (a)"], version=1)
            await database.write(lambda connection: connection.execute("INSERT INTO old VALUES (1)"))
            await database.aclose()

        asyncio.run(make())
    command = [sys.executable, "-c", OPENS, str(path), str(time.time() + 1)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, errors

    async def count() -> int:
        database = Database(path, ["CREATE TABLE word (text TEXT)"], version=2)
        number: int = await database.read(
            lambda connection: connection.execute("SELECT COUNT(*) FROM word").fetchone()[0]
        )
        await database.aclose()
        return number

    assert asyncio.run(count()) == 6
