"""Ctrl-C and `cancel` while 64 calls are in flight: they end at once, the server sees it, and nothing stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import COMMAND, environment
from support.processes import alive, descendants
from support.survey import NEEDLE

from longagent import Session, background
from longagent.testing import SimulatedServer, chain_reader
from longagent.testing.server import Fault, Received

IN_FLIGHT = 64
QUESTION = "What did rebuilding the harbour of Skagen cost?"

# Ends as the command line does: the interpreter alone would take half a second to take itself apart.
ASKS_MANY = """
import os, sys
from longagent import Session

base_url, path, number = sys.argv[1:]
questions = [f"What did harbour {n} of Skagen cost?" for n in range(int(number))]
try:
    with Session(base_url=base_url, strategy="full-context", concurrency=len(questions)) as session:
        session.ask_many(path, questions)
except KeyboardInterrupt:
    os._exit(130)
"""


class Held:
    """Faults of a server that keeps calls waiting until it is let go."""

    def __init__(self) -> None:
        self.holds = True

    def __call__(self, received: Received) -> Fault | None:
        """Return the fault of a call."""
        return "hang" if self.holds else None


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def server(held: Held) -> Iterator[SimulatedServer]:
    with SimulatedServer(chain_reader, faults=held) as running:
        yield running


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    path = tmp_path / "survey.txt"
    path.write_text(NEEDLE)
    return path


def wait_until(true: Callable[[], bool], *, seconds: float) -> float:
    """Wait until something is true, and return how long that took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, "it never was"
        time.sleep(0.005)
    return time.monotonic() - started


def chains(path: Path, base_url: str) -> list[str]:
    """Return a command whose calls are made by so many chains side by side."""
    strategy = ["-s", "chain-of-agents", "-S", f"paths={IN_FLIGHT}", "-S", "direction=permuted"]
    options = ["--base-url", base_url, "--concurrency", str(IN_FLIGHT), "--json"]
    return [*COMMAND, "ask", str(path), QUESTION, *strategy, *options]


def questions(path: Path, base_url: str) -> list[str]:
    """Return a command that asks so many questions at once."""
    return [sys.executable, "-c", ASKS_MANY, base_url, str(path), str(IN_FLIGHT)]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
@pytest.mark.parametrize("command", [chains, questions])
def test_ctrl_c_ends_64_calls_within_a_second(
    command: Callable[[Path, str], list[str]], server: SimulatedServer, survey: Path, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        command(survey, server.base_url),
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_until(lambda: server.in_flight == IN_FLIGHT, seconds=60)
    below = descendants(process.pid)
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - started < 1.0
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    wait_until(lambda: server.abandoned == IN_FLIGHT, seconds=1)
    assert (server.in_flight, server.counts.calls) == (0, IN_FLIGHT)
    wait_until(lambda: not any(map(alive, below)), seconds=1)


def pending() -> list[str]:
    """Return the tasks on the background loop."""

    async def others() -> list[str]:
        mine = asyncio.current_task()
        return [repr(task) for task in asyncio.all_tasks() if task is not mine]

    return background.run(others)


def test_cancel_ends_64_calls_and_the_session_can_be_used_again(
    server: SimulatedServer, held: Held, survey: Path
) -> None:
    settings: dict[str, Any] = {"paths": IN_FLIGHT, "direction": "permuted"}

    async def cancel_and_ask_again(session: Session) -> str | None:
        task = asyncio.create_task(session.aask(survey, QUESTION))
        await asyncio.to_thread(wait_until, lambda: server.in_flight == IN_FLIGHT, seconds=60)
        task.cancel()
        await asyncio.wait([task], timeout=1)
        assert task.cancelled()
        await asyncio.to_thread(wait_until, lambda: server.abandoned == IN_FLIGHT, seconds=1)
        await asyncio.to_thread(wait_until, lambda: not pending(), seconds=1)
        held.holds = False
        return (await session.aask(survey, QUESTION)).text

    with Session(
        base_url=server.base_url, strategy="chain-of-agents", settings=settings, concurrency=IN_FLIGHT
    ) as session:
        assert asyncio.run(cancel_and_ask_again(session)) == NEEDLE
    assert pending() == []
    assert server.in_flight == 0
    assert server.connections == 0
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("longagent ")]
    assert left == [], "a file's thread is still there"
