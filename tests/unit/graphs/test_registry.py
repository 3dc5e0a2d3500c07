"""Strategies come in by one door, ours and other packages', and wrong names get a hint."""

from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.graphs import registry
from longagent.graphs.strategy import Strategy

PLUGIN = """
from dataclasses import dataclass
from longagent.agents.answering import answer_from_passages
from longagent.graphs.rag import RagConfig, rag
from longagent.graphs.strategy import strategy


@strategy("echo", config=RagConfig, summary="a third party's", agents=(answer_from_passages,),
          chunk_tokens=rag.chunk_tokens, estimate=rag.estimate)
def echo():
    return rag.build()

broken = 5
"""


def test_ours_load_and_name_themselves() -> None:
    for name in ("rag", "full-context", "chain-of-agents"):
        found = registry.get(name)
        assert found.name == name
        assert found.summary


def test_unknown_strategy_says_did_you_mean() -> None:
    with pytest.raises(UsageError, match="no strategy 'ragg'.*Did you mean 'rag'"):
        registry.get("ragg")
    with pytest.raises(UsageError, match="There are: .*full-context"):
        registry.get("zzz")


def test_settings_are_read_from_strings() -> None:
    config = registry.configure(registry.get("rag"), {"chunk_tokens": "120"})
    assert config.chunk_tokens == 120
    assert config.answer_tokens is None
    assert registry.configure(registry.get("rag"), {}).chunk_tokens is None


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("rag", {"chunk_token": "1"}, "no setting 'chunk_token'. Did you mean 'chunk_tokens'"),
        ("rag", {"chunk_tokens": "many"}, "chunk_tokens='many'"),
        ("rag", {"chunk_tokens": "0"}, "greater than 0"),
        ("full-context", {"overflow": "maybe"}, "'refuse' or 'cut'"),
    ],
)
def test_wrong_settings_are_told(name: str, settings: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        registry.configure(registry.get(name), settings)


def test_other_packages_add_strategies_and_broken_ones_stay_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "echo_plugin.py").write_text(PLUGIN)
    info = tmp_path / "echo_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: echo-plugin\nVersion: 1.0\n")
    entries = "[longagent.strategies]\necho = echo_plugin:echo\nnumber = echo_plugin:broken\ngone = no_module:x\n"
    (info / "entry_points.txt").write_text(entries)
    monkeypatch.syspath_prepend(str(tmp_path))

    assert registry.get("echo").summary == "a third party's"
    with pytest.raises(UsageError, match="'number'.*not a Strategy but int"):
        registry.get("number")
    with pytest.raises(UsageError, match="'gone'.*does not load.*no_module"):
        registry.get("gone")
    found = [item.name for item in registry.everything() if isinstance(item, Strategy)]
    assert {"rag", "full-context", "echo"} <= set(found)
