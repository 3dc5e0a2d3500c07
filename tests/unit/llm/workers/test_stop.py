from pathlib import Path

import pytest

from longagent.errors import UsageError
from longagent.llm.workers.record import Worker
from longagent.llm.workers.stop import named


def worker(name: str, served: str) -> Worker:
    return Worker(name=name, model="m", served=served, url="http://127.0.0.1:1/v1", mark="1", started=0, log=Path("l"))


WORKERS = (worker("q-1", "Q"), worker("q-2", "Q"), worker("smol-1", "smol"))


def test_by_name_by_what_is_served_and_by_how_it_begins() -> None:
    assert named(WORKERS, "q-2") == WORKERS[1:2]
    assert named(WORKERS, "Q") == named(WORKERS, "vllm/Q") == WORKERS[:2]
    assert named(WORKERS, "sm") == WORKERS[2:]


def test_who_is_not_there_or_not_one() -> None:
    with pytest.raises(UsageError, match="Several workers' names begin with 'q-': q-1, q-2"):
        named(WORKERS, "q-")
    with pytest.raises(UsageError, match=r"There is no worker 'smoll-1'\. Did you mean 'smol-1'\?"):
        named(WORKERS, "smoll-1")
    with pytest.raises(UsageError, match="See: longagent workers status"):
        named((), "x")
    with pytest.raises(UsageError, match="There is no worker ''"):
        named(WORKERS[2:], "")
