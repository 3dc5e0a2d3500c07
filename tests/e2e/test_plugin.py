"""A strategy of another package: installed beside ours, it is listed, shown and asked with like our own."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.command import ROOT, environment, longagent
from support.survey import NEEDLE, QUESTION, long_document

from longagent.testing import SimulatedServer
from longagent.testing.readers import closest_sentence

PLUGIN = ROOT / "examples" / "plugin"


def install(target: Path) -> None:
    """Put the sample package where Python finds it, as pip does with its wheel; the build backend is not at hand."""
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    info = target / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n")
    points = project["entry-points"].items()
    text = "\n".join(f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in named.items()) for group, named in points)
    (info / "entry_points.txt").write_text(text)
    for module in PLUGIN.glob("*.py"):
        shutil.copy(module, target)


def break_it(target: Path, source: str) -> None:
    """Add a second package, whose strategy does not load."""
    (target / "broken_plugin.py").write_text(source)
    info = target / "broken_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: broken-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[longagent.strategies]\nbroken = broken_plugin:broken\n")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    target = tmp_path / "site"
    install(target)
    return target


@pytest.fixture
def env(tmp_path: Path, installed: Path) -> dict[str, str]:
    return environment(tmp_path, PYTHONPATH=str(installed))


def scouting(messages: list[dict[str, str]]) -> str:
    text = "\n".join(message["content"] for message in messages)
    if "yes or no" in text:
        return "Yes." if NEEDLE in text else "No."
    return closest_sentence(messages)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    path = tmp_path / "pages.txt"
    path.write_text(long_document(12, needle_on=7).text)
    return path


def test_a_question_is_asked_with_it(env: dict[str, str], pages: Path) -> None:
    with SimulatedServer(scouting, window=4096) as server:
        asked = longagent(
            "ask", str(pages), QUESTION, "-s", "scout", "-S", "most=3", "--base-url", server.base_url, "--json", env=env
        )
        chats = len(server.chats)
    assert asked.code == 0, asked.err
    answer = asked.json
    assert (answer["strategy"], answer["answer"]) == ("scout", NEEDLE)
    assert answer["citations"][0]["quote"] == NEEDLE
    assert chats == answer["usage"]["calls"] == 4


def test_it_is_listed_and_shown(env: dict[str, str]) -> None:
    listed = {entry["name"]: entry for entry in longagent("strategies", "--json", env=env).json}
    assert listed["scout"]["settings"] == {"most": 8, "keep": 2, "chunk_tokens": 300}
    shown = longagent("strategies", "show", "scout", env=env).out
    assert "Chunks that are asked about, at most." in shown
    assert "strategy_scout_on(scout_on)" in shown


@pytest.mark.parametrize(
    "source",
    ["raise RuntimeError('no such GPU')", "broken = 5", "import sys; sys.exit(3)", "def broken(:"],
    ids=["raises", "no strategy", "exits", "no python"],
)
def test_a_broken_package_is_a_warning_and_nothing_more(
    env: dict[str, str], installed: Path, pages: Path, source: str
) -> None:
    break_it(installed, source)
    listed = longagent("strategies", env=env)
    assert listed.code == 0
    assert "scout " in listed.out
    assert "broken" not in listed.out
    assert listed.err.count("\n") == 1
    assert listed.err.startswith("warning: Strategy 'broken' (broken_plugin:broken)")
    with SimulatedServer(scouting, window=4096) as server:
        asked = longagent("ask", str(pages), QUESTION, "-s", "scout", "--base-url", server.base_url, env=env)
        named = longagent("ask", str(pages), QUESTION, "-s", "broken", "--base-url", server.base_url, env=env)
    assert (asked.code, "broken" in asked.err) == (0, False)
    assert (named.code, named.out) == (2, "")
    assert "Strategy 'broken' (broken_plugin:broken)" in named.err


def test_its_own_tests_pass(env: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PLUGIN / "tests")]
    done = subprocess.run(
        [*command, "--rootdir", str(PLUGIN)], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
