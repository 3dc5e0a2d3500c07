"""Runs that were killed, interrupted or ended by a limit: looked at, and taken up again."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import COMMAND, environment, longagent
from support.survey import QUESTION, long_document

from longagent.testing import SimulatedServer, chain_reader

PAGES = 9
CHUNKS = 6
CALLS = CHUNKS + 1
CHAIN = ("-s", "chain-of-agents", "-S", "window=1024", "-S", "unit_tokens=128")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with SimulatedServer(chain_reader, window=4096, delay=0.05) as running:
        yield running


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    path = tmp_path / "pages.txt"
    path.write_text(long_document(PAGES, needle_on=2).text)
    return path


def ask(pages: Path, server: SimulatedServer) -> list[str]:
    return ["ask", pages.name, QUESTION, "--base-url", server.base_url, *CHAIN]


def start(command: list[str], env: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *command],
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def listed(env: dict[str, str]) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = longagent("runs", "list", "--json", env=env).json
    return runs


def test_a_killed_run_goes_on_without_repeating_finished_calls(
    server: SimulatedServer, pages: Path, env: dict[str, str]
) -> None:
    process = start([*ask(pages, server), "-v"], env, pages.parent)
    assert process.stderr
    # Each line tells of a finished call.
    while not process.stderr.readline().startswith(b"call 4 "):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    made = len(server.chats)
    (run,) = listed(env)
    assert (run["status"], run["question"], run["strategy"]) == ("interrupted", QUESTION, "chain-of-agents")
    assert made - run["calls"] <= 1, "only the call in flight may be lost"
    shown = longagent("runs", "show", run["run_id"], env=env).out
    assert "interrupted" in shown
    assert "pages.txt" in shown

    resumed = longagent("runs", "resume", run["run_id"][:6], "--json", env=env)
    assert resumed.code == 0, resumed.err
    assert f"resumed: {run['calls']} finished calls are not made again" in resumed.err
    assert len(server.chats) - made == CALLS - run["calls"]
    answer = resumed.json
    assert "482,000 crowns" in answer["answer"]
    assert answer["run_id"] == run["run_id"]
    assert answer["coverage"] == {"chunks": CHUNKS, "read": CHUNKS, "failed": 0}
    assert answer["usage"]["calls"] + answer["usage"]["cached_calls"] == CALLS

    made = len(server.chats)
    again = longagent("runs", "resume", run["run_id"], "--json", env=env)
    assert (again.code, again.json, len(server.chats)) == (0, answer, made)
    assert "is finished" in again.err
    assert longagent("runs", "show", run["run_id"], "--json", env=env).json["answer"] == answer
    shown = longagent("runs", "show", run["run_id"], env=env).out
    assert "482,000 crowns" in shown
    assert f"read {CHUNKS} of {CHUNKS} chunks" in shown


def test_a_killed_run_whose_strategy_was_chosen_goes_on_by_the_same_command(
    server: SimulatedServer, tmp_path: Path, env: dict[str, str]
) -> None:
    path = tmp_path / "long.txt"
    path.write_text(long_document(50, needle_on=2).text)
    command = ["ask", path.name, "Why was the harbour of Skagen rebuilt?", "--base-url", server.base_url, "-v"]
    process = start(command, env, tmp_path)
    assert process.stderr
    told = b""
    while b"call 3 " not in (line := process.stderr.readline()):
        told += line
        assert process.poll() is None
    assert b"strategy chain-of-agents: the question asks for an explanation" in told
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (run,) = listed(env)
    assert (run["status"], run["strategy"]) == ("interrupted", "chain-of-agents")
    # In a hurry another strategy might be chosen, or none that reads it all.
    again = longagent(*command, "--timeout", "15", "--json", env=env, cwd=tmp_path)
    assert again.code in {0, 4}, again.err
    assert again.json["run_id"] == run["run_id"]
    assert again.json["strategy_reason"].startswith("it was begun with chain-of-agents, and goes on")
    assert f"resumed: {run['calls']} finished calls are not made again" in again.err


def test_a_partial_run_goes_on_with_a_larger_limit(server: SimulatedServer, pages: Path, env: dict[str, str]) -> None:
    first = longagent(*ask(pages, server), "--max-calls", "4", "--json", env=env, cwd=pages.parent)
    assert first.code == 3, first.err
    (run,) = listed(env)
    assert (run["status"], run["calls"]) == ("partial", 4)
    assert "max_calls" not in run["options"], "a limit is none of the run's own"
    resumed = longagent("runs", "resume", run["run_id"], "--max-calls", "50", "--json", env=env)
    assert resumed.code == 0, resumed.err
    assert (resumed.json["partial"], resumed.json["run_id"]) == (False, run["run_id"])
    # Three chunks were read, and the manager has seen their summary, which the others do not change.
    assert len(server.chats) == CALLS
    assert resumed.json["usage"]["calls"] == CALLS - 4
    assert [run["status"] for run in listed(env)] == ["finished"]


def test_a_run_at_work_and_one_that_was_interrupted(pages: Path, env: dict[str, str]) -> None:
    with SimulatedServer(chain_reader, window=4096, faults=[None, "hang"]) as server:
        process = start(ask(pages, server), env, pages.parent)
        deadline = time.monotonic() + 60
        while server.counts.calls < 2 or not server.in_flight:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        (run,) = listed(env)
        assert run["status"] == "running"
        refused = longagent("runs", "resume", run["run_id"], env=env)
        assert (refused.code, refused.out) == (2, "")
        assert "is at work" in refused.err
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130
        told = err.decode().splitlines()[-1]
        assert told == "Interrupted. What was read is kept: the same command goes on from there."
        assert [(run["status"], run["calls"]) for run in listed(env)] == [("interrupted", 1)]
        same = longagent(*ask(pages, server), "--json", env=env, cwd=pages.parent)
        assert same.code == 0, same.err
        assert "resumed: 1 finished call is not made again" in same.err
        assert server.counts.calls == CALLS + 1


def test_what_cannot_be_resumed_is_one_sentence(server: SimulatedServer, pages: Path, env: dict[str, str]) -> None:
    def resume(run_id: str) -> str:
        done = longagent("runs", "resume", run_id, env=env)
        assert (done.code, done.out) == (2, "")
        (line,) = done.err.splitlines()
        return line

    assert longagent("runs", "list", env=env)[:2] == (0, "")
    assert listed(env) == []
    assert "no run 'abc'" in resume("abc")
    assert "no run '../../x'" in resume("../../x")

    limits = ("--max-calls", "3", "--json")
    piped = longagent(*ask(pages, server)[:1], "-", *ask(pages, server)[2:], *limits, env=env, stdin=pages.read_bytes())
    assert piped.code == 3, piped.err
    assert "were not files" in resume(piped.json["run_id"])
    pages.write_text(pages.read_text() + "One more.")
    named = longagent(*ask(pages, server), *limits, env=env, cwd=pages.parent).json["run_id"]
    assert len(listed(env)) == 2
    pages.rename(pages.with_suffix(".moved"))
    assert "is gone: pages.txt" in resume(named)

    pages.write_text(pages.with_suffix(".moved").read_text() + "And another.")
    changed = longagent("runs", "resume", named, "--max-calls", "3", env=env)
    assert changed.code == 3
    assert f"this is another run than {named}" in changed.err


def test_records_are_json_and_lines_are_for_people(server: SimulatedServer, pages: Path, env: dict[str, str]) -> None:
    assert longagent(*ask(pages, server), env=env, cwd=pages.parent).code == 0
    (run,) = listed(env)
    assert list(run) == [
        *("run_id", "status", "question", "strategy", "sources", "folder", "settings", "options", "started", "updated"),
        *("calls", "failures", "bytes"),
    ]
    assert (run["sources"], run["folder"], run["calls"]) == (["pages.txt"], str(pages.parent), CALLS)
    assert run["settings"] == {"window": "1024", "unit_tokens": "128"}
    head, line = longagent("runs", "list", env=env).out.splitlines()
    assert head.split()[:2] == ["id", "status"]
    assert line.startswith(f"{run['run_id']}  finished")
    assert line.endswith(QUESTION)
    assert json.dumps(run).count("sk-") == 0
