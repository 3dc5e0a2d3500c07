import os
from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.llm.workers import launch as module
from longagent.llm.workers.launch import Launched, alone, launch, log_path
from longagent.llm.workers.processes import end, members
from longagent.llm.workers.record import read_workers
from longagent.store.process import mark

SMOL = {"name": "smol-1", "model": "m", "served": "smol", "url": "http://127.0.0.1:1/v1"}


def test_it_is_on_record_and_ends_with_what_it_started(tmp_path: Path) -> None:
    launched: list[Launched] = []
    log = log_path(tmp_path, "smol-1")
    script = 'trap "" TERM; sleep 600 & echo ready; wait'
    with alone(tmp_path):
        launch(launched, ["sh", "-c", script], os.environ, state_dir=tmp_path, describe=SMOL, log=log)
    ((worker, process),) = launched
    assert read_workers(tmp_path) == (worker,)
    assert (worker.mark, worker.lives, worker.ready) == (mark(process.pid), True, False)
    assert log.stat().st_mode & 0o777 == 0o600
    while "ready" not in log.read_text():
        pass
    assert len(members(worker)) == 2
    end([worker], grace=0.1)
    assert members(worker) == set()
    assert process.wait() == -9


def test_what_outlives_its_leader_is_found_by_its_log(tmp_path: Path) -> None:
    launched: list[Launched] = []
    log = log_path(tmp_path, "smol-1")
    with alone(tmp_path):
        launch(launched, ["sh", "-c", "sleep 600 &"], os.environ, state_dir=tmp_path, describe=SMOL, log=log)
    ((worker, process),) = launched
    assert process.wait() == 0
    assert not worker.lives
    assert len(members(worker)) == 1
    end([worker], grace=10)
    assert members(worker) == set()


def test_one_that_cannot_be_recorded_never_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(module, "write_worker", refuse)
    launched: list[Launched] = []
    ran = tmp_path / "ran"
    with alone(tmp_path), pytest.raises(OSError, match="no space"):
        launch(
            launched, ["touch", str(ran)], os.environ, state_dir=tmp_path, describe=SMOL, log=log_path(tmp_path, "x")
        )
    assert (launched, ran.exists()) == ([], False)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with (
        pytest.raises(UsageError, match="cannot be kept in .*state/workers: .*LONGAGENT_STATE_DIR"),
        alone(tmp_path / "state"),
    ):
        pass
