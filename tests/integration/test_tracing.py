"""Tracing a whole run: what reaches files, spans, services and logs, and that no key and no document goes astray."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from support.listening import Listener
from support.survey import NEEDLE, QUESTION, long_document

from longagent import Session
from longagent.errors import ModelRejectedError, UsageError
from longagent.testing import PromptReader, ScriptedModel, SimulatedServer, chain_reader
from longagent.testing.server.faults import Canned, Fault
from longagent.tracing.jsonl import JsonlTrace

KEY = "sk-test-0815-nobody-may-see"
READ = "the northern dunes"
"""Stands in what the model reads, and in no answer."""

_LOGGERS = ("", "longagent", "httpx", "httpcore", "openai", "LiteLLM", "litellm", "langsmith", "asyncio")


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged at INFO and above."""
    for name in _LOGGERS:
        caplog.set_level(logging.INFO, logger=name)
    return caplog


@pytest.fixture
def elsewhere() -> Iterator[Listener]:
    """A service that takes everything it is sent."""
    with Listener() as listener:
        yield listener


# LiteLLM's own types, which pydantic looks at again in every test after the first that uses them.
@pytest.mark.filterwarnings("ignore:Item 'summary' on TypedDict:UserWarning")
@pytest.mark.parametrize("client", ["own", "litellm"])
@pytest.mark.parametrize("strategy", ["rag", "chain-of-agents"])
def test_neither_key_nor_document_is_logged_or_kept(
    client: str, strategy: str, tmp_path: Path, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    echo = Canned({"error": {"message": f"Cannot take {READ} from {KEY}."}}, status=500)
    faults: list[Fault] = ["rate-limit", echo, "reset", "not-json"]
    with SimulatedServer(chain_reader, api_key=KEY, faults=faults, retry_after=0.05) as server:
        options: dict[str, Any] = {"base_url": server.base_url, "api_key": KEY}
        if client == "litellm":
            monkeypatch.setenv("DEEPSEEK_API_BASE", server.base_url)
            monkeypatch.setenv("DEEPSEEK_API_KEY", KEY)
            options = {"model": "deepseek/sim", "window": 8192}
        trace = JsonlTrace(tmp_path / "trace.jsonl")
        folders = {"state_dir": tmp_path / "state", "cache_dir": tmp_path / "cache"}
        with closing(trace), Session(strategy=strategy, **folders, **options) as session:
            answer = session.ask(long_document(), QUESTION, on_event=trace)
        sent = str(server.requests)
    assert answer.found
    assert KEY in sent
    assert READ in sent
    logging.getLogger("longagent").info("the last line")
    assert "the last line" in logged.text
    for secret in (KEY, READ, NEEDLE):
        assert secret not in logged.text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".jsonl", ".db"}
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_refused_key_is_not_repeated(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    trace = JsonlTrace(tmp_path / "trace.jsonl")
    with SimulatedServer(chain_reader, api_key="another") as server, closing(trace):
        session = Session(base_url=server.base_url, model="openai/sim", api_key=KEY)
        with session, pytest.raises(ModelRejectedError) as refused:
            session.ask(long_document(), QUESTION, on_event=trace)
    assert KEY not in f"{refused.value}{logged.text}{(tmp_path / 'trace.jsonl').read_text()}"


def test_a_session_appends_every_run_to_its_trace(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trace.jsonl"
    for _ in range(2):
        with Session(model=PromptReader(), trace=path, cache=False) as session:
            answer = session.ask(long_document(), QUESTION)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["event"] for line in lines].count("RunFinished") == 2
    assert lines[-1]["answer"] == json.loads(answer.to_json())
    assert [line["seq"] for line in lines if line["seq"] == 1] == [1, 1]


def test_unknown_tracing_is_told_before_anything_is_read() -> None:
    with pytest.raises(UsageError, match="Did you mean 'otel'"):
        Session(model=PromptReader(), tracing=["otell"]).ask("nowhere.pdf", QUESTION)


def test_a_run_that_fails_ends_its_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="needs opentelemetry-sdk")
    from opentelemetry import trace as api
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    provider, kept = sdk.TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(api, "_TRACER_PROVIDER", provider)

    def fails(_request: object) -> str:
        raise ModelRejectedError(f"{READ} was refused.")

    with provider.get_tracer("program").start_as_current_span("request"), pytest.raises(ModelRejectedError):
        Session(model=ScriptedModel(fails), strategy="rag", tracing=["otel"]).ask(long_document(), QUESTION)
    call, run, request = cast("tuple[Any, ...]", kept.get_finished_spans())
    assert [call.name, run.name, request.name] == ["chat scripted", "invoke_workflow rag", "request"]
    assert (call.parent.span_id, run.parent.span_id) == (run.context.span_id, request.context.span_id)
    assert run.attributes["error.type"] == "ModelRejectedError"
    assert READ not in call.to_json() + run.to_json()


_ASK = """
import sys
sys.path[:0] = [{tests!r}, {root!r}]
from support.survey import QUESTION, long_document
from longagent import Session
from longagent.testing import PromptReader
for strategy in ("rag", "chain-of-agents"):
    session = Session(model=PromptReader(), strategy=strategy, tracing={tracing!r}, api_key={key!r})
    assert session.ask(long_document(20), QUESTION).run_id
"""


def ask_elsewhere(tracing: list[str], **environment: str) -> None:
    tests = Path(__file__).parents[1]
    code = _ASK.format(tests=str(tests), root=str(tests.parent), tracing=tracing, key=KEY)
    told = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=told, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr


def test_langsmith_is_sent_the_steps_and_no_document(elsewhere: Listener) -> None:
    where = {"LANGSMITH_ENDPOINT": elsewhere.url, "LANGSMITH_PROJECT": "survey-project"}
    ask_elsewhere(["langsmith"], LANGSMITH_API_KEY="lsv2-test", **where)
    sent = elsewhere.sent
    for expected in (QUESTION, NEEDLE, "survey-project"):
        assert expected.encode() in sent
    assert READ.encode() not in sent
    assert KEY.encode() not in sent


def test_langsmith_is_sent_nothing_unless_asked_for(elsewhere: Listener) -> None:
    ask_elsewhere([], LANGSMITH_API_KEY="lsv2-test", LANGSMITH_ENDPOINT=elsewhere.url, LANGSMITH_TRACING="true")
    assert elsewhere.sent == b""


def test_langfuse_is_sent_the_steps_and_no_document(elsewhere: Listener) -> None:
    pytest.importorskip("langfuse", reason="needs langfuse")
    keys = {"LANGFUSE_PUBLIC_KEY": "pk-lf-test", "LANGFUSE_SECRET_KEY": "sk-lf-test"}
    ask_elsewhere(["langfuse"], LANGFUSE_BASE_URL=elsewhere.url, **keys)
    sent = elsewhere.sent
    assert QUESTION.encode() in sent
    assert READ.encode() not in sent
    assert KEY.encode() not in sent
