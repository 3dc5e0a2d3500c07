"""`longagent graph`: an index is made once, written as a file, kept, shown and forgotten."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path

import networkx as nx
import pytest
from support.command import EXAMPLE, environment, longagent
from support.survey import NEEDLE

from longagent.llm.model import Message
from longagent.testing import SimulatedServer


def tell_facts(messages: Sequence[Message]) -> str:
    """Tell the needle, where it is."""
    found = NEEDLE in messages[-1]["content"]
    return f"1. {NEEDLE} | Skagen | harbour | 1907" if found else "1. All was quiet. | quiet | harbours"


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with SimulatedServer(tell_facts, window=4096) as running:
        yield running


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


@pytest.fixture
def graph(tmp_path: Path, server: SimulatedServer) -> list[str]:
    source = tmp_path / "survey.md"
    source.write_text(f"# Harbour\n\n{NEEDLE}\n\n# Dunes\n\n{'Nothing was seen. ' * 1200}")
    return ["graph", str(source), "--base-url", server.base_url]


def test_a_document_is_indexed_once_and_its_graph_is_written(
    tmp_path: Path, server: SimulatedServer, graph: list[str], env: dict[str, str]
) -> None:
    out = tmp_path / "out.graphml"
    first = longagent(*graph, "-o", str(out), "--json", env=env)
    assert (first.code, first.json["elements"], first.json["file"]) == (0, 4, str(out))
    calls = len(server.chats)
    assert calls >= 2
    assert nx.read_graphml(out).nodes["Skagen"]["facts"] == NEEDLE
    picture = tmp_path / "out.svg"
    again = longagent(*graph, "-o", str(picture), env=env)
    assert again.code == 0
    assert f"written to              {picture}" in again.out
    assert len(server.chats) == calls
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    told = longagent("cache", "info", "--json", env=env).json
    assert told["index"]["chunks"] == calls
    assert f"indexed chunks      {calls}, " in longagent("cache", "info", env=env).out
    assert longagent("cache", "clear", "--json", env=env).json["removed_chunks"] == calls
    assert longagent(*graph, "-q", env=env).code == 0
    assert len(server.chats) == 2 * calls


def test_a_limit_that_ends_the_indexing_is_told_by_the_exit_code(graph: list[str], env: dict[str, str]) -> None:
    part = longagent(*graph, "--max-calls", "1", "--json", env=env)
    assert (part.code, part.json["partial"]) == (3, True), part.err
    whole = longagent(*graph, "--json", env=env)
    assert (whole.code, whole.json["partial"]) == (0, False)
    # It is no run to look back on.
    assert "graph-reader" not in longagent("runs", "list", env=env).out


def test_no_cache_indexes_anew_and_keeps_nothing(
    server: SimulatedServer, graph: list[str], env: dict[str, str]
) -> None:
    assert longagent(*graph, "--no-cache", env=env).code == 0
    calls = len(server.chats)
    assert longagent(*graph, "--no-cache", env=env).code == 0
    assert len(server.chats) == 2 * calls
    assert longagent("cache", "info", "--json", env=env).json["index"]["chunks"] == 0


def test_code_indexes_the_example_without_a_call(server: SimulatedServer, env: dict[str, str]) -> None:
    done = longagent("graph", str(EXAMPLE), "-S", "index=code", "--base-url", server.base_url, "-q", "--json", env=env)
    assert (done.code, done.err) == (0, "")
    assert done.json["facts"] > 500
    assert server.chats == []


def test_a_file_of_another_kind_is_refused_before_anything_is_read(
    tmp_path: Path, server: SimulatedServer, graph: list[str], env: dict[str, str]
) -> None:
    done = longagent(*graph, "-o", str(tmp_path / "out.png"), env=env)
    assert (done.code, server.chats) == (2, [])
    assert ".graphml" in done.err
    folder = tmp_path / "folder.svg"
    folder.mkdir()
    for nowhere in (tmp_path / "nowhere" / "out.svg", folder):
        done = longagent(*graph, "-o", str(nowhere), env=env)
        assert (done.code, server.chats) == (2, [])
        assert "cannot be written" in done.err
