"""Lines on stderr where it is no terminal: what is said at which level."""

import os
import sys
from contextlib import suppress

import pytest

from longagent.answer import Answer
from longagent.cli import progress as module
from longagent.cli.progress import Progress
from longagent.events import (
    CallFinished,
    CallRetried,
    CallSpared,
    ChunkFailed,
    ChunksRead,
    Contested,
    Event,
    Instructed,
    Reasoned,
    RunFinished,
    RunResumed,
    RunStarted,
    Warned,
)

STARTED = RunStarted(strategy="rag", reason="too long", model="m", chunks=300, calls=1, run_id="abc")
ANSWER = Answer(question="?", text="x", found=True, strategy="rag", model="m")


def said(capsys: pytest.CaptureFixture[str], *events: Event, level: int = 0, resuming: str | None = None) -> list[str]:
    with Progress(level, resuming=resuming) as progress:
        for event in events:
            progress(event)
    return capsys.readouterr().err.splitlines()


def finished(call: int = 1, tokens: int | None = 7) -> CallFinished:
    return CallFinished(role="worker", model="m", call=call, seconds=2.0, prompt_tokens=tokens, completion_tokens=None)


def test_a_reader_that_goes_away_costs_neither_the_run_nor_what_is_on_stdout(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1) as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        with Progress(1) as progress:
            for _ in range(3):
                progress(Warned(message="The page is torn."))
        monkeypatch.undo()
        with suppress(BrokenPipeError):
            gone.close()
    print("the answer")  # noqa: T201
    assert capfd.readouterr().out == "the answer\n"


def test_a_run_that_goes_on_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, STARTED, RunResumed(calls=123)) == [
        "strategy rag: too long",
        "resumed: 123 finished calls are not made again",
    ]
    assert said(capsys, RunResumed(calls=1)) == ["resumed: 1 finished call is not made again"]
    assert said(capsys, RunResumed(calls=0)) == []


def test_a_run_that_should_go_on_and_is_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(said(capsys, STARTED, resuming="abc")) == 1
    _, warning = said(capsys, STARTED, resuming="def")
    assert warning.startswith("warning: this is another run than def and begins from the start, as abc")


def test_reasoning_is_told_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    first = Reasoned(round=1, chunks=(), reasoning="It\nis 3.", summary="3.", conclusion="")
    last = Reasoned(round=2, chunks=(), reasoning="", summary="", conclusion="It is 3.")
    assert said(capsys, first, last) == []
    assert said(capsys, first, last, level=1) == [
        "round 1, reasoning: It is 3.",
        "round 1, summary: 3.",
        "round 2, conclusion: It is 3.",
    ]


def test_what_a_leader_has_done_is_told_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    put = {"round": 1, "chunks": (2, 7), "answers": ("Rome", "Paris"), "kept": ("Paris",)}
    events = (
        Instructed(round=1, instruction="Find\nthe town."),
        *(Contested(said=said, **put) for said in ("Paris", "", None)),
    )
    assert said(capsys, *events) == []
    together = "round 1, 'Rome' or 'Paris', both chunks together:"
    assert said(capsys, *events, level=1) == [
        "round 1, instruction: Find the town.",
        f"{together} Paris",
        f"{together} not found",
        f"{together} nothing usable",
    ]


def test_calls_are_told_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    spared = (CallSpared(role="worker", source="cache"), CallSpared(role="worker", source="journal"))
    events = (finished(), *spared, finished(2, None), RunFinished(answer=ANSWER))
    assert said(capsys, *events) == []
    assert said(capsys, *events, level=1) == [
        "call 1 worker: 7 + ? tokens, 2.0 s",
        "call 2 worker: ? + ? tokens, 2.0 s",
        "calls not made: 1 from the cache, 1 from earlier attempts at this run",
    ]


def test_a_long_wait_is_told_once_for_all_calls_in_flight(capsys: pytest.CaptureFixture[str]) -> None:
    def retried(call: int, wait: float) -> CallRetried:
        return CallRetried(role="worker", call=call, kind="rate_limit", reason="too many requests", wait=wait)

    events = (retried(1, 0.4), retried(2, 20.0), retried(3, 20.0))
    assert said(capsys, *events) == ["call 2 worker is made again in 20 s: too many requests"]
    told = said(capsys, *events, level=1)
    assert len(told) == 3
    assert " in 0.4 s: " in told[0]


def test_failed_chunks_are_told_and_then_counted(capsys: pytest.CaptureFixture[str]) -> None:
    failed = [ChunkFailed(chunk=chunk, reason="refused") for chunk in range(10)]
    lines = said(capsys, STARTED, *failed)
    assert lines[1] == "warning: chunk 1 of 300 could not be read: refused"
    assert len(lines) == 1 + 3
    assert len(said(capsys, STARTED, *failed, level=1)) == 1 + 10


def test_a_log_shows_a_sign_of_life(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(module, "monotonic", lambda: now)
    with Progress(0) as progress:
        progress(STARTED)
        for chunk in range(100):
            now += 1
            progress(ChunksRead(chunks=(chunk,)))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1:] == [f"Read {chunks} of 300 chunks" for chunks in (31, 62, 93)]


def test_quiet_is_quiet_and_control_codes_are_inert(capsys: pytest.CaptureFixture[str]) -> None:
    events = (STARTED, RunResumed(calls=3), Warned(message="w"), ChunkFailed(chunk=0, reason="r"), finished())
    assert said(capsys, *events, level=-1) == []
    assert said(capsys, Warned(message="a \x1b[31m\nb")) == ["warning: a \\x1b[31m b"]


def test_it_knows_whether_a_run_has_begun() -> None:
    progress = Progress(-1)
    progress(Warned(message="w"))
    assert not progress.begun
    progress(STARTED)
    assert progress.begun
