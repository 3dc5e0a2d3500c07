"""Runs that are killed outright, and a real Postgres server."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.chains import chains

from longagent.graphs.checkpoints import checkpointer, forget, resume_or_start

POSTGRES = os.environ.get("LONGAGENT_TEST_POSTGRES", "")
"""The URL of a database that tests may write to."""

RUN = """
import asyncio, os, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from support.chains import chains
from longagent.graphs.checkpoints import checkpointer, resume_or_start

log, kill_at, paths, interval = open(sys.argv[3], "a"), int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6])
visits = 0

def visit(name):
    global visits
    if visits == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    visits += 1
    print(name, file=log, flush=True)
    time.sleep(0.01)

async def go():
    async with checkpointer(Path(sys.argv[2]), interval=interval) as saver:
        graph = chains(visit, paths=paths, checkpointer=saver)
        return await resume_or_start(graph, {"question": "q"}, context=None, run_id="r", about="", steps=100)

with log:
    print(asyncio.run(go())["reply"])
"""


def run(folder: Path, *, kill_at: int, paths: int, interval: float) -> str | None:
    """Run the chains in a process of their own; `None` when it was killed."""
    args = [str(folder / "r.db"), str(folder / "log"), str(kill_at), str(paths), str(interval)]
    command = [sys.executable, "-W", "error", "-c", RUN, str(Path(__file__).parents[1]), *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("kill_at", [1, 5, 10])
def test_after_kill_9_no_finished_step_runs_again(tmp_path: Path, kill_at: int) -> None:
    assert run(tmp_path, kill_at=kill_at, paths=1, interval=0) is None
    assert run(tmp_path, kill_at=-1, paths=1, interval=0) == "q 0:0,1,2,3,4,5,6"
    ran = Counter((tmp_path / "log").read_text().splitlines())
    assert max(ran.values()) == 1
    assert len(ran) == 11


def test_killed_again_and_again_a_run_ends_well(tmp_path: Path) -> None:
    for kill_at in (3, 9, 6):
        run(tmp_path, kill_at=kill_at, paths=3, interval=0.05)
    assert run(tmp_path, kill_at=-1, paths=3, interval=0.05) == "q 0:0,1,2,3,4,5,6 1:0,1,2,3,4,5,6 2:0,1,2,3,4,5,6"
    with closing(sqlite3.connect(tmp_path / "r.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM checkpoints").fetchone() == (1,)


@pytest.mark.skipif(not POSTGRES, reason="LONGAGENT_TEST_POSTGRES names no database")
@pytest.mark.parametrize("interval", [0, 1])
@pytest.mark.parametrize("stop_at", [0, 1, 2, 7, 13, 16, 17])
def test_postgres_keeps_checkpoints_too(stop_at: int, interval: float) -> None:
    run_id = uuid.uuid4().hex
    ran: list[str] = []

    async def go(stop: int) -> str:
        def visit(name: str) -> None:
            if len(ran) == stop:
                raise InterruptedError
            ran.append(name)

        async with checkpointer(POSTGRES, interval=interval) as saver:
            graph = chains(visit, checkpointer=saver)
            state = await resume_or_start(graph, {"question": "q"}, context=None, run_id=run_id, about="", steps=100)
            return str(state["reply"])

    async def count() -> int:
        import psycopg

        async with checkpointer(POSTGRES) as saver:
            assert saver is not None
            await forget(saver, run_id)
        with psycopg.connect(POSTGRES) as connection:
            found: Any = connection.execute("SELECT count(*) FROM checkpoint_blobs WHERE thread_id = %s", [run_id])
            return int(found.fetchone()[0])

    with pytest.raises(InterruptedError):
        asyncio.run(go(stop_at))
    assert asyncio.run(go(-1)) == "q 0:0,1,2,3,4,5,6 1:0,1,2,3,4,5,6"
    if interval == 0:
        assert max(Counter(ran).values()) == 1
    assert asyncio.run(count()) == 0
