"""OpenTelemetry spans of runs and model calls, named by the GenAI semantic conventions (1.41, in development).

A run is `invoke_workflow STRATEGY`, its calls are `chat MODEL` below it. Spans hold names, numbers and ids: no prompt,
no reply, no text of a document, and no words of a server, which may repeat any of them.
"""

import logging
from functools import cache
from time import time_ns
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from longagent.answer import Answer
from longagent.errors import MissingExtraError
from longagent.events import (
    BudgetSpent,
    CallFailed,
    CallFinished,
    CallRetried,
    CallSpared,
    CallStarted,
    ChunkFailed,
    Event,
    RunFinished,
    RunResumed,
    RunStarted,
)
from longagent.tracing.provider import provider_and_model

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanKind, TracerProvider

_OPERATION: Final = "gen_ai.operation.name"
_ERROR: Final = "error.type"
_OTHER: Final = "_OTHER"

_Attributes: TypeAlias = dict[str, str | int | float | bool]

_log = logging.getLogger("longagent")


class _Open(NamedTuple):
    span: "Span"
    below: "Context"
    """Parent of what belongs to the span."""
    began: int
    """Nanoseconds since 1970."""


class OtelSpans:
    """An `Emit` that makes spans of the runs and calls of one question or batch.

    Its spans are children of the span that is current where it is made. Events of several runs may be interleaved, and
    calls may end that were not seen to begin.

    Args:
        provider: takes the spans; `None`: the program's own, set up by its code or the OTEL_* variables.

    Raises:
        MissingExtraError: OpenTelemetry is not installed.
    """

    def __init__(self, provider: "TracerProvider | None" = None) -> None:
        try:
            from opentelemetry import context, trace
        except ImportError:
            raise MissingExtraError("OpenTelemetry", "otel") from None
        self._api = trace
        self._tracer = trace.get_tracer("longagent", tracer_provider=provider)
        self._ambient = context.get_current()
        self._runs: dict[str, _Open] = {}
        self._calls: dict[tuple[str, int], _Open] = {}

    def __call__(self, event: Event) -> None:
        """Begin, end or annotate a span."""
        match event:
            case RunStarted():
                self._start_run(event)
            case CallStarted():
                self._start_call(event)
            case CallFinished() | CallFailed():
                self._end_call(event)
            case RunFinished():
                self._end_run(event.answer)
            case _:
                self._note(event)

    def close(self, error: BaseException | None = None) -> None:
        """End, as failed, what is still open: nothing tells of the end of a run that failed or was cancelled."""
        kind = _OTHER if error is None else type(error).__name__
        # Taken out one by one: after an interrupt, the loop may still be at work in its own thread.
        while self._calls:
            self._end(self._calls.popitem()[1], {_ERROR: kind}, failed=True)
        while self._runs:
            self._end(self._runs.popitem()[1], {_ERROR: kind}, failed=True)

    def _start_run(self, event: RunStarted) -> None:
        if event.run_id in self._runs:  # the same question twice in one batch is one run
            return
        attributes: _Attributes = {
            _OPERATION: "invoke_workflow",
            "gen_ai.workflow.name": event.strategy,
            "longagent.run.id": event.run_id,
            "longagent.model": event.model,
            "longagent.chunks": event.chunks,
        }
        name = f"invoke_workflow {event.strategy}"
        opened = self._start(name, attributes, kind=self._api.SpanKind.INTERNAL, parent=self._ambient, began=time_ns())
        self._runs[event.run_id] = opened
        if not opened.span.get_span_context().is_valid:
            _warn_that_nobody_listens()

    def _end_run(self, answer: Answer) -> None:
        opened = self._runs.pop(answer.run_id, None)
        if opened is None:
            return
        attributes: _Attributes = {
            "longagent.found": answer.found,
            "longagent.partial": answer.partial,
            "longagent.calls": answer.usage.calls,
            "longagent.cached_calls": answer.usage.cached_calls,
            "longagent.chunks_read": answer.coverage.read,
            "longagent.chunks_failed": answer.coverage.failed,
        }
        if answer.usage.cost is not None:
            attributes["longagent.cost_usd"] = answer.usage.cost
        # The answers of a batch are told together, when the last is there.
        self._end(opened, attributes, at=min(time_ns(), opened.began + int(answer.seconds * 1e9)))

    def _start_call(self, event: CallStarted, *, ago: float = 0.0) -> _Open:
        provider, model = provider_and_model(event.model)
        attributes: _Attributes = {
            _OPERATION: "chat",
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": model,
            "gen_ai.agent.name": event.role,
            "longagent.run.id": event.run_id,
            "longagent.call": event.call,
        }
        run = self._runs.get(event.run_id)
        parent = self._ambient if run is None else run.below
        began = time_ns() - int(ago * 1e9)
        opened = self._start(f"chat {model}", attributes, kind=self._api.SpanKind.CLIENT, parent=parent, began=began)
        replaced = self._calls.pop((event.run_id, event.call), None)
        if replaced is not None:
            self._end(replaced, {_ERROR: _OTHER}, failed=True)
        self._calls[event.run_id, event.call] = opened
        return opened

    def _end_call(self, event: CallFinished | CallFailed) -> None:
        opened = self._calls.get((event.run_id, event.call))
        if opened is None:
            begun = CallStarted(run_id=event.run_id, role=event.role, model=event.model, call=event.call)
            opened = self._start_call(begun, ago=event.seconds)
        del self._calls[event.run_id, event.call]
        if isinstance(event, CallFailed):
            # Not its reason, which may repeat what a server said, which may repeat what it was sent.
            self._end(opened, {_ERROR: event.kind}, failed=True)
            return
        used = {"input": event.prompt_tokens, "output": event.completion_tokens}
        self._end(opened, {f"gen_ai.usage.{side}_tokens": count for side, count in used.items() if count is not None})

    def _note(self, event: Event) -> None:
        """Add to a span what happened during it."""
        opened = self._runs.get(event.run_id)
        match event:
            case CallRetried():
                opened = self._calls.get((event.run_id, event.call), opened)
                name, attributes = (
                    "longagent.retry",
                    _Attributes({_ERROR: event.kind, "longagent.wait_seconds": event.wait}),
                )
            case CallSpared():
                attributes = {"gen_ai.agent.name": event.role, "longagent.source": event.source}
                name = "longagent.spared"
            case RunResumed():
                name, attributes = "longagent.resumed", {"longagent.calls": event.calls}
            case BudgetSpent():
                name, attributes = "longagent.budget_spent", {"longagent.reason": event.reason}
            case ChunkFailed():
                name, attributes = "longagent.chunk_failed", {"longagent.chunk": event.chunk}
            case _:
                return
        if opened is not None:
            opened.span.add_event(name, attributes)

    def _start(self, name: str, attributes: _Attributes, *, kind: "SpanKind", parent: "Context", began: int) -> _Open:
        # Never the current context: runs are interleaved on one loop, each with its own spans.
        span = self._tracer.start_span(name, context=parent, kind=kind, attributes=attributes, start_time=began)
        return _Open(span, self._api.set_span_in_context(span, parent), began)

    def _end(self, opened: _Open, attributes: _Attributes, *, failed: bool = False, at: int | None = None) -> None:
        opened.span.set_attributes(attributes)
        if failed:
            opened.span.set_status(self._api.StatusCode.ERROR)
        opened.span.end(at)


@cache
def _warn_that_nobody_listens() -> None:
    _log.warning(
        "No OpenTelemetry SDK is set up in this process, so its spans go nowhere. Set up a tracer provider, or start "
        "with opentelemetry-instrument."
    )
