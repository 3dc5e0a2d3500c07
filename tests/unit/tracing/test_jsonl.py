"""The file of events: one JSON object a line, private, appended to, and never the run's trouble."""

import json
import logging
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from longagent.answer import Answer
from longagent.errors import UsageError
from longagent.events import CallRetried, ChunksRead, DocumentLoaded, RunFinished, UnitWritten, Warned
from longagent.tracing.jsonl import JsonlTrace


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_event_is_a_line_that_is_there_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "trace.jsonl"
    trace = JsonlTrace(path)
    trace(CallRetried(seq=3, run_id="r1", role="chain/worker", call=2, kind="overload", reason="overloaded", wait=0.5))
    record = lines(path)[0]
    time = datetime.fromisoformat(str(record.pop("time")))
    assert time.utcoffset() is not None
    assert record == {
        "event": "CallRetried",
        "seq": 3,
        "run_id": "r1",
        "role": "chain/worker",
        "call": 2,
        "kind": "overload",
        "reason": "overloaded",
        "wait": 0.5,
    }
    trace(ChunksRead(chunks=(1, 2)))
    assert lines(path)[1]["chunks"] == [1, 2]
    trace.close()


def test_the_answer_is_written_in_its_documented_form(tmp_path: Path) -> None:
    answer = Answer(question="Why?", text="Because.", found=True, strategy="rag", model="m", run_id="r1")
    trace = JsonlTrace(tmp_path / "trace")
    trace(RunFinished(answer=answer))
    trace.close()
    assert lines(tmp_path / "trace")[0]["answer"] == json.loads(answer.to_json())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        JsonlTrace(tmp_path / "trace").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "trace").stat().st_mode) == 0o600


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    for message in ("first", "second"):
        trace = JsonlTrace(tmp_path / "trace")
        trace(Warned(message=message))
        trace.close()
    assert [line["message"] for line in lines(tmp_path / "trace")] == ["first", "second"]


def test_text_of_any_kind_stays_one_line(tmp_path: Path) -> None:
    text = "two\nlines\u2028 and \x00, ü, 𝔘, half a pair \udc80"
    trace = JsonlTrace(tmp_path / "trace")
    trace(DocumentLoaded(name=text, document_id="ab", pages=1, characters=1, done=1, total=1))
    trace.close()
    raw = (tmp_path / "trace").read_bytes()
    assert raw.count(b"\n") == 1
    assert json.loads(raw)["name"] == text


def test_threads_do_not_mix_lines(tmp_path: Path) -> None:
    traces = [JsonlTrace(tmp_path / "trace") for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        events = [UnitWritten(path=0, chunk=n, text="word " * 2000) for n in range(200)]
        list(pool.map(lambda event: traces[event.chunk % 2](event), events))
    for trace in traces:
        trace.close()
    assert sorted(int(str(line["chunk"])) for line in lines(tmp_path / "trace")) == list(range(200))


def test_a_path_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cases = {tmp_path: "Is a directory", tmp_path / "file" / "trace": "cannot be written", Path("a\0b"): "null byte"}
    for path, why in cases.items():
        with pytest.raises(UsageError, match=why):
            JsonlTrace(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    trace = JsonlTrace(Path("/dev/full"))
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            trace(Warned(message="a secret sentence"))
    trace.close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "No space left" in caplog.text
    assert "secret" not in caplog.text


def test_events_after_the_end_are_dropped(tmp_path: Path) -> None:
    trace = JsonlTrace(tmp_path / "trace")
    trace.close()
    trace.close()
    trace(Warned(message="late"))
    assert lines(tmp_path / "trace") == []
