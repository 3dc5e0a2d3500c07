"""The whole way through with the embedded model: a real PDF, a real answer, no network, a clean end."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.command import COMMAND, EXAMPLE, environment, longagent
from support.processes import alive, descendants

from longagent import Session

pytestmark = pytest.mark.local

QUESTION = "How many examples does the FOLIO test set consist of?"

NO_NETWORK = """
import socket

def refuse(*args, **kwargs):
    raise AssertionError(f"network: {args}")

real = socket.socket.connect

def connect(self, address):
    host = address[0] if isinstance(address, tuple) else address
    return real(self, address) if host in ("127.0.0.1", "::1") or self.family == socket.AF_UNIX else refuse(address)

def resolve(host, *args, **kwargs):
    return real_resolve(host, *args, **kwargs) if host in ("127.0.0.1", "::1", "localhost") else refuse(host)

real_resolve, socket.getaddrinfo, socket.socket.connect = socket.getaddrinfo, resolve, connect
"""


@pytest.fixture
def env(tmp_path: Path, weights_dir: Path) -> dict[str, str]:
    """Nothing configured, weights there, and every Python process refuses to leave this machine."""
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(NO_NETWORK)
    return environment(tmp_path, LONGAGENT_DATA_DIR=str(weights_dir), PYTHONPATH=str(guard))


def test_the_guard_refuses(env: dict[str, str]) -> None:
    code = "import urllib.request as u; u.urlopen('http://198.51.100.1/', timeout=1)"
    done = subprocess.run([COMMAND[0], "-c", code], env=env, capture_output=True, text=True, check=False)
    assert "AssertionError: network" in done.stderr


@pytest.mark.parametrize("flags", [[], ["--offline"]])
def test_a_look_up_is_answered_with_its_page_and_without_network(env: dict[str, str], flags: list[str]) -> None:
    done = longagent("ask", str(EXAMPLE), QUESTION, "--json", *flags, env=env)
    assert done.code == 0, done.err
    answer = done.json
    assert answer["model"] == "local"
    assert "204" in answer["answer"]
    assert answer["citations"][0]["page"] == 6
    assert "204 examples" in answer["citations"][0]["quote"]
    assert answer["usage"]["calls"] == 1
    assert answer["usage"]["prompt_tokens"] < 2000
    assert answer["caveat"].startswith("local is a very small model, often wrong. Better: ")
    assert done.err.splitlines()[-1] == answer["caveat"]
    assert done.err.count(answer["caveat"]) == 1


def test_the_questions_of_the_examples_are_answered_as_promised(weights_dir: Path) -> None:
    page = (EXAMPLE.parent / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+\?) \| ([^|]+) \| (\d*) ?\|$", page, re.MULTILINE)
    assert len(rows) == 5
    with Session(data_dir=weights_dir, model="local") as session:
        answers = session.ask_many(EXAMPLE, [question for question, _, _ in rows])
    for answer, (question, gold, number) in zip(answers, rows, strict=True):
        if number:
            assert answer.text is not None, question
            assert gold in answer.text
            assert answer.citations[0].page == int(number)
        else:
            assert not answer.found, question


def test_what_is_not_there_is_not_found(env: dict[str, str]) -> None:
    done = longagent("ask", str(EXAMPLE), "Who won the football World Cup in 2018?", "--json", env=env)
    assert done.code == 4, done.out
    assert done.json["answer"] is None


def test_offline_without_weights_is_one_sentence(env: dict[str, str], tmp_path: Path) -> None:
    env |= {"LONGAGENT_DATA_DIR": str(tmp_path / "none")}
    done = longagent("ask", str(EXAMPLE), QUESTION, "--offline", env=env)
    assert done.code in {1, 2}
    assert done.out == ""
    (line,) = [line for line in done.err.splitlines() if line.startswith("longagent: ")]
    assert "weights" in line


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
@pytest.mark.parametrize("moment", ["importing", "reading", "model starting", "answering"])
def test_ctrl_c_at_any_moment_leaves_no_process(env: dict[str, str], moment: str) -> None:
    process = subprocess.Popen(
        [*COMMAND, "ask", str(EXAMPLE), QUESTION],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr
    if moment == "answering":
        assert process.stderr.readline().startswith(b"strategy rag")
    elif moment == "importing":
        time.sleep(0.5)
    else:
        await_child(process.pid, "guard/worker" if moment == "reading" else "embedded")
    below = descendants(process.pid)
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - started < 1.0
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    time.sleep(0.3)
    assert not [name for pid, name in below.items() if alive(pid)]


def await_child(pid: int, name: str) -> None:
    """Wait until a process of this name runs below another."""
    deadline = time.monotonic() + 30
    while not any(name in line for line in descendants(pid).values()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
