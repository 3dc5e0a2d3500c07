"""Indexing for `graph-reader`: what is read, what is kept, and what is not read again."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.survey import NEEDLE, QUESTION, long_document

from longagent.answer import Answer
from longagent.documents import Document, Loaded
from longagent.errors import (
    ContentRefusedError,
    ContextTooLongError,
    ModelUnavailableError,
    ServerDownError,
    WindowTooSmallError,
)
from longagent.events import CallSpared, ChunkFailed, ChunksRead, Event, UnitWritten
from longagent.graphs import Forecast, Means, Models, Run, orchestrator, registry
from longagent.graphs.graph_reader import index_only as index_only_module
from longagent.graphs.graph_reader import indexing
from longagent.graphs.graph_reader.entries import Entry, as_record, entry_key, from_record
from longagent.graphs.graph_reader.fact_graph import FactGraph
from longagent.graphs.graph_reader.index_only import index_only
from longagent.graphs.graph_reader.indexing import fact_graph
from longagent.graphs.resolve import Resolved
from longagent.graphs.strategy import Plan
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Reply, Request
from longagent.llm.retries import Policy
from longagent.store.index_store import IndexStore
from longagent.testing import ScriptedModel
from longagent.testing.readers import read_prompt

BARRED = "1. Day {0} was quiet. | day {0} | quiet\n2. The surveyor saw gull {0}. | surveyor | gull {0}"


def days(request: Request) -> list[int]:
    """The pages in a prompt's passage."""
    return [int(day) for day in re.findall(r"Page heading (\d+)", request.messages[-1]["content"])]


class Reader(ScriptedModel):
    """Tells two facts of each page it sees, unless told otherwise."""

    name = "reader"

    def __init__(self, trouble: Callable[[Request], str | None] = lambda _: None, **profile: Any) -> None:
        super().__init__(lambda request: trouble(request) or self.told(request), **profile)
        self.profile = replace(self.profile, identity="tests")
        self.finish: Callable[[Request], str] = lambda _: "stop"

    @staticmethod
    def told(request: Request) -> str:
        return "\n".join(BARRED.format(day) for day in days(request)) or "1. All was quiet. | quiet"

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        return replace(reply, finish=self.finish(request))


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Replace nodes of a graph, which is built anew for it."""
    monkeypatch.setattr(orchestrator, "_built", orchestrator._built.__wrapped__)
    return monkeypatch


class Killed(BaseException):
    """Ends a run as a kill does: the journal is not told."""


class Indexed(NamedTuple):
    answer: Answer
    graph: FactGraph
    events: list[Event]
    forecast: Forecast


async def index(
    model: ScriptedModel,
    document: Document,
    *,
    means: Means | None = None,
    forget: bool = False,
    question: str = "(index)",
    **settings: Any,
) -> Indexed:
    """Index a document by a strategy that does nothing else.

    Args:
        model: who reads.
        document: what is read.
        means: lent by the session.
        forget: whether memory is lost before the graph is asked for, as when a process takes up a checkpoint.
        question: what makes it another run.
        settings: of graph-reader.
    """
    events: list[Event] = []
    strategy = index_only(registry.get("graph-reader"))
    config = registry.configure(strategy, {"chunk_tokens": 300, "index": "model", **settings})
    run = Run(
        Loaded((document,), ()),
        Models(model),
        Resolved(strategy, config, "as asked"),
        emit=events.append,
        means=means or Means(),
    )
    forecast = await run.forecast(question)
    asked = await run.prepare(question, seed=None)
    try:
        answer = await asked.answer()
        if forget:
            asked.context.memo.clear()
        return Indexed(answer, await fact_graph(asked.context), events, forecast)
    finally:
        await asked.aclose()


def run(model: ScriptedModel, document: Document | None = None, **given: Any) -> Indexed:
    return asyncio.run(index(model, document or long_document(8, needle_on=5), **given))


def with_store(folder: Path, work: Callable[[Means], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        store = IndexStore(folder)
        try:
            return await work(Means(index=store))
        finally:
            await store.aclose()

    return asyncio.run(go())


def test_each_chunk_is_read_once_without_the_question_and_becomes_part_of_the_graph() -> None:
    model = Reader()
    done = run(model)
    n = done.answer.coverage.chunks
    assert n >= 4
    assert len(model.requests) == n == done.forecast.calls
    assert done.forecast.exact
    assert {request.role for request in model.requests} == {"graph_reader/facts"}
    reads = [read_prompt(request.messages) for request in model.requests]
    passages = [read.passages()[0] for read in reads if read]
    assert re.sub(r"\s", "", "".join(passages)) == re.sub(r"\s", "", long_document(8, needle_on=5).text)
    assert [fact.text for fact in done.graph.facts][:3] == [
        "Day 1 was quiet.",
        "The surveyor saw gull 1.",
        "Day 2 was quiet.",
    ]
    assert done.graph.names[:2] == ("quiet", "surveyor")
    assert done.graph.neighbours("surveyor", 2) == ("gull 1", "gull 2")
    assert [fact.chunk for fact in done.graph.facts] == sorted(fact.chunk for fact in done.graph.facts)
    assert sum(isinstance(event, UnitWritten) for event in done.events) == n
    assert done.answer.warnings == ()
    assert done.answer.coverage.read == n
    usage = done.answer.usage
    assert (usage.prompt_tokens or 0) <= done.forecast.prompt_tokens
    assert (usage.completion_tokens or 0) <= done.forecast.completion_tokens


def test_facts_come_in_the_order_of_chunks_whatever_the_order_of_replies() -> None:
    class Backwards(Reader):
        async def complete(self, request: Request) -> Reply:
            await asyncio.sleep(0.02 / days(request)[0])
            return await super().complete(request)

    assert run(Backwards()).graph.facts == run(Reader()).graph.facts


def test_code_indexes_without_a_call_by_sentences() -> None:
    model = Reader()
    done = run(model, index="code")
    assert (model.requests, done.forecast.calls, done.answer.coverage.read) == ([], 0, 0)
    (fact,) = done.graph.facts_of("Skagen")
    assert fact.text == NEEDLE
    assert "482,000" in fact.elements
    assert "crowns" in done.graph.neighbours("Skagen", 9)


def test_a_model_that_never_abstains_is_left_out_of_it_unless_told_otherwise() -> None:
    small = Reader(abstains=False, reading_tokens=1200)
    run(small, index="auto")
    assert small.requests == []
    run(small, index="model")
    assert small.requests


def test_what_cannot_be_read_twice_is_replaced_by_sentences_and_counted() -> None:
    model = Reader(lambda request: "I cannot." if days(request)[0] == 1 else None)
    done = run(model)
    first = [fact for fact in done.graph.facts if fact.chunk == 0]
    assert first[1].text.startswith("On day 1 the surveyor walked the northern dunes")
    assert "dune" in first[1].elements or "dunes" in first[1].elements
    assert done.answer.warnings == (
        "The facts of a chunk could not be read from the replies: the sentences stand for them.",
    )
    assert done.answer.coverage.read == done.answer.coverage.chunks
    assert len(model.requests) == done.answer.coverage.chunks + 1


def test_of_a_list_that_is_cut_off_whole_lines_are_kept() -> None:
    model = Reader(lambda request: f"{Reader.told(request)}\n9. It rai")
    model.finish = lambda request: "length" if days(request)[0] == 1 else "stop"
    done = run(model, facts_tokens=200)
    assert not any(fact.text == "It rai" for fact in done.graph.facts if fact.chunk == 0)
    assert done.answer.warnings == (
        "A list of facts was cut at 200 tokens; -S facts_tokens=N or a smaller -S chunk_tokens=N helps.",
    )


def test_a_list_of_which_no_line_is_whole_is_replaced_by_sentences() -> None:
    model = Reader(lambda request: "1. On and on and on")
    model.finish = lambda _: "length"
    done = run(model)
    assert NEEDLE in [fact.text for fact in done.graph.facts]
    assert len(model.requests) == done.answer.coverage.chunks


def test_a_fact_without_elements_gets_them_by_code() -> None:
    done = run(Reader(lambda _: "1. Skagen is old.\n2. It is so. | it | | so"))
    assert done.graph.facts[0].elements == ("Skagen", "old")
    assert done.graph.facts[1].elements == ()


def test_one_failing_chunk_is_counted_and_the_others_are_indexed() -> None:
    def refuse(request: Request) -> str | None:
        if 3 in days(request):
            raise ContentRefusedError("refused.")
        return None

    model = Reader(refuse)
    done = run(model)
    assert done.answer.coverage.failed == 1
    assert any(isinstance(event, ChunkFailed) for event in done.events)
    assert "quiet" in done.graph.names
    assert not done.graph.facts_of("gull 3")
    # Asking for the graph does not try again.
    assert len(model.requests) == done.answer.coverage.chunks


def test_a_chunk_that_is_too_long_is_read_in_halves_which_are_one_entry(tmp_path: Path) -> None:
    def too_long(request: Request) -> str | None:
        if len(request.messages[-1]["content"]) > 1600:
            raise ContextTooLongError("too long.")
        return f"1. Half of {len(request.messages[-1]['content'])}. | half"

    async def twice(means: Means) -> tuple[Indexed, Indexed]:
        return await index(Reader(too_long), DOCUMENT, means=means), await index(
            Reader(too_long), DOCUMENT, means=means
        )

    first, second = with_store(tmp_path, twice)
    halves = [fact.chunk for fact in first.graph.facts]
    assert len(halves) > len(set(halves))
    assert second.graph.facts == first.graph.facts
    assert second.answer.usage.calls == 0


DOCUMENT = long_document(8, needle_on=5)


def test_another_question_about_an_indexed_document_makes_no_index_call(tmp_path: Path) -> None:
    model = Reader()

    async def twice(means: Means) -> tuple[Indexed, Indexed]:
        first = await index(model, DOCUMENT, means=means)
        before = len(model.requests)
        second = await index(model, DOCUMENT, means=means, question="(another)")
        assert len(model.requests) == before == first.answer.coverage.chunks
        return first, second

    first, second = with_store(tmp_path, twice)
    assert (second.forecast.calls, second.forecast.exact) == (0, True)
    assert second.graph.facts == first.graph.facts
    assert second.answer.coverage == first.answer.coverage
    assert [event.chunks for event in second.events if isinstance(event, ChunksRead)] == [
        tuple(range(second.answer.coverage.chunks))
    ]
    assert not any(isinstance(event, CallSpared) for event in second.events)


def test_another_process_finds_it_too(tmp_path: Path) -> None:
    with_store(tmp_path, lambda means: index(Reader(), DOCUMENT, means=means))
    model = Reader()
    done = with_store(tmp_path, lambda means: index(model, DOCUMENT, means=means))
    assert model.requests == []
    assert done.graph.known("Gull 8") == "gull 8"


def test_a_page_that_changed_is_read_again_and_no_other(tmp_path: Path) -> None:
    pages = [DOCUMENT.page_text(page) for page in DOCUMENT.pages]
    with_store(tmp_path, lambda means: index(Reader(), DOCUMENT, means=means))
    pages[2] = pages[2].replace("gull number 3", "crow number 3")
    changed = Document.from_pages(pages, id="f0" * 32, name="survey.pdf", paged=True)
    model = Reader()
    done = with_store(tmp_path, lambda means: index(model, changed, means=means))
    assert done.forecast.calls == 1
    assert [3 in days(request) for request in model.requests] == [True]
    assert len({fact.chunk for fact in done.graph.facts}) == done.answer.coverage.chunks


def test_what_decides_an_entry_is_part_of_its_key() -> None:
    model = Reader()
    key = entry_key("text", model, cap=100)
    assert key == entry_key("text", Reader(), cap=100)
    others = [Reader(), Reader(), Reader()]
    others[0].name = "another"
    others[1].profile = replace(model.profile, identity="another server")
    others[2].profile = replace(model.profile, thinking_tokens=100)
    keys = {entry_key("text", other, cap=100) for other in others}
    assert len({key, *keys, entry_key("texts", model, cap=100), entry_key("text", model, cap=101)}) == 6


def test_nothing_is_kept_for_a_model_that_nobody_knows(tmp_path: Path) -> None:
    model = Reader()
    model.profile = replace(model.profile, identity="")
    for calls in (1, 2):
        done = with_store(tmp_path, lambda means: index(model, DOCUMENT, means=means))
        assert len(model.requests) == calls * done.answer.coverage.chunks


def test_facts_by_code_are_not_kept_for_others(tmp_path: Path) -> None:
    with_store(tmp_path, lambda means: index(Reader(lambda _: "I cannot."), DOCUMENT, means=means))
    model = Reader()
    done = with_store(tmp_path, lambda means: index(model, DOCUMENT, means=means))
    assert len(model.requests) == done.answer.coverage.chunks


def test_an_entry_that_is_none_is_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = Reader()

    async def spoil(means: Means) -> None:
        await index(model, DOCUMENT, means=means)
        assert means.index
        first = read_prompt(model.requests[0].messages)
        assert first
        text = first.passages()[0]
        await means.index.put(entry_key(text, model, cap=1024), {"facts": [["only a text"]], "cut": 0})

    with_store(tmp_path, spoil)
    model = Reader()
    with caplog.at_level(logging.WARNING):
        with_store(tmp_path, lambda means: index(model, DOCUMENT, means=means))
    assert [days(request)[0] for request in model.requests] == [1]
    assert "not as it should be" in caplog.text


def test_an_entry_is_plain_json_there_and_back() -> None:
    done = run(Reader())
    entry = Entry(tuple(fact for fact in done.graph.facts if fact.chunk == 1), cut=1)
    assert from_record(json.loads(json.dumps(as_record(entry))), 1) == entry


def test_a_limit_ends_the_indexing_and_the_graph_holds_what_was_read() -> None:
    model = Reader()
    done = run(model, means=Means(budget=Budget(Limits(calls=3))))
    assert len(model.requests) == 3
    assert done.answer.partial
    assert done.answer.coverage.read == 3
    assert len({fact.chunk for fact in done.graph.facts}) == 3


def test_a_graph_that_memory_lost_is_made_again_from_the_store(tmp_path: Path) -> None:
    model = Reader()
    done = with_store(tmp_path, lambda means: index(model, DOCUMENT, means=means, forget=True))
    assert len(model.requests) == done.answer.coverage.chunks
    assert done.graph.facts == run(Reader(), DOCUMENT).graph.facts


def test_or_from_the_journal_where_nothing_is_kept_for_others(tmp_path: Path, nodes: pytest.MonkeyPatch) -> None:
    graphs: list[FactGraph] = []

    async def tell(state: Any, runtime: Any) -> Any:
        if not graphs:
            graphs.append(await fact_graph(runtime.context))
            raise Killed  # all chunks are indexed, and the checkpoint says so
        graphs.append(await fact_graph(runtime.context))
        return {"reply": ""}

    tell.__annotations__ = index_only_module.tell.__annotations__
    nodes.setattr(index_only_module, "tell", tell)

    def refuse(request: Request) -> str | None:
        if 3 in days(request):
            raise ContentRefusedError("refused.")
        return "I cannot." if 5 in days(request) else None

    model = Reader(refuse)
    with pytest.raises(Killed):
        run(model, DOCUMENT, means=Means(runs=tmp_path))
    before = len(model.requests)
    done = run(model, DOCUMENT, means=Means(runs=tmp_path))
    # One chunk was asked about twice. What a provider refuses is no journal's: it is tried again, and nothing else.
    assert before == done.answer.coverage.chunks + 1
    assert [3 in days(request) for request in model.requests[before:]] == [True]
    first, second = graphs
    assert second.facts == first.facts
    assert NEEDLE in [fact.text for fact in second.facts]


def test_five_who_ask_for_the_graph_at_once_get_one() -> None:
    async def go() -> None:
        model = Reader()
        strategy = index_only(registry.get("graph-reader"))
        config = registry.configure(strategy, {"chunk_tokens": 300})
        run = Run(Loaded((DOCUMENT,), ()), Models(model), Resolved(strategy, config, ""), emit=lambda _: None)
        asked = await run.prepare("(index)", seed=None)
        # Nothing was indexed yet: then it is.
        graphs = await asyncio.gather(*(fact_graph(asked.context) for _ in range(5)))
        await asked.aclose()
        assert all(graph is graphs[0] for graph in graphs)
        assert len(model.requests) == len(asked.context.chunks)

    asyncio.run(go())


def test_four_hundred_chunks_are_indexed_side_by_side_and_an_empty_document_not_at_all() -> None:
    class Counting(Reader):
        flying = most = 0

        async def complete(self, request: Request) -> Reply:
            self.flying += 1
            self.most = max(self.most, self.flying)
            await asyncio.sleep(0.001)
            self.flying -= 1
            return await super().complete(request)

    model = Counting()
    done = run(model, long_document(400), chunk_tokens=200)
    assert done.answer.coverage.chunks >= 400
    assert len(model.requests) == done.answer.coverage.chunks
    assert 8 < model.most <= 64
    empty = run(Reader(), Document.from_text(" "))
    assert (empty.graph.names, empty.answer.coverage.chunks) == ((), 0)


@pytest.mark.parametrize("window", [1024, 2048, 8192])
def test_prompts_fit_the_window_or_it_is_refused(window: int) -> None:
    # The scripted model refuses requests that do not fit.
    assert run(Reader(window=window), chunk_tokens=None).answer.coverage.failed == 0


def test_a_window_without_room_is_refused_before_any_call() -> None:
    model = Reader(window=640)
    with pytest.raises(WindowTooSmallError, match="graph-reader"):
        run(model, facts_tokens=400)
    assert model.requests == []


def test_no_fact_and_no_text_is_in_the_state(nodes: pytest.MonkeyPatch) -> None:
    updates: list[str] = []
    for name in ("find_indexed", "index_chunk"):
        node = getattr(indexing, name)

        async def kept(state: Any, runtime: Any, node: Any = node) -> Any:
            update = await node(state, runtime)
            updates.append(json.dumps(update))
            return update

        kept.__name__ = name
        kept.__annotations__ = node.__annotations__
        nodes.setattr(indexing, name, kept)
    run(Reader())
    assert updates
    assert not any("quiet" in update or "surveyor" in update for update in updates)


def test_a_question_to_graph_reader_finds_the_index_that_was_made_without_one(tmp_path: Path) -> None:
    def say(request: Request) -> str | None:
        return None if request.role == "graph_reader/facts" else "Not found."

    with_store(tmp_path, lambda means: index(Reader(), DOCUMENT, means=means))
    model = Reader(say)

    async def ask(means: Means) -> Answer:
        strategy = registry.get("graph-reader")
        config = registry.configure(strategy, {"chunk_tokens": 300, "index": "model"})
        run = Run(
            Loaded((DOCUMENT,), ()), Models(model), Resolved(strategy, config, ""), emit=lambda _: None, means=means
        )
        return await run.answer(QUESTION, seed=None)

    answer = with_store(tmp_path, ask)
    assert "graph_reader/facts" not in {request.role for request in model.requests}
    assert answer.coverage.read == answer.coverage.chunks
    assert asdict(answer.usage)["calls"] == len(model.requests)


def test_a_server_that_is_down_ends_the_indexing() -> None:
    def down(_: Request) -> str | None:
        raise ModelUnavailableError("the connection broke.", trouble="connection")

    with pytest.raises(ServerDownError):
        run(Reader(down), means=Means(policy=Policy(attempts=1)))


def test_an_edit_hardly_changes_the_length_of_chunks_that_the_window_bounds() -> None:
    class Finer(Reader):
        async def count_tokens(self, text: str) -> int:
            return len(text) // 3 + 1

    async def length(edit: int) -> int:
        strategy, text = registry.get("graph-reader"), "On day 7 the surveyor walked past the dunes. " * 130
        config, models = registry.configure(strategy, {}), Models(Finer(window=4096))
        return await strategy.chunk_tokens(Plan("", config, models, text[edit:] + "XYZ " * edit, Means().delimiters))

    lengths = [asyncio.run(length(edit)) for edit in range(0, 40, 2)]
    assert min(lengths) > 1000
    assert len(set(lengths)) <= 2
