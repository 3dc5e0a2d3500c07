"""The tracers that were asked for, as one."""

import logging
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from longagent.errors import UsageError
from longagent.events import Emit, Event
from longagent.tracing.hosted import HOSTED, callbacks
from longagent.tracing.jsonl import JsonlTrace
from longagent.tracing.otel import OtelSpans

KNOWN = ("otel", *HOSTED)

_log = logging.getLogger("longagent")


class Tracer(Protocol):
    """An `Emit` that is to be closed."""

    def __call__(self, event: Event) -> None:
        """Take an event."""

    def close(self, error: BaseException | None = None, /) -> None:
        """End what is open; `error` is what ended the question, if it did not end well."""


class Tracers:
    """An `Emit` that passes events to every tracer of a question. Close it when the question is over, or use `with`.

    A tracer that fails is dropped with a warning: it never costs the run. The caller's own listener is told last.
    """

    def __init__(
        self,
        tracers: Sequence[Tracer] = (),
        *,
        listener: Emit | None = None,
        langsmith: bool = False,
        callbacks: Sequence[Any] = (),
    ) -> None:
        self._tracers = list(tracers)
        self._listener = listener
        self.langsmith = langsmith
        """Whether LangGraph is to send its steps to LangSmith."""
        self.callbacks = list(callbacks)
        """LangChain callback handlers for the graph."""

    def __call__(self, event: Event) -> None:
        """Pass an event on."""
        for tracer in [*self._tracers]:
            try:
                tracer(event)
            except Exception as error:
                _log.warning("%s is off for this run: %s.", type(tracer).__name__, type(error).__name__)
                self._tracers.remove(tracer)
        if self._listener is not None:
            self._listener(event)

    def close(self, error: BaseException | None = None) -> None:
        """End what is open. Safe to call twice.

        Args:
            error: what ended the question, if it did not end well.
        """
        tracers, self._tracers = self._tracers, []
        for tracer in tracers:
            try:
                tracer.close(error)
            except Exception as failed:
                _log.warning("%s could not be closed: %s.", type(tracer).__name__, type(failed).__name__)

    def __enter__(self) -> "Tracers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(error)


def open_tracers(
    trace: Path | None = None, tracing: Sequence[str] = (), *, listener: Emit | None = None, offline: bool = False
) -> Tracers:
    """Open what was asked for. Meant for one question or one batch, and to be called where it is asked.

    Args:
        trace: the file that events are appended to.
        tracing: `otel`, `langsmith`, `langfuse`.
        listener: is told of every event too.
        offline: whether nothing may leave this machine.

    Raises:
        UsageError: an unknown name, a missing key, a file that cannot be written, or a service when offline.
        MissingExtraError: a package is not installed.
    """
    for name in tracing:
        _check(name, offline=offline)
    handlers = callbacks(tracing)
    tracers: list[Tracer] = [OtelSpans()] if "otel" in tracing else []
    if trace is not None:
        tracers.append(JsonlTrace(trace))
    return Tracers(tracers, listener=listener, langsmith="langsmith" in tracing, callbacks=handlers)


def _check(name: str, *, offline: bool) -> None:
    if name not in KNOWN:
        close = get_close_matches(name, KNOWN, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(KNOWN)}."
        raise UsageError(f"There is no tracing {name!r}.", hint=hint)
    if offline and name in HOSTED:
        raise UsageError(f"Tracing with {name} leaves this machine, and offline was asked for.", hint="Drop one.")
