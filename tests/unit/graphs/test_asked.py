"""Runs that met a limit, a failure or an interruption, and what becomes of them when the same is asked again."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.survey import NEEDLE, QUESTION, long_document
from support.toy import toy

from longagent.answer import Answer
from longagent.documents import Loaded
from longagent.errors import (
    ContentRefusedError,
    ModelError,
    ModelRejectedError,
    ModelUnavailableError,
    ReplyError,
    ServerDownError,
    UsageError,
)
from longagent.events import Event, RunStarted
from longagent.graphs import Forecast, Means, Models, Run, resolve
from longagent.graphs.resolve import Resolved
from longagent.graphs.strategy import Estimate
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Reply, Request
from longagent.llm.retries import Policy
from longagent.store import database
from longagent.store.lock import exclusive
from longagent.testing import ScriptedModel

PAGES = 14
DOCUMENT = long_document(PAGES, needle_on=9)


class Model(ScriptedModel):
    """Says the needle; `trouble` may raise, and what it returns is said instead."""

    def __init__(self, trouble: Callable[[Request], str | None] = lambda _: None, *, scale: float = 1.0) -> None:
        super().__init__(lambda request: NEEDLE if (said := trouble(request)) is None else said)
        self.scale = scale
        self.hangs: Callable[[Request], bool] = lambda _: False

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        if self.hangs(request):
            await asyncio.sleep(60)
        return reply

    async def count_tokens(self, text: str) -> int:
        return int(await super().count_tokens(text) * self.scale)


class Desk:
    """Asks the same again and again, with the journal of before."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.resolved = resolve("chain-of-agents", {"window": 1024, **settings})
        self.events: list[Event] = []

    def run(self, model: ScriptedModel, limits: Limits | None = None) -> Run:
        means = Means(budget=Budget(limits or Limits()), runs=self.folder / "runs", policy=Policy(attempts=1))
        return Run(Loaded((DOCUMENT,), ()), Models(model), self.resolved, emit=self.events.append, means=means)

    def ask(self, model: ScriptedModel, limits: Limits | None = None) -> Answer:
        async def go() -> Answer:
            async with asyncio.timeout(20):
                return await self.run(model, limits).answer(QUESTION, seed=3)

        return asyncio.run(go())

    def interrupt(self, model: Model, limits: Limits | None = None) -> None:
        """Ask, and cancel when the model hangs."""

        async def go() -> None:
            task = asyncio.ensure_future(self.run(model, limits).answer(QUESTION, seed=3))
            while not (model.requests and model.hangs(model.requests[-1])):
                assert not task.done(), "ended before the model hung"
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(go())

    def forecast(self) -> Forecast:
        return asyncio.run(self.run(Model()).forecast(QUESTION))


def final_fails(error: Exception) -> Callable[[Request], None]:
    def trouble(request: Request) -> None:
        if request.final:
            raise error

    return trouble


def reads_pages(request: Request, *pages: int) -> bool:
    return not request.final and any(f"near marker {n}." in request.messages[-1]["content"] for n in pages)


def pages_read(model: ScriptedModel) -> set[int]:
    return {n for n in range(1, PAGES + 1) for request in model.requests if reads_pages(request, n)}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    "error",
    [
        ModelRejectedError("the key was revoked."),
        ModelUnavailableError("the server is gone."),
        ContentRefusedError("declined."),
        ReplyError("unusable."),
    ],
)
def test_a_limit_then_a_failing_answer_then_asked_again_reads_on(desk: Desk, error: ModelError) -> None:
    with pytest.raises(type(error)):
        desk.ask(Model(final_fails(error)), Limits(calls=4))
    again = Model()
    answer = desk.ask(again)
    assert (answer.partial, answer.exit_code) == (False, 0)
    assert answer.coverage.read == answer.coverage.chunks
    assert len(again.requests) == desk.forecast().calls - 3


def test_a_limit_then_an_interrupted_answer_then_asked_again_reads_on(desk: Desk) -> None:
    model = Model()
    model.hangs = lambda request: request.final
    desk.interrupt(model, Limits(calls=4))
    assert len(model.requests) == 4
    again = Model()
    answer = desk.ask(again)
    assert (answer.partial, answer.coverage.read) == (False, answer.coverage.chunks)
    assert len(again.requests) == desk.forecast().calls - 3


def test_time_that_is_up_then_a_failing_answer_then_asked_again_reads_on(desk: Desk) -> None:
    model = Model(final_fails(ModelRejectedError("the key was revoked.")))
    model.hangs = lambda _: len(model.requests) == 3
    with pytest.raises(ModelRejectedError):
        desk.ask(model, Limits(seconds=1.0))
    answer = desk.ask(Model())
    assert (answer.partial, answer.coverage.read) == (False, answer.coverage.chunks)


def test_documents_cut_otherwise_are_read_from_the_start(desk: Desk) -> None:
    model = Model()
    model.hangs = lambda request: reads_pages(request, 12)
    desk.interrupt(model)
    again = Model(scale=1.5)
    answer = desk.ask(again)
    first, second = (event.chunks for event in desk.events if isinstance(event, RunStarted))
    assert first < second
    assert answer.coverage.read == answer.coverage.chunks == second
    assert pages_read(again) == set(range(1, PAGES + 1))


def test_documents_cut_alike_are_read_on(desk: Desk) -> None:
    model = Model()
    model.hangs = lambda request: reads_pages(request, 12)
    desk.interrupt(model)
    again = Model()
    answer = desk.ask(again)
    assert answer.coverage.read == answer.coverage.chunks
    assert len(model.requests) - 1 + len(again.requests) == desk.forecast().calls


def test_samples_of_one_seed_differ(tmp_path: Path) -> None:
    model = Model()
    Desk(tmp_path, paths=4).ask(model)
    assert {request.seed for request in model.requests} == {3, 4, 5, 6}


def test_a_chunk_that_one_chain_read_and_another_could_not_is_read(tmp_path: Path) -> None:
    def second_chain(request: Request) -> None:
        if not request.final and request.sample == 1:
            raise ContentRefusedError("declined.")

    answer = Desk(tmp_path, direction="both").ask(Model(second_chain))
    assert (answer.coverage.read, answer.coverage.failed) == (answer.coverage.chunks, 0)
    assert not answer.partial
    assert not any("could not be read" in warning for warning in answer.warnings)


def test_a_run_that_can_read_nothing_is_an_error_and_tried_again(desk: Desk) -> None:
    def refuses(request: Request) -> None:
        raise ContentRefusedError("the provider declined.")

    with pytest.raises(ModelError, match=r"None of the chunks could be read; the last: the provider declined"):
        desk.ask(Model(refuses))
    answer = desk.ask(Model())
    assert (answer.text, answer.coverage.failed) == (NEEDLE, 0)


def test_an_unusable_answer_is_not_replayed_for_ever(desk: Desk) -> None:
    useless = Model(lambda request: "Answer:" if request.final else None)
    with pytest.raises(ReplyError):
        desk.ask(useless)
    again = Model()
    assert desk.ask(again).text == NEEDLE
    assert [request.final for request in again.requests] == [True], "what was read is kept"


def test_chunks_that_always_fail_in_a_row_are_never_the_runs_end(desk: Desk) -> None:
    def fails(request: Request) -> None:
        if reads_pages(request, *range(1, 8)):
            raise ModelUnavailableError("HTTP 500.", trouble="overload")

    model = Model(fails)
    answer = desk.ask(model)
    assert [request.role for request in model.requests].count("check") == 1
    assert answer.coverage.failed >= 3
    assert answer.coverage.read + answer.coverage.failed == answer.coverage.chunks
    assert answer.text == NEEDLE


def test_a_server_that_answers_nothing_stops_a_run(desk: Desk) -> None:
    def fails(request: Request) -> None:
        if request.role == "check" or reads_pages(request, *range(1, 8)):
            raise ModelUnavailableError("HTTP 500.", trouble="overload")

    with pytest.raises(ServerDownError, match="3 calls in a row failed"):
        desk.ask(Model(fails))
    answer = desk.ask(Model(fails))
    assert answer.coverage.failed >= 3
    assert answer.text == NEEDLE


def test_what_was_taken_over_is_not_spent(desk: Desk) -> None:
    model = Model()
    model.hangs = lambda request: request.final
    desk.interrupt(model)
    assert desk.ask(Model(), Limits(calls=desk.forecast().calls)).exit_code == 0


def test_one_of_several_managers_without_room_does_not_cost_the_others_answers(tmp_path: Path) -> None:
    empty = iter(["Answer:"])
    desk = Desk(tmp_path, paths=3)
    model = Model(lambda request: next(empty, None) if request.final else None)
    answer = desk.ask(model, Limits(calls=desk.forecast().calls))
    assert answer.text == NEEDLE
    assert "1 of 3 chains could not be answered from." in answer.warnings


def test_where_the_journal_cannot_be_opened_no_checkpoints_are_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.1)
    runs = desk.folder / "runs"
    runs.mkdir()
    with exclusive(runs / ".lock", seconds=1), caplog.at_level(logging.WARNING, "longagent"):
        assert desk.ask(Model()).text == NEEDLE
    assert [path.name for path in runs.iterdir()] == [".lock"]
    assert [message.partition(":")[0] for message in caplog.messages] == ["this run cannot be resumed"]


@dataclass(frozen=True)
class _WithPath:
    """Settings as another package may have them."""

    stopwords: Path = Path("stopwords.txt")


def test_a_setting_may_be_a_path(desk: Desk) -> None:
    ids = set()
    for config in (_WithPath(), _WithPath(), _WithPath(Path("other.txt"))):
        desk.resolved = Resolved(replace(toy(), config=_WithPath), config, "as asked")
        answer = desk.ask(Model())
        assert answer.text == NEEDLE
        ids.add(answer.run_id)
    assert len(ids) == 2


def test_a_strategy_that_plans_no_answer_is_refused_before_any_call(desk: Desk) -> None:
    strategy = toy()

    async def none_final(plan: Any, chunks: Any) -> Estimate:
        made = await strategy.estimate(plan, chunks)
        return replace(made, planned=tuple(part._replace(final=False) for part in made.planned))

    desk.resolved = Resolved(replace(strategy, estimate=none_final), strategy.config(), "as asked")
    model = Model()
    with pytest.raises(UsageError, match="'toy' plans no call that writes the answer"):
        desk.ask(model)
    assert model.requests == []
