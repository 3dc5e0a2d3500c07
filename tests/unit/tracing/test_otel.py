"""Spans: how events of interleaved runs become trees, whatever their order and end."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from longagent.answer import Answer, Coverage, Usage
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
    UnitWritten,
)
from longagent.tracing.otel import OtelSpans, _warn_that_nobody_listens

sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="needs opentelemetry-sdk")
api = pytest.importorskip("opentelemetry.trace", reason="needs opentelemetry-sdk")

SECRET = "The vault opens at nine."


class Spans:
    """A program's own OpenTelemetry set-up, which keeps the spans that ended."""

    def __init__(self) -> None:
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self.provider = sdk.TracerProvider()
        self._kept = InMemorySpanExporter()
        self.provider.add_span_processor(SimpleSpanProcessor(self._kept))

    @property
    def ended(self) -> Sequence[Any]:
        return self._kept.get_finished_spans()

    def of(self, *events: Event, error: BaseException | None = None) -> Mapping[tuple[str, Any], Any]:
        """Return the spans that events make, by name and number of the call."""
        tracer = OtelSpans(self.provider)
        for event in events:
            tracer(event)
        tracer.close(error)
        return {(span.name, (span.attributes or {}).get("longagent.call")): span for span in self.ended}


@pytest.fixture
def spans() -> Spans:
    return Spans()


def started(run: str = "r1") -> RunStarted:
    return RunStarted(run_id=run, strategy="chain-of-agents", reason=SECRET, model="anthropic/opus", chunks=7, calls=1)


def call(number: int, run: str = "r1", model: str = "anthropic/opus") -> CallStarted:
    return CallStarted(run_id=run, role="chain/worker", model=model, call=number)


def ended(number: int, run: str = "r1", seconds: float = 0.0) -> CallFinished:
    return CallFinished(
        run_id=run,
        role="chain/worker",
        model="anthropic/opus",
        call=number,
        seconds=seconds,
        prompt_tokens=100,
        completion_tokens=None,
    )


def failed(number: int, kind: str) -> CallFailed:
    return CallFailed(run_id="r1", role="w", model="anthropic/opus", call=number, seconds=0, kind=kind, reason=SECRET)


def finished(run: str = "r1", seconds: float = 0.0) -> RunFinished:
    answer = Answer(
        question=SECRET,
        text=SECRET,
        found=True,
        strategy="chain-of-agents",
        model="anthropic/opus",
        usage=Usage(calls=2, cached_calls=1, cost=0.25),
        coverage=Coverage(chunks=7, read=6, failed=1),
        seconds=seconds,
        run_id=run,
    )
    return RunFinished(answer=answer)


def test_a_run_is_a_workflow_and_its_calls_are_below_it(spans: Spans) -> None:
    made = spans.of(started(), call(1), ended(1), finished())
    run, chat = made["invoke_workflow chain-of-agents", None], made["chat opus", 1]
    assert run.parent is None
    assert run.kind is api.SpanKind.INTERNAL
    assert dict(run.attributes) == {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": "chain-of-agents",
        "longagent.run.id": "r1",
        "longagent.model": "anthropic/opus",
        "longagent.chunks": 7,
        "longagent.found": True,
        "longagent.partial": False,
        "longagent.calls": 2,
        "longagent.cached_calls": 1,
        "longagent.chunks_read": 6,
        "longagent.chunks_failed": 1,
        "longagent.cost_usd": 0.25,
    }
    assert chat.parent.span_id == run.context.span_id
    assert chat.kind is api.SpanKind.CLIENT
    assert dict(chat.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "opus",
        "gen_ai.agent.name": "chain/worker",
        "gen_ai.usage.input_tokens": 100,
        "longagent.run.id": "r1",
        "longagent.call": 1,
    }
    assert {span.status.status_code for span in made.values()} == {api.StatusCode.UNSET}


def test_interleaved_runs_keep_their_calls(spans: Spans) -> None:
    made = spans.of(
        started("a"),
        started("b"),
        call(1, "a"),
        call(2, "b"),
        ended(1, "a"),
        finished("a"),
        ended(2, "b"),
        finished("b"),
    )
    by_id = {span.context.span_id: span.attributes["longagent.run.id"] for span in spans.ended}
    parents = {number: by_id[span.parent.span_id] for (_, number), span in made.items() if number}
    assert parents == {1: "a", 2: "b"}
    assert made["chat opus", 1].context.trace_id != made["chat opus", 2].context.trace_id


def test_the_programs_own_span_is_the_parent(spans: Spans) -> None:
    with spans.provider.get_tracer("program").start_as_current_span("request") as request:
        made = spans.of(started(), finished())
        assert api.get_current_span() is request
    assert made["invoke_workflow chain-of-agents", None].parent.span_id == request.get_span_context().span_id


def test_what_happens_on_the_way_is_noted_without_words_of_others(spans: Spans) -> None:
    retried = CallRetried(run_id="r1", role="w", call=1, kind="overload", reason=SECRET, wait=1.5)
    on_the_way = [
        RunResumed(run_id="r1", calls=3),
        CallSpared(run_id="r1", role="chain/worker", source="cache"),
        ChunkFailed(run_id="r1", chunk=4, reason=SECRET),
        UnitWritten(run_id="r1", path=0, chunk=1, text=SECRET),
        BudgetSpent(run_id="r1", reason="5 calls were allowed"),
    ]
    made = spans.of(started(), call(1), retried, failed(1, "timeout"), *on_the_way, finished())
    chat = made["chat opus", 1]
    assert [(event.name, dict(event.attributes)) for event in chat.events] == [
        ("longagent.retry", {"error.type": "overload", "longagent.wait_seconds": 1.5})
    ]
    assert (chat.status.status_code, chat.attributes["error.type"]) == (api.StatusCode.ERROR, "timeout")
    assert [(event.name, dict(event.attributes)) for event in made["invoke_workflow chain-of-agents", None].events] == [
        ("longagent.resumed", {"longagent.calls": 3}),
        ("longagent.spared", {"gen_ai.agent.name": "chain/worker", "longagent.source": "cache"}),
        ("longagent.chunk_failed", {"longagent.chunk": 4}),
        ("longagent.budget_spent", {"longagent.reason": "5 calls were allowed"}),
    ]
    assert SECRET not in "".join(span.to_json() for span in made.values())


def test_what_is_open_at_the_end_failed(spans: Spans) -> None:
    made = spans.of(started(), call(1), call(2), failed(2, "cancelled"), error=TimeoutError(SECRET))
    assert {key: span.attributes["error.type"] for key, span in made.items()} == {
        ("invoke_workflow chain-of-agents", None): "TimeoutError",
        ("chat opus", 1): "TimeoutError",
        ("chat opus", 2): "cancelled",
    }
    assert {span.status.status_code for span in made.values()} == {api.StatusCode.ERROR}
    assert SECRET not in "".join(span.to_json() for span in made.values())


def test_events_in_odd_order(spans: Spans) -> None:
    late = [finished("unknown"), CallSpared(run_id="unknown", role="w", source="flight")]
    made = spans.of(ended(1, seconds=2.0), call(2), started(), started(), finished(), ended(2), finished(), *late)
    assert set(made) == {("chat opus", 1), ("chat opus", 2), ("invoke_workflow chain-of-agents", None)}
    unannounced = made["chat opus", 1]
    assert 2.0 <= (unannounced.end_time - unannounced.start_time) / 1e9 < 2.5
    assert made["chat opus", 2].status.status_code is api.StatusCode.UNSET


def test_a_batch_told_late_does_not_lengthen_its_runs(spans: Spans) -> None:
    import time

    tracer = OtelSpans(spans.provider)
    tracer(started())
    time.sleep(0.2)
    tracer(finished(seconds=0.05))
    (span,) = spans.of().values()
    assert (span.end_time - span.start_time) / 1e9 == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("openai/gpt-5", "openai", "gpt-5"),
        ("vllm/Qwen/Qwen3-8B", "vllm", "Qwen/Qwen3-8B"),
        ("bedrock/claude", "aws.bedrock", "claude"),
        ("local", "local", "local"),
        ("scripted", "_OTHER", "scripted"),
    ],
)
def test_providers_are_named_as_the_conventions_do(spans: Spans, name: str, provider: str, model: str) -> None:
    (span,) = spans.of(call(1, model=name)).values()
    assert span.attributes["gen_ai.provider.name"] == provider
    assert span.name == f"chat {model}"


def test_spans_that_go_nowhere_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    _warn_that_nobody_listens.cache_clear()
    with caplog.at_level(logging.INFO, logger="longagent"):
        for _ in range(2):
            tracer = OtelSpans(api.NoOpTracerProvider())
            for event in (started(), call(1), ended(1), finished()):
                tracer(event)
            tracer.close()
    assert len(caplog.records) == 1
    assert "No OpenTelemetry SDK is set up" in caplog.text
