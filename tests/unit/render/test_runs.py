"""Runs of the past, as lines and records."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from longagent.answer import Answer, Citation, Coverage, Retrieval, Usage
from longagent.render.runs import answer_of, print_run, print_runs, run_dict, status_of
from longagent.store.runs import RunRecord

ANSWER = Answer(
    question="What?",
    text="204",
    found=True,
    citations=(
        Citation(document="a.md", document_id="0", page=1, page_end=1, start=0, end=3, quote="204", status="exact"),
    ),
    strategy="rag",
    model="local",
    usage=Usage(calls=3, cached_calls=12, prompt_tokens=700, completion_tokens=15, cost=0.01),
    coverage=Coverage(chunks=120, read=118, failed=2),
    seconds=5.0,
    warnings=("w",),
    run_id="ab12",
)
RUN = RunRecord(
    run_id="ab12",
    status="finished",
    manifest={
        "question": "What \x1b[2J?",
        "strategy": "rag",
        "sources": ["a.md", "b.md"],
        "folder": "/docs",
        "settings": {"top": "3"},
        "options": {"base_url": ["http://a/v1", "http://b/v1"], "role_model": {"worker": "x"}, "seed": 1},
    },
    answer=json.loads(json.dumps(ANSWER.to_dict())),
    started=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    updated=datetime(2026, 1, 2, 3, 5, tzinfo=UTC),
    calls=3,
    failures=2,
    bytes=3 * 2**20,
    alive=False,
)


def printed(work: Any, given: Any, **console: Any) -> str:
    out = io.StringIO()
    work(given, Console(file=out, color_system=None, **console))
    return out.getvalue()


def test_status_tells_a_run_at_work_from_one_that_was_interrupted() -> None:
    running = replace(RUN, status="running", answer=None)
    assert [status_of(run) for run in (running, replace(running, alive=True), RUN)] == [
        "interrupted",
        "running",
        "finished",
    ]


def test_an_answer_comes_back_as_it_was() -> None:
    assert answer_of(RUN) == ANSWER
    assert answer_of(replace(RUN, answer=None)) is None
    assert RUN.answer is not None
    newer = {**RUN.answer, "mood": "good", "usage": {**RUN.answer["usage"], "watts": 3}}
    assert answer_of(replace(RUN, answer=newer)) == ANSWER


def test_what_was_retrieved_comes_back_too_and_is_not_missed_in_older_records() -> None:
    copied = replace(ANSWER, retrieval=Retrieval(sentences=4, verbatim=1, unverified=2))
    record = json.loads(json.dumps(copied.to_dict()))
    assert record["retrieval"] == {"sentences": 4, "verbatim": 1, "unverified": 2, "hallucination_rate": 0.75}
    assert answer_of(replace(RUN, answer=record)) == copied
    older = {key: value for key, value in record.items() if key != "retrieval"}
    assert answer_of(replace(RUN, answer=older)) == ANSWER
    assert Retrieval(sentences=0, verbatim=0, unverified=0).hallucination_rate is None


def test_a_record_is_plain_json() -> None:
    record = json.loads(json.dumps(run_dict(RUN)))
    assert (record["run_id"], record["status"], record["started"]) == ("ab12", "finished", "2026-01-02T03:04:00+00:00")
    assert "answer" not in record


def test_a_line_for_each_run_cut_only_on_a_terminal() -> None:
    long = replace(RUN, manifest={**RUN.manifest, "question": "word " * 60})
    lines = printed(print_runs, [RUN, long], width=80).splitlines()
    assert lines[0].split() == ["id", "status", "last", "active", "strategy", "calls", "question"]
    assert lines[1].endswith("What \\x1b[2J?")
    assert len(lines[2]) > 300
    for width in (20, 80, 120):
        cut = printed(print_runs, [long], width=width, force_terminal=True).splitlines()[1]
        assert cut.endswith("…")
        assert len(cut) == max(width, cut.index("word") + 24)


def test_everything_of_a_run_and_its_answer() -> None:
    shown = printed(print_run, RUN, width=80)
    for line in (
        "sources      a.md, b.md",
        "settings     top=3",
        "options      base_url=http://a/v1,http://b/v1 role_model=worker=x seed=1",
        "calls        3 finished, 2 failed",
        "on disk      3.0 MB",
        "[1] p. 1  a.md  exact",
        "rag · local · 3 calls (12 cached) · 700 + 15 tokens · $0.0100 · read 118 of 120 chunks, 2 failed · 5.0 s",
    ):
        assert line in shown
    assert "\x1b" not in shown
    manifest = {**RUN.manifest, "sources": None, "options": {}}
    bare = printed(print_run, replace(RUN, answer=None, failures=0, manifest=manifest))
    assert "sources      no files" in bare
    assert "options" not in bare
