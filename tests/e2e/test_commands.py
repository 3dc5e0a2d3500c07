"""The other commands, start-up time's causes, and interruption."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command import COMMAND, EXAMPLE, environment, longagent
from support.processes import alive, descendants

from longagent import __version__
from longagent.testing import SimulatedServer

HEAVY = [
    "pydantic",
    "litellm",
    "langgraph",
    "faiss",
    "pypdfium2",
    "httpx",
    "aiohttp",
    "tiktoken",
    "numpy",
    "rich",
    "xllamacpp",
]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


MAIN = "from longagent.__main__ import main\ntry: main()\nexcept SystemExit: pass"


@pytest.mark.parametrize("code", ["import longagent; dir(longagent)", MAIN])
def test_nothing_heavy_is_imported_on_the_way(code: str) -> None:
    tail = f"\nimport sys; print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    command = [sys.executable, "-c", code + tail, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_version(env: dict[str, str]) -> None:
    assert longagent("--version", env=env).out == f"longagent {__version__}\n"


def test_show_prints_pages(env: dict[str, str]) -> None:
    done = longagent("show", str(EXAMPLE), "--page", "6", env=env)
    assert done.code == 0
    assert "── page 6 of 19 (printed 3811) ──" in done.out
    assert "204 examples" in done.out
    assert "Abstract" not in done.out
    missing = longagent("show", str(EXAMPLE), "--page", "20", env=env)
    assert (missing.code, missing.out) == (2, "")
    assert "has no page 20; it has 19" in missing.err


def test_show_json_offsets_slice_the_text(env: dict[str, str]) -> None:
    shown = longagent("show", str(EXAMPLE), "--json", env=env).json
    assert len(shown["pages"]) == 19
    for number, page in enumerate(shown["pages"], start=1):
        assert page["number"] == number
        assert shown["text"][page["start"] : page["end"]] == page["text"]
    assert shown["text"] == "\n\n".join(page["text"] for page in shown["pages"])


def test_strategies_lists_names_and_settings(env: dict[str, str]) -> None:
    listed = {entry["name"]: entry for entry in longagent("strategies", "--json", env=env).json}
    assert {"rag", "full-context"} <= set(listed)
    assert listed["full-context"]["settings"]["overflow"] == "refuse"
    assert "-S overflow=refuse" in longagent("strategies", env=env).out


def test_strategies_show_tells_all_about_one(env: dict[str, str]) -> None:
    shown = longagent("strategies", "show", "read-agent", env=env)
    assert (shown.code, shown.err) == (0, "")
    assert "-S look_up=parallel\n      How pages are chosen" in shown.out
    assert "2402.09727" in shown.out
    record = longagent("strategies", "show", "read-agent", "--json", env=env).json
    assert record["graph"] in shown.out
    assert record == longagent("strategies", "--json", "show", "read-agent", env=env).json
    unknown = longagent("strategies", "show", "reed-agent", env=env)
    assert (unknown.code, unknown.out) == (2, "")
    assert "Did you mean 'read-agent'" in unknown.err


def test_strategies_show_auto_prints_its_rules(env: dict[str, str]) -> None:
    shown = longagent("strategies", "show", "auto", env=env)
    assert (shown.code, shown.err) == (0, "")
    assert "3. a summary is asked for\n" in shown.out
    assert "  chain-of-agents (task=summary)\n" in shown.out
    record = longagent("strategies", "show", "auto", "--json", env=env).json
    assert all(f". {rule['when']}\n" in shown.out for rule in record)


def test_a_reader_that_stops_reading_is_no_error(env: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "show", str(EXAMPLE)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=20)
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_ctrl_c_ends_within_a_second_and_leaves_nothing(env: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "note.txt"
    source.write_text("The harbour was rebuilt in 1907.")
    with SimulatedServer(faults=["hang"]) as server:
        process = subprocess.Popen(
            [*COMMAND, "ask", str(source), "When was the harbour rebuilt?", "--base-url", server.base_url, "--json"],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        deadline = time.monotonic() + 30
        while not server.in_flight and time.monotonic() < deadline:
            time.sleep(0.02)
        assert server.in_flight == 1
        below = descendants(process.pid)
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - started < 1.0
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    assert not [name for pid, name in below.items() if alive(pid)]


def test_ctrl_c_while_a_long_text_is_cut_and_indexed(env: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "long.txt"
    source.write_text("The harbour of Skagen was old, and the gulls were many on that day. " * 150_000)
    with SimulatedServer() as server:
        process = subprocess.Popen(
            [*COMMAND, "ask", str(source), "When was the harbour rebuilt?", "-v", "--base-url", server.base_url],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stderr
        assert process.stderr.readline().startswith(b"read ")
        time.sleep(0.5)
        assert process.poll() is None, "the text was not long enough"
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=20)
        assert time.monotonic() - started < 1.0
    assert process.returncode == 130


def test_closed_streams_are_no_riddle(env: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "note.txt"
    source.write_text("The harbour was rebuilt in 1907.")
    command = shlex.join(COMMAND)

    def shell(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True, check=False)

    with SimulatedServer("In 1907.") as server:
        ask = f"{command} ask {source} 'When was the harbour rebuilt?' --json --base-url {server.base_url}"
        quiet = shell(f"{ask} 2>&-")
        assert (quiet.returncode, json.loads(quiet.stdout)["answer"]) == (0, "In 1907.")
        assert json.loads(shell(f"{ask} 2>/dev/full").stdout)["answer"] == "In 1907."
        for line in (f"{ask} >&-", f"{ask} >/dev/full", f"{command} ask - Why? <&-"):
            done = shell(line)
            assert done.returncode in {1, 2}
            assert done.stderr.splitlines()[-1].startswith("longagent: ")
            assert "Unexpected" not in done.stderr


def test_json_is_valid_in_any_encoding(env: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "note.txt"
    source.write_text("A smile \U0001f600 and 三百.", encoding="utf-8")
    for encoding in ("cp1252", "ascii", "utf-8"):
        shown = longagent("show", str(source), "--json", env=env | {"PYTHONIOENCODING": encoding}).json
        assert shown["text"] == "A smile \U0001f600 and 三百."


def test_python_and_command_line_say_the_same(env: dict[str, str], tmp_path: Path) -> None:
    from longagent import Session

    source = tmp_path / "note.txt"
    source.write_text("The harbour was rebuilt in 1907.")
    question = "When was the harbour rebuilt?"
    with SimulatedServer("In 1907.") as server:
        command = ("ask", str(source), question, "--json", "--no-cache", "--base-url", server.base_url)
        printed = longagent(*command, env=env).json
        with Session(base_url=server.base_url, data_dir=tmp_path, cache=False) as session:
            returned = json.loads(session.ask(str(source), question).to_json())
    printed.pop("seconds")
    returned.pop("seconds")
    assert printed == returned
