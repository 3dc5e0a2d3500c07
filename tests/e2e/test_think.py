"""`longagent think` as a process against a server: streams, JSON, exit codes, journal."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.command import COMMAND, environment, longagent

from longagent.llm.model import Message
from longagent.testing import SimulatedServer
from longagent.testing.readers import read_prompt

QUESTION = "A train leaves at 9:40 and takes 95 minutes. When does it arrive?"
ANSWER = "It arrives at 11:15."


def think(messages: Sequence[Message]) -> str:
    """Need three rounds; the summary tells which one it is."""
    read = read_prompt(messages)
    assert read is not None
    assert read.question == QUESTION
    done = read.slots["summary"].count("step")
    if "concluder" in read.name or done == 2:
        return f"Reasoning: 55 minutes after 10:20.\nConclusion: {ANSWER}"
    steps = " ".join(f"step {number}" for number in range(1, done + 2))
    return f"Reasoning: secret thoughts {done + 1}.\nSummary:\nEstablished: {steps}.\nOpen: the rest.\nNext: go on."


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with SimulatedServer(think, window=4096) as running:
        yield running


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


def command(server: SimulatedServer, *args: str) -> list[str]:
    return ["think", QUESTION, "--base-url", server.base_url, *args]


def test_the_conclusion_on_stdout_everything_else_on_stderr(server: SimulatedServer, env: dict[str, str]) -> None:
    done = longagent(*command(server), env=env)
    assert (done.code, done.out) == (0, f"{ANSWER}\n")
    assert "strategy infty-think" in done.err
    assert "3 calls" in done.err
    assert "chunks" not in done.err
    assert "secret" not in done.err
    again = longagent(*command(server), "-v", env=env)
    assert again.out == done.out
    assert "round 1, reasoning: secret thoughts 1." in again.err
    assert "round 2, summary: Established: step 1 step 2." in again.err
    assert longagent(*command(server), "-q", env=env).err == ""


def test_json_is_an_answer_that_cites_nothing_and_was_not_checked(server: SimulatedServer, env: dict[str, str]) -> None:
    answer = longagent(*command(server), "--json", env=env).json
    assert (answer["answer"], answer["found"], answer["partial"], answer["traced"]) == (ANSWER, True, False, None)
    assert (answer["citations"], answer["strategy"]) == ([], "infty-think")
    assert answer["coverage"] == {"chunks": 0, "read": 0, "failed": 0}
    assert answer["usage"]["calls"] == 3


def test_the_same_again_is_answered_from_the_cache(server: SimulatedServer, env: dict[str, str]) -> None:
    first = longagent(*command(server), "--json", env=env).json
    again = longagent(*command(server, "--cache-only"), "--json", env=env).json
    assert len(server.chats) == 3
    assert (again["answer"], again["run_id"]) == (first["answer"], first["run_id"])
    assert (again["usage"]["calls"], again["usage"]["cached_calls"]) == (0, 3)


def test_what_it_will_take_is_told_without_a_call(server: SimulatedServer, env: dict[str, str]) -> None:
    done = longagent(*command(server, "--dry-run", "-S", "rounds=4"), env=env)
    assert done.code == 0
    assert "nothing to read, at most 5 calls, 5 of them one after the other" in done.out
    told = longagent(*command(server, "--dry-run"), "--json", env=env).json
    assert (told["chunks"], told["calls"], told["exact"]) == (0, 11, False)
    assert [role["role"] for role in told["roles"]] == ["thinker", "concluder"]
    assert server.chats == []


def test_a_limit_ends_in_a_conclusion_and_exit_code_3(server: SimulatedServer, env: dict[str, str]) -> None:
    done = longagent(*command(server, "--max-calls", "2"), env=env)
    assert (done.code, done.out) == (3, f"{ANSWER}\n")
    assert "The reasoning was cut short: the limit of 2 calls is reached." in done.err
    assert len(server.chats) == 2


def test_no_conclusion_is_exit_code_4(env: dict[str, str]) -> None:
    with SimulatedServer(lambda messages: " ", window=4096) as silent:
        done = longagent(*command(silent), env=env | {"LONGAGENT_RETRIES": "0"})
    assert (done.code, done.out) == (4, "No conclusion was reached.\n")


def test_settings_of_another_strategy_do_not_matter(
    server: SimulatedServer, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "longagent.toml").write_text('strategy = "rag"\n')
    done = longagent(*command(server, "-S", "rounds=1"), env=env | {"LONGAGENT_STRATEGY": "full-context"}, cwd=tmp_path)
    assert (done.code, done.out) == (0, f"{ANSWER}\n")
    assert len(server.chats) == 2


def test_wrong_usage_is_one_sentence(server: SimulatedServer, env: dict[str, str]) -> None:
    for args, told in (
        (("think", " ", "--base-url", server.base_url), "question is empty"),
        (command(server, "-S", "round=3"), "Did you mean 'rounds'"),
        (command(server, "--role-model", "worker=openai/sim"), "no role 'worker'"),
        (command(server, "--window", "400"), "window has 400"),
    ):
        done = longagent(*args, env=env)
        assert (done.code, done.out) == (2, ""), done.err
        assert told in done.err
        assert "Traceback" not in done.err
    assert server.chats == []


def test_an_interrupted_run_goes_on(env: dict[str, str], tmp_path: Path) -> None:
    with SimulatedServer(think, window=4096, faults=[None, "hang"]) as server:
        process = subprocess.Popen(
            [*COMMAND, *command(server)],
            env=env,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while server.counts.calls < 2 or not server.in_flight:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130
        told = err.decode().splitlines()[-1]
        assert told == "Interrupted. What was reasoned is kept: the same command goes on from there."
        (run,) = longagent("runs", "list", "--json", env=env).json
        assert (run["status"], run["calls"], run["sources"]) == ("interrupted", 1, [])
        resumed = longagent("runs", "resume", run["run_id"], "--json", env=env)
        assert resumed.code == 0, resumed.err
        assert "resumed: 1 finished call is not made again" in resumed.err
        assert (resumed.json["answer"], resumed.json["run_id"]) == (ANSWER, run["run_id"])
        assert server.counts.calls == 1 + 1 + 2
        shown = longagent("runs", "show", run["run_id"], env=env).out
        assert ANSWER in shown
        assert "Not traced" not in shown
        assert "sources" not in shown


def test_every_round_is_in_the_trace(server: SimulatedServer, env: dict[str, str], tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    longagent(*command(server, "--trace", str(trace)), env=env)
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    rounds = [event for event in events if event["event"] == "Reasoned"]
    assert [event["round"] for event in rounds] == [1, 2, 3]
    assert rounds[0]["reasoning"] == "secret thoughts 1."
    assert rounds[-1]["conclusion"] == ANSWER
