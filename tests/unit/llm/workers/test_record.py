"""Records of workers: whole, private, and never trusted to be ours."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from support.workers import worker

from longagent.llm.workers.record import forget_worker, pools, read_workers, workers_folder, write_worker


def test_what_is_written_is_read_in_the_order_of_starting(tmp_path: Path) -> None:
    later, first = worker("b", started=2, gpus=(0, 1), window=4096), worker("a", started=1, ready=False)
    for each in (later, first):
        write_worker(tmp_path, each)
    assert read_workers(tmp_path) == (first, later)
    assert {path.name for path in workers_folder(tmp_path).iterdir()} == {"a.json", "b.json"}
    assert stat.S_IMODE((workers_folder(tmp_path) / "a.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(workers_folder(tmp_path).stat().st_mode) == 0o700

    write_worker(tmp_path, replace(first, ready=True))
    assert read_workers(tmp_path)[0].ready
    forget_worker(tmp_path, "b")
    forget_worker(tmp_path, "b")
    assert [each.name for each in read_workers(tmp_path)] == ["a"]


def test_no_folder_is_no_workers(tmp_path: Path) -> None:
    assert read_workers(tmp_path / "none") == ()


@pytest.mark.parametrize(
    "change",
    [{"task": "paint"}, {"mark": "x"}, {"gpus": 3}, {"more": 1}, {"log": None}, None],
    ids=["task", "mark", "gpus", "field", "log", "broken"],
)
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, change: dict[str, object] | None) -> None:
    write_worker(tmp_path, worker("good"))
    write_worker(tmp_path, worker("bad"))
    path = workers_folder(tmp_path) / "bad.json"
    path.write_text("{" if change is None else json.dumps(json.loads(path.read_text()) | change))
    assert [each.name for each in read_workers(tmp_path)] == ["good"]


def test_a_pool_is_what_lives_is_ready_and_does_the_task() -> None:
    gone = "1 0-boot 7"
    workers = [
        worker("q-1"),
        worker("q-2"),
        worker("q-3", mark=gone),
        worker("q-4", ready=False),
        worker("e-1", served="bge", task="embed"),
        worker("o-1", served="other"),
    ]
    assert {served: [each.name for each in found] for served, found in pools(workers).items()} == {
        "qwen": ["q-1", "q-2"],
        "other": ["o-1"],
    }
    assert list(pools(workers, served="qwen")) == ["qwen"]
    assert list(pools(workers, task="embed")) == ["bge"]
    assert pools(workers, task="rerank") == {}
