"""Opening tracers: nothing unless asked for, clear words when something is missing, and no trouble for the run."""

import logging
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from longagent.errors import MissingExtraError, UsageError
from longagent.events import Event, Warned
from longagent.tracing import Tracers, open_tracers

_KEYS = (
    "LANGSMITH_API_KEY",
    "LANGCHAIN_API_KEY",
    "LANGSMITH_RUNS_ENDPOINTS",
    "LANGFUSE_PUBLIC_KEY",
    "LANGFUSE_SECRET_KEY",
)


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _KEYS:
        monkeypatch.delenv(name, raising=False)


class Kept:
    """A tracer that keeps what it is told, and fails where it is told to."""

    def __init__(self, *, broken: bool = False) -> None:
        self.events: list[Event] = []
        self.closed: list[BaseException | None] = []
        self._broken = broken

    def __call__(self, event: Event) -> None:
        if self._broken:
            raise ValueError("a secret sentence")
        self.events.append(event)

    def close(self, error: BaseException | None = None) -> None:
        self.closed.append(error)


def test_nothing_is_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "x")
    with open_tracers() as tracers:
        tracers(Warned(message="heard by nobody"))
        assert not tracers.langsmith
        assert tracers.callbacks == []


def test_events_reach_every_tracer_and_all_are_closed() -> None:
    kept = [Kept(), Kept()]
    event, error = Warned(message="x"), TimeoutError()
    tracers = Tracers(kept)
    tracers(event)
    with pytest.raises(TimeoutError), tracers:
        raise error
    tracers.close()
    assert [(tracer.events, tracer.closed) for tracer in kept] == [([event], [error])] * 2


def test_the_callers_listener_is_told_too() -> None:
    heard: list[Event] = []
    event = Warned(message="x")
    with open_tracers(listener=heard.append) as tracers:
        tracers(event)
    assert heard == [event]


def test_a_tracer_that_fails_is_dropped_alone(caplog: pytest.LogCaptureFixture) -> None:
    kept = Kept()
    tracers = Tracers([Kept(broken=True), kept])
    with caplog.at_level(logging.DEBUG):
        tracers(Warned(message="1"))
        tracers(Warned(message="2"))
    assert len(kept.events) == 2
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("otle", "Did you mean 'otel'"),
        ("langsmit", "Did you mean 'langsmith'"),
        ("x", "Known: otel, langsmith, langfuse"),
    ],
)
def test_unknown_names(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        open_tracers(tmp_path / "trace", [name])
    assert not (tmp_path / "trace").exists()


def test_langsmith_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="Set LANGSMITH_API_KEY"):
        open_tracers(tracing=["langsmith"])
    monkeypatch.setenv("LANGCHAIN_API_KEY", "x")
    with open_tracers(tracing=["langsmith"]) as tracers:
        assert tracers.langsmith
        assert tracers.callbacks == []


@pytest.mark.parametrize("name", ["langsmith", "langfuse"])
def test_services_are_refused_offline(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} leaves this machine"):
        open_tracers(tracing=[name], offline=True)


@pytest.mark.parametrize(("name", "module"), [("otel", "opentelemetry"), ("langfuse", "langfuse.langchain")])
def test_what_is_not_installed_is_named(name: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"longagent\[{name}\]"):
        open_tracers(tracing=[name])


def test_langfuse_needs_both_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: Any = ModuleType("langfuse.langchain")
    handlers.CallbackHandler = None
    monkeypatch.setitem(sys.modules, "langfuse", ModuleType("langfuse"))
    monkeypatch.setitem(sys.modules, "langfuse.langchain", handlers)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk")
    with pytest.raises(UsageError, match="Set LANGFUSE_SECRET_KEY"):
        open_tracers(tracing=["langfuse"])
