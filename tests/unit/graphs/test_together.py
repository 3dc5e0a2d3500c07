"""Several questions that share one reading: one pass, an answer and a final call each, and nothing counted twice."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.survey import NEEDLE, QUESTION, long_document
from typer.testing import CliRunner

from longagent import Session
from longagent.answer import Answer
from longagent.cli.main import app
from longagent.documents.tokens import count_tokens
from longagent.errors import ContentRefusedError, ModelRejectedError, ModelUnavailableError, UsageError
from longagent.events import CallStarted, Event, RunFinished, RunStarted
from longagent.graphs import registry
from longagent.llm.model import Reply, Request
from longagent.testing import ScriptedModel
from longagent.testing.readers import read_prompt

MARKERS = "Which gull was seen near marker 3?"
CEILING = "Who painted the ceiling of the opera?"
QUESTIONS = [QUESTION, MARKERS, CEILING]
GULL = "gull number 3 was seen again near marker 3."
DOCUMENT = long_document(10, needle_on=5)


def memory(request: Request) -> str:
    """Keep both facts, as an ideal reader of all questions would; and answer the one that is asked."""
    if request.role == "check":
        return "yes"
    read = read_prompt(request.messages)
    assert read is not None
    held = "".join(read.slots.values())
    if "passages" in read.slots:
        kept = [fact for fact in (NEEDLE, GULL) if fact in held]
        return " ".join(kept) or "Dunes."
    return {QUESTION: NEEDLE, MARKERS: "gull number 3"}.get(read.question, "Not found.")


class Reader(ScriptedModel):
    """Keeps a memory, and gets into trouble as told. Calls take a moment, as real ones do."""

    def __init__(self, trouble: Callable[[Request], Exception | None] = lambda _: None, *, identity: str = "") -> None:
        super().__init__(memory)
        self.profile = replace(self.profile, identity=identity)
        self.done: list[Request] = []
        self._trouble = trouble

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        if error := self._trouble(request):
            raise error
        await asyncio.sleep(0)
        self.done.append(request)
        return reply

    @property
    def reading(self) -> list[Request]:
        return [request for request in self.requests if not request.final]

    @property
    def final(self) -> list[Request]:
        return [request for request in self.requests if request.final]


def session(
    model: ScriptedModel, folder: Path | None = None, settings: dict[str, Any] | None = None, **more: Any
) -> Session:
    if folder is not None:
        more["state_dir"] = folder
    settings = {"chunk_tokens": 300, "together": True} if settings is None else settings
    return Session(model=model, strategy="mem-agent", settings=settings, cache=False, retries=0, **more)


def ask(
    model: ScriptedModel, questions: Sequence[str] = QUESTIONS, *, events: list[Event] | None = None, **more: Any
) -> list[Answer]:
    with session(model, **more) as opened:
        return opened.ask_many(DOCUMENT, questions, on_event=(events if events is not None else []).append)


def chunks_of(answers: Sequence[Answer]) -> int:
    (chunks,) = {answer.coverage.chunks for answer in answers}
    return chunks


def test_one_pass_and_a_final_call_for_each_question() -> None:
    model, events = Reader(), list[Event]()
    answers = ask(model, events=events)
    n = chunks_of(answers)
    assert n >= 6
    assert (len(model.reading), len(model.final)) == (n, 3)
    for request in model.reading:
        assert all(question in request.messages[-1]["content"] for question in QUESTIONS)
    for request in model.final:
        (asked,) = [question for question in QUESTIONS if question in request.messages[-1]["content"]]
        assert NEEDLE in request.messages[-1]["content"], f"{asked} is answered from the shared memory"
    assert [answer.question for answer in answers] == QUESTIONS
    assert [answer.text for answer in answers] == [NEEDLE, "gull number 3", None]
    assert [[citation.page for citation in answer.citations] for answer in answers] == [[5], [3], []]
    assert all(answer.coverage.read == n and not answer.partial for answer in answers)
    assert len({answer.run_id for answer in answers}) == 3
    assert [sum(isinstance(event, kind) for event in events) for kind in (RunStarted, RunFinished)] == [3, 3]


def test_what_is_read_for_all_is_counted_once() -> None:
    model, events = Reader(), list[Event]()
    answers = ask(model, events=events)
    n = chunks_of(answers)
    assert sum(answer.usage.calls for answer in answers) == len(model.requests) == n + 3
    assert all(answer.usage.calls + answer.usage.cached_calls == n + 1 for answer in answers)
    assert sum(isinstance(event, CallStarted) for event in events) == n + 3
    spent = sum(answer.usage.prompt_tokens or 0 for answer in answers)
    assert spent == sum(map(count_tokens, model.prompts))


def test_without_the_setting_each_question_is_read_for_by_itself() -> None:
    model = Reader()
    answers = ask(model, settings={"chunk_tokens": 300})
    assert len(model.requests) == 3 * (chunks_of(answers) + 1)
    assert not any(
        QUESTION in r.messages[-1]["content"] and MARKERS in r.messages[-1]["content"] for r in model.requests
    )


def test_one_question_alone_is_asked_as_ever() -> None:
    together, alone = Reader(), Reader()
    (answer,) = ask(together, [QUESTION, QUESTION])[:1]
    with session(alone) as opened:
        assert opened.ask(DOCUMENT, QUESTION).run_id == answer.run_id
    assert together.prompts == alone.prompts


def test_a_run_is_another_among_other_questions() -> None:
    ids = {
        ask(Reader(), questions)[0].run_id for questions in ([QUESTION], QUESTIONS, QUESTIONS[:2], [*QUESTIONS[::2]])
    }
    assert len(ids) == 4


def test_the_estimate_of_several_questions_is_what_they_take() -> None:
    model = Reader()
    with session(model) as opened:
        told = opened.estimate(DOCUMENT, QUESTIONS)
        answers = opened.ask_many(DOCUMENT, QUESTIONS)
    n = chunks_of(answers)
    assert (told.calls, told.exact, told.depth) == (n + 3, True, n + 1)
    assert {role.role: role.calls for role in told.roles} == {"update": n, "answer": 3}
    assert sum(answer.usage.prompt_tokens or 0 for answer in answers) <= told.prompt_tokens
    with session(model, settings={"chunk_tokens": 300}) as opened:
        assert opened.estimate(DOCUMENT, QUESTIONS).calls == 3 * (n + 1)
        assert opened.estimate(DOCUMENT, QUESTION).calls == n + 1
        with pytest.raises(UsageError, match="no question"):
            opened.estimate(DOCUMENT, [])


def test_a_chunk_that_fails_fails_for_all_and_is_not_tried_again() -> None:
    def declines(request: Request) -> Exception | None:
        return ContentRefusedError("declined.") if "Page heading 7\n" in request.messages[-1]["content"] else None

    model = Reader(declines)
    answers = ask(model)
    assert [answer.coverage.failed for answer in answers] == [1, 1, 1]
    assert len(model.reading) == chunks_of(answers)


@pytest.mark.parametrize("most", [3, 5, 8])
def test_under_a_limit_every_question_is_answered_from_what_was_read(most: int) -> None:
    model = Reader()
    answers = ask(model, max_calls=most)
    assert len(model.requests) <= most
    assert len(model.reading) == most - 3
    assert all(answer.partial and answer.coverage.read == most - 3 for answer in answers)
    assert len(model.final) == (3 if most > 3 else 0)


def test_limits_must_hold_an_answer_to_each() -> None:
    model = Reader()
    with pytest.raises(UsageError, match="limit of 2 calls"):
        ask(model, max_calls=2)
    assert model.requests == []


def test_just_enough_is_enough() -> None:
    n = chunks_of(ask(Reader()))
    assert not any(answer.partial for answer in ask(Reader(), max_calls=n + 3))


@pytest.mark.parametrize("after", [0, 3, 6])
@pytest.mark.parametrize("error", [ModelRejectedError("the key was revoked."), ModelUnavailableError("gone.")])
def test_asked_again_after_an_error_no_finished_call_is_repeated(tmp_path: Path, after: int, error: Exception) -> None:
    whole = ask(Reader(identity="tests"), folder=tmp_path / "whole")
    broken = Reader(lambda _: error if len(broken.requests) > after else None, identity="tests")
    with pytest.raises(type(error)):
        ask(broken, folder=tmp_path)
    again = Reader(identity="tests")
    answers = ask(again, folder=tmp_path)
    assert not [request for request in again.requests if request in broken.done]
    assert len(broken.done) + len(again.requests) == chunks_of(answers) + 3
    assert [answer.text for answer in answers] == [answer.text for answer in whole]


def test_asked_again_what_only_one_run_had_noted_serves_all(tmp_path: Path) -> None:
    """Kill it between one run's note of a reply and the others': their journals are lost here altogether."""
    interrupted = Reader(
        lambda r: ModelRejectedError("no.") if len(interrupted.requests) > 4 else None, identity="tests"
    )
    with pytest.raises(ModelRejectedError):
        ask(interrupted, folder=tmp_path)
    keep, *others = sorted((tmp_path / "runs").glob("*.db"), key=lambda path: path.stat().st_size)[::-1]
    assert len(others) == 2
    for other in others:
        for path in other.parent.glob(f"{other.name}*"):
            path.unlink()
    again = Reader(identity="tests")
    answers = ask(again, folder=tmp_path)
    assert not [request for request in again.requests if request in interrupted.done], keep
    assert len(again.reading) == chunks_of(answers) - len(interrupted.done)


def test_after_an_answer_failed_nothing_is_read_again(tmp_path: Path) -> None:
    def declines(request: Request) -> Exception | None:
        return (
            ContentRefusedError("declined.") if request.final and MARKERS in request.messages[-1]["content"] else None
        )

    with pytest.raises(ContentRefusedError):
        ask(Reader(declines, identity="tests"), folder=tmp_path)
    again = Reader(identity="tests")
    answers = ask(again, folder=tmp_path)
    assert again.reading == []
    assert any(MARKERS in prompt for prompt in again.prompts)
    assert [answer.found for answer in answers] == [True, True, False]


def test_one_of_several_does_not_go_on_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (answer, *_) = ask(Reader(identity="tests"), folder=tmp_path, max_calls=5)
    monkeypatch.setenv("LONGAGENT_STATE_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["runs", "resume", answer.run_id])
    assert done.exit_code == 2
    assert "read for 3 questions together, and cannot go on for one" in done.stderr


def test_a_memory_of_one_sentence_serves_no_several_questions() -> None:
    model = Reader()
    model.profile = replace(model.profile, abstains=False)
    with pytest.raises(UsageError, match="cannot serve several questions"):
        ask(model)
    assert model.requests == []
    assert len(ask(model, [QUESTION])) == 1


def test_strategies_read_for_each_question_unless_they_say_otherwise() -> None:
    for name in registry.names():
        strategy = registry.get(name)
        assert not strategy.reads_once(strategy.config())
