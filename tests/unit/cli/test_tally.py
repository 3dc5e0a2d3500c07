"""How far a run has come, told in one line."""

from longagent.cli.tally import Tally
from longagent.events import (
    BudgetSpent,
    CallFailed,
    CallFinished,
    CallRetried,
    CallSpared,
    CallStarted,
    ChunkFailed,
    ChunksRead,
    Reasoned,
    RunResumed,
    RunStarted,
)

CALL = {"role": "worker", "model": "m"}


def test_a_line_says_what_was_read_and_what_is_going_on() -> None:
    tally = Tally()
    tally.count(RunStarted(strategy="s", reason="r", model="m", chunks=300, calls=301))
    assert str(tally) == "Read 0 of 300 chunks"
    for call in (1, 2, 3):
        tally.count(CallStarted(**CALL, call=call))
    tally.count(CallRetried(role="worker", call=2, kind="overload", reason="busy", wait=1.0))
    tally.count(CallFinished(**CALL, call=1, seconds=1.0, prompt_tokens=None, completion_tokens=None))
    tally.count(ChunksRead(chunks=(0,)))
    assert str(tally) == "Read 1 of 300 chunks · 1 of 301 calls · 2 in flight · 1 retry"
    tally.count(CallFailed(**CALL, call=2, seconds=1.0, kind="ContentRefusedError", reason="refused"))
    tally.count(ChunkFailed(chunk=1, reason="refused"))
    tally.count(CallSpared(role="worker", source="cache"))
    assert str(tally) == "Read 1 of 300 chunks, 1 failed · 2 of 301 calls (1 cached) · 1 in flight · 1 retry"
    tally.count(BudgetSpent(reason="the limit of 3 calls is reached."))
    assert str(tally).endswith(" · answering, since the limit of 3 calls is reached")


def test_a_chunk_read_by_several_chains_is_one_chunk() -> None:
    tally = Tally()
    tally.count(RunStarted(strategy="s", reason="r", model="m", chunks=2, calls=1))
    for _ in range(2):
        tally.count(ChunksRead(chunks=(0, 1)))
    assert str(tally) == "Read 2 of 2 chunks"


def test_without_chunks_rounds_are_counted() -> None:
    tally = Tally()
    tally.count(RunStarted(strategy="s", reason="r", model="m", chunks=0, calls=11))
    assert str(tally) == "0 rounds"
    tally.count(Reasoned(round=1, chunks=(), reasoning="r", summary="s", conclusion=""))
    tally.count(CallStarted(**CALL, call=2))
    assert str(tally) == "1 round · 1 in flight"


def test_a_run_that_goes_on_counts_from_there() -> None:
    tally = Tally()
    tally.count(RunStarted(strategy="s", reason="r", model="m", chunks=30, calls=1))
    tally.count(RunResumed(calls=0))
    assert str(tally) == "Read 0 of 30 chunks"
    tally.count(RunResumed(calls=18))
    tally.count(ChunksRead(chunks=(18,)))
    assert str(tally) == "Read 1 of 30 chunks since it was resumed"
