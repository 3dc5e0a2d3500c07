"""Replies that are remembered: by the next run, unless told not to, and until they are forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import environment, longagent
from support.survey import NEEDLE

from longagent.testing import SimulatedServer, closest_sentence


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with SimulatedServer(closest_sentence, window=4096) as running:
        yield running


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


@pytest.fixture
def ask(tmp_path: Path, server: SimulatedServer) -> list[str]:
    source = tmp_path / "survey.md"
    source.write_text(f"# Harbour\n\n{NEEDLE}\n")
    return ["ask", str(source), "What did the harbour of Skagen cost?", "--base-url", server.base_url]


def test_the_same_command_makes_no_call_again(server: SimulatedServer, ask: list[str], env: dict[str, str]) -> None:
    first = longagent(*ask, "--json", env=env).json
    again = longagent(*ask, "--json", env=env).json
    assert len(server.chats) == 1
    assert (again["answer"], again["citations"], again["run_id"]) == tuple(
        first[key] for key in ("answer", "citations", "run_id")
    )
    assert (again["usage"]["calls"], again["usage"]["cached_calls"]) == (0, 1)
    shown = longagent(*ask, "-v", env=env)
    assert "0 calls (1 cached)" in shown.err
    assert "calls not made: 1 from earlier attempts at this run" in shown.err
    assert longagent(*ask, "--cache-only", env=env).out == shown.out
    assert len(server.chats) == 1


def test_no_cache_asks_anew_and_leaves_nothing(server: SimulatedServer, ask: list[str], env: dict[str, str]) -> None:
    for number in (1, 2):
        assert longagent(*ask, "--no-cache", env=env).code == 0
        assert len(server.chats) == number
    assert longagent("cache", "info", "--json", env=env).json["replies"] == 0


def test_cache_only_fails_where_nothing_is_remembered(
    server: SimulatedServer, ask: list[str], env: dict[str, str]
) -> None:
    done = longagent(*ask, "--cache-only", env=env)
    assert (done.code, done.out, server.chats) == (1, "", [])
    assert "is not in the cache. Ask without --cache-only." in done.err.splitlines()[-1]


def test_info_and_clear(server: SimulatedServer, ask: list[str], env: dict[str, str], tmp_path: Path) -> None:
    assert longagent(*ask, env=env).code == 0
    path = tmp_path / "cache" / "replies.db"
    info = longagent("cache", "info", "--json", env=env).json
    assert (info["path"], info["replies"], info["max_bytes"]) == (str(path), 1, 512 * 2**20)
    assert info["bytes"] >= path.stat().st_size > 0
    shown = longagent("cache", "info", env=env).out
    assert str(path) in shown
    assert "of at most 512.0 MB" in shown
    assert longagent("cache", "clear", env=env).out == "1 reply removed.\n1 text of a document removed.\n"
    again = longagent("cache", "clear", "--json", env=env).json
    assert (again["removed"], again["removed_chunks"]) == (0, 0)
    assert longagent(*ask, env=env).code == 0
    assert len(server.chats) == 1, "the run keeps its own reply"
    (run,) = longagent("runs", "list", "--json", env=env).json
    assert longagent("runs", "remove", run["run_id"][:6], env=env)[:2] == (0, "")
    assert longagent("cache", "clear", env=env).code == 0
    assert longagent(*ask, env=env).code == 0
    assert len(server.chats) == 2


def test_texts_of_documents_are_private_counted_and_forgotten_by_themselves(
    ask: list[str], env: dict[str, str], tmp_path: Path
) -> None:
    assert longagent(*ask, env=env).code == 0
    folder = tmp_path / "cache"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    kinds = longagent("cache", "info", "--json", env=env).json["index"]["kinds"]
    assert {kind: held["entries"] for kind, held in kinds.items() if held["entries"]} == {"documents": 1}
    assert longagent("cache", "clear", "documents", env=env).out == "1 text of a document removed.\n"
    left = longagent("cache", "info", "--json", env=env).json
    assert (left["replies"], left["index"]["kinds"]["documents"]["entries"]) == (1, 0)
    assert longagent("cache", "clear", "nonsense", env=env).code == 2


def test_no_cache_leaves_no_text_behind(ask: list[str], env: dict[str, str], tmp_path: Path) -> None:
    assert longagent(*ask, "--no-cache", env=env).code == 0
    assert not (tmp_path / "cache" / "index.db").exists()
