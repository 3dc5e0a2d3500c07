"""`Session`: both doors, from plain code, inside a running loop and from threads; nothing global changes."""

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.survey import NEEDLE, QUESTION, long_document

import longagent
from longagent import Document, Session, aask, ask
from longagent.documents import Chunk
from longagent.errors import ModelUnavailableError, SourceError, UsageError
from longagent.events import CallStarted, DocumentLoaded, Event, RunFinished, RunStarted
from longagent.llm.model import Reply, Request
from longagent.retrievers import Bm25
from longagent.store.index_store import IndexStore
from longagent.store.runs import read_run
from longagent.testing import PromptReader, ScriptedModel, SimulatedServer, closest_sentence


class Slow(ScriptedModel):
    """A model whose calls last until they are cancelled."""

    def __init__(self) -> None:
        super().__init__([])
        self.started = threading.Event()
        self.cancelled = threading.Event()

    async def complete(self, request: Request) -> Reply:
        self.started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        raise AssertionError("was not cancelled")


@pytest.mark.parametrize(
    "source",
    [
        long_document(),
        NEEDLE.encode(),
        io.BytesIO(NEEDLE.encode()),
        f"First line.\n{NEEDLE}",
        [b"Nothing of interest here.", Document.from_text(NEEDLE)],
    ],
    ids=["document", "bytes", "file", "text", "several"],
)
def test_sources_of_every_kind(source: longagent.session.Sources) -> None:
    answer = Session(model=PromptReader()).ask(source, QUESTION)
    assert answer.found
    assert answer.citations[0].quote == NEEDLE


def test_a_path_and_a_pathlib_path(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text(NEEDLE)
    session = Session(model=PromptReader())
    for source in (path, str(path)):
        assert session.ask(source, QUESTION).citations[0].document == str(path)


def test_sync_door_inside_a_running_loop() -> None:
    async def notebook_cell() -> str | None:
        return ask(Document.from_text(NEEDLE), QUESTION, model=PromptReader()).text

    assert asyncio.run(notebook_cell()) == NEEDLE


def test_async_door_leaves_the_callers_loop_free() -> None:
    async def both() -> int:
        ticks = 0
        task = asyncio.ensure_future(aask(long_document(200), QUESTION, model=PromptReader()))
        while not task.done():
            await asyncio.sleep(0.001)
            ticks += 1
        assert task.result().found
        return ticks

    assert asyncio.run(both()) > 3


def test_threads_share_a_session() -> None:
    session = Session(model=PromptReader())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda page: session.ask(long_document(needle_on=page), QUESTION), range(1, 17)))
    assert [answer.citations[0].page for answer in answers] == list(range(1, 17))


def test_ask_many_reads_once_and_keeps_the_order() -> None:
    loaded = []
    questions = [QUESTION, "Which gull number was seen near marker 3?", "Who painted the ceiling of the chapel?"]
    answers = Session(model=PromptReader()).ask_many(long_document(), questions, on_event=loaded.append)
    assert [answer.question for answer in answers] == questions
    assert [answer.found for answer in answers] == [True, True, False]
    assert len([event for event in loaded if isinstance(event, DocumentLoaded)]) == 1


def test_stream_numbers_events_and_ends_with_the_answer() -> None:
    async def collect() -> list[longagent.events.Event]:
        session = Session(model=PromptReader())
        return [event async for event in session.astream(long_document(), QUESTION)]

    events = asyncio.run(collect())
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[0], DocumentLoaded)
    assert any(isinstance(event, RunStarted) for event in events)
    assert isinstance(events[-1], RunFinished)
    assert events[-1].answer.found


def test_a_stream_left_early_ends_the_run() -> None:
    model = Slow()

    async def leave() -> None:
        stream = Session(model=model).astream(long_document(), QUESTION)
        async for event in stream:
            if isinstance(event, CallStarted):
                break
        assert await asyncio.to_thread(model.started.wait, 5)
        await stream.aclose()
        assert await asyncio.to_thread(model.cancelled.wait, 2)

    asyncio.run(leave())


def test_cancelling_the_awaiting_task_cancels_the_call() -> None:
    model = Slow()

    async def cancel() -> None:
        task = asyncio.ensure_future(Session(model=model).aask(long_document(), QUESTION))
        while not model.started.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert model.cancelled.wait(2)


def test_when_a_cancelled_question_is_over_so_is_its_call() -> None:
    class Lingering(Slow):
        async def complete(self, request: Request) -> Reply:
            try:
                return await super().complete(request)
            finally:
                await asyncio.sleep(0.1)
                ended.set()

    model, ended = Lingering(), threading.Event()

    async def cancel() -> bool:
        task = asyncio.ensure_future(Session(model=model).aask(long_document(), QUESTION))
        await asyncio.to_thread(model.started.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return ended.is_set()

    assert asyncio.run(cancel())


def test_a_listener_that_wants_to_exit_ends_its_question_and_no_other() -> None:
    def leave(event: Event) -> None:
        if isinstance(event, CallStarted):
            raise SystemExit(7)

    with pytest.raises(SystemExit):
        Session(model=PromptReader()).ask(long_document(), QUESTION, on_event=leave)
    assert Session(model=PromptReader()).ask(long_document(), QUESTION).text == NEEDLE


def test_a_text_is_kept_nowhere(tmp_path: Path) -> None:
    model = PromptReader()
    model.profile = replace(model.profile, identity="tests")
    for text in (f"First line.\n{NEEDLE}", "A surveyor walked. " * 400 + NEEDLE):
        state = tmp_path / str(len(text))
        answer = Session(model=model, state_dir=state, cache_dir=tmp_path / "cache").ask(text, QUESTION)
        assert answer.text == NEEDLE
        record = asyncio.run(read_run(state / "runs", answer.run_id))
        assert record is not None
        assert record.manifest["sources"] is None
        assert "line" not in str(record.manifest)
        assert "surveyor" not in str(record.manifest)


def test_a_command_that_is_refused_costs_nothing_of_what_is_there(tmp_path: Path) -> None:
    model = PromptReader()
    model.profile = replace(model.profile, identity="tests")

    def session(**limits: int) -> Session:
        return Session(model=model, state_dir=tmp_path, cache=False, **limits)

    answer = session().ask(long_document(), QUESTION)
    with pytest.raises(UsageError, match="No room is left to answer"):
        session(max_total_tokens=10).ask(long_document(), QUESTION)
    record = asyncio.run(read_run(tmp_path / "runs", answer.run_id))
    assert record is not None
    assert (record.status, record.calls) == ("finished", 1)


def test_one_failing_question_of_many_ends_the_others() -> None:
    model = Slow()
    started = time.monotonic()
    with pytest.raises(UsageError, match="empty"):
        Session(model=model).ask_many(long_document(), [QUESTION, " "])
    assert time.monotonic() - started < 20


def test_the_limits_must_hold_an_answer_to_each_question_before_the_first_call() -> None:
    class Counting(PromptReader):
        async def count_tokens(self, text: str) -> int:
            await asyncio.sleep(0.1 if "Who painted" in text else 0)
            return await super().count_tokens(text)

    model = Counting()
    with pytest.raises(UsageError, match="limit of 2 calls"):
        Session(model=model, strategy="rag", max_calls=2).ask_many(
            long_document(), [QUESTION, "Who painted?", "Who painted else?"]
        )
    assert model.requests == []


def test_each_answer_of_many_is_told_when_it_is_there() -> None:
    told = threading.Event()

    class Patient(PromptReader):
        async def complete(self, request: Request) -> Reply:
            if "Who painted" in request.messages[-1]["content"]:
                assert await asyncio.to_thread(told.wait, 10), "the answer to the other question was not told"
            return await super().complete(request)

    def listen(event: longagent.events.Event) -> None:
        if isinstance(event, RunFinished):
            told.set()

    answers = Session(model=Patient(), strategy="rag").ask_many(
        long_document(), ["Who painted the ceiling?", QUESTION], on_event=listen
    )
    assert [answer.found for answer in answers] == [False, True]


def test_a_document_is_cut_alike_throughout_a_session() -> None:
    class Learning(PromptReader):
        """Learns meanwhile how many tokens a long text has, as models do from what servers count."""

        learned = False

        async def count_tokens(self, text: str) -> int:
            return int(await super().count_tokens(text) * (1.5 if self.learned and len(text) > 5000 else 1.0))

    model, chunks = Learning(), []
    with Session(model=model, strategy="chain-of-agents", settings={"window": 1024}) as session:
        for model.learned in (False, True):
            chunks.append(session.ask(long_document(), QUESTION).coverage.chunks)
    assert chunks[0] == chunks[1]


def test_one_text_is_not_taken_for_a_list_of_questions() -> None:
    model = PromptReader()
    with pytest.raises(UsageError, match="list of questions"):
        Session(model=model).ask_many(long_document(), QUESTION)
    assert model.requests == []


def test_errors_come_through_both_doors() -> None:
    session = Session(model=PromptReader())
    with pytest.raises(SourceError, match="no such file"):
        session.ask("nowhere/at_all.pdf", QUESTION)
    with pytest.raises(SourceError, match="no such file"):
        asyncio.run(session.aask("nowhere/at_all.pdf", QUESTION))
    with pytest.raises(UsageError, match="Did you mean 'rag'"):
        Session(model=PromptReader(), strategy="rga").ask(long_document(), QUESTION)


def test_asking_from_inside_the_loop_is_refused_not_deadlocked() -> None:
    inner = Session(model=PromptReader())

    def nested(_request: Request) -> str:
        return inner.ask(Document.from_text(NEEDLE), QUESTION).text or ""

    with pytest.raises(RuntimeError, match="await instead"):
        Session(model=ScriptedModel(nested)).ask(long_document(), QUESTION)


def test_nothing_global_changes() -> None:
    before = (dict(os.environ), asyncio.get_event_loop_policy(), list(logging.root.handlers), logging.root.level)
    with SimulatedServer(closest_sentence) as server, Session(base_url=server.base_url) as session:
        assert session.ask(long_document(), QUESTION).found
    after = (dict(os.environ), asyncio.get_event_loop_policy(), list(logging.root.handlers), logging.root.level)
    assert before == after


def test_a_session_closes_and_opens_again() -> None:
    with SimulatedServer(closest_sentence) as server:
        session = Session(base_url=server.base_url)
        assert session.ask(long_document(), QUESTION).found
        session.close()
        session.close()
        assert session.ask(long_document(), QUESTION).found
        session.close()


def test_a_closed_session_that_is_used_again_has_a_cache() -> None:
    model = PromptReader()
    model.profile = replace(model.profile, identity="tests")
    session = Session(model=model, strategy="rag")
    for _ in range(3):
        assert session.ask(long_document(), QUESTION).found
        session.close()
    assert len(model.requests) == 1


def test_json_keeps_the_schema() -> None:
    answer = Session(model=PromptReader()).ask(long_document(), QUESTION)
    record = json.loads(answer.to_json())
    assert record == json.loads(json.dumps(answer.to_dict()))
    assert record["schema"] == 1
    assert record["answer"] == answer.text
    assert record["citations"][0]["quote"] == NEEDLE


def test_tracing_meant_for_another_program_stays_off(monkeypatch: pytest.MonkeyPatch) -> None:
    from langsmith.run_helpers import get_current_run_tree

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "x")
    trees = []

    def reply(_request: Request) -> str:
        trees.append(get_current_run_tree())
        return NEEDLE

    Session(model=ScriptedModel(reply)).ask(long_document(), QUESTION)
    assert trees == [None]


def test_a_host_program_on_langgraph_sees_nothing_of_a_run() -> None:
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, StateGraph

    def node(_state: dict[str, str]) -> dict[str, str]:
        return {"text": Session(model=PromptReader()).ask(long_document(), QUESTION).text or ""}

    graph = StateGraph(dict)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    graph.add_edge("node", END)
    saver = InMemorySaver()
    host = graph.compile(checkpointer=saver)
    host.invoke({}, {"configurable": {"thread_id": "1"}})
    assert {entry.config["configurable"]["checkpoint_ns"] for entry in saver.list(None)} == {""}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_opens_its_own_model() -> None:
    code = f"""
import os, sys
from longagent import Document, Session
session = Session(base_url=sys.argv[1])
document = Document.from_text({NEEDLE!r})
assert session.ask(document, {QUESTION!r}).found
pid = os.fork()
if pid == 0:
    os._exit(0 if session.ask(document, {QUESTION!r}).found else 3)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert session.ask(document, {QUESTION!r}).found
session.close()
"""
    with SimulatedServer(closest_sentence) as server:
        command = [sys.executable, "-c", code, server.base_url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("password", "kept"), [(None, {"documents", "words"}), ("secret", set())])
def test_with_a_password_nothing_is_made_of_documents_that_stays(
    tmp_path: Path, password: str | None, kept: set[str]
) -> None:
    source, cache = tmp_path / "report.md", tmp_path / "cache"
    source.write_text(NEEDLE)
    with Session(model=PromptReader(), strategy="rag", retriever="bm25", cache_dir=cache, password=password) as session:
        assert session.ask(source, QUESTION).found

    async def held() -> set[str]:
        store = IndexStore(cache)
        kinds = await store.by_kind()
        await store.aclose()
        return {kind for kind, held in kinds.items() if held.entries}

    assert asyncio.run(held()) == kept


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_reads_documents_by_itself(tmp_path: Path) -> None:
    """The index store of its parent has threads that are not there; it is asked before any model is."""
    source = tmp_path / "report.md"
    source.write_text(NEEDLE)
    code = f"""
import os, signal, sys
from longagent import Session
from longagent.testing import PromptReader
session = Session(model=PromptReader())
assert session.ask(sys.argv[1], {QUESTION!r}).found
pid = os.fork()
if pid == 0:
    signal.alarm(30)
    os._exit(0 if session.ask(sys.argv[1], {QUESTION!r}).found else 3)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
session.close()
"""
    command = [sys.executable, "-c", code, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_index_is_built_once_for_many_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    from longagent.retrievers import building

    built: list[str] = []

    class Counted(Bm25):
        def __init__(self, chunks: Sequence[Chunk]) -> None:
            built.append(threading.current_thread().name)
            super().__init__(chunks)

    monkeypatch.setattr(building, "Bm25", Counted)
    Session(model=PromptReader(), strategy="rag", cache=False, retriever="bm25").ask_many(
        long_document(), [QUESTION] * 4
    )
    assert len(built) == 1
    assert built[0] != "longagent", "the loop must stay free while an index is built"


def test_the_error_behind_a_failure_is_kept_and_in_no_traceback() -> None:
    with SimulatedServer(faults=["reset"]) as server, pytest.raises(ModelUnavailableError) as raised:
        ask(long_document(), QUESTION, base_url=server.base_url, retries=0)
    # It may quote what the server sent, and hold the headers with the key.
    assert raised.value.__context__ is not None
    assert raised.value.__cause__ is None


def test_an_empty_document_is_refused() -> None:
    with pytest.raises(SourceError, match="empty"):
        Session(model=PromptReader()).ask(Document.from_text(" \n "), QUESTION)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"model": PromptReader()}, "auto"),
        ({}, "bm25"),
        ({"model": "local"}, "bm25"),
        ({"model": "local/other.gguf"}, "auto"),
        ({"retriever": "hybrid"}, "hybrid"),
        ({"model": PromptReader(), "retriever": "bm25"}, "bm25"),
    ],
)
def test_the_embedded_model_alone_is_left_to_words_where_nothing_is_said(options: dict[str, Any], kind: str) -> None:
    from longagent.graphs.wanted import ranking

    with Session(**options) as session:
        assert asyncio.run(ranking(session.settings, session._opened)).kind == kind
    assert asyncio.run(ranking(session.settings, None)).kind == "bm25"


def test_an_address_with_a_password_is_refused_though_nobody_asks_it(tmp_path: Path) -> None:
    options = {"retriever": "bm25", "embedder_url": "http://me:hunter2@127.0.0.1/v1", "state_dir": tmp_path}
    with Session(model=PromptReader(), strategy="rag", **options) as session, pytest.raises(UsageError) as raised:
        session.ask(long_document(), QUESTION)
    assert "hunter2" not in str(raised.value)
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"hunter2" in file.read_bytes()]


def test_reasoning_ranks_nothing_and_needs_no_reranker() -> None:
    # Named in the environment, say, without the server that only documents need.
    with Session(model=ScriptedModel(["<conclusion>4</conclusion>"] * 9), rerank="bge") as session:
        assert session.reason("What is two and two?").text


def test_a_retriever_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="retriever = 'best'.*auto, bm25, dense, hybrid"):
        Session(retriever="best")
