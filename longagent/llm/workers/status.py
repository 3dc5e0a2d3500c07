"""How workers are: asked over HTTP, all at once; of those that died, why."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from longagent.llm.server_metrics import ServerMetrics, read_metrics
from longagent.llm.workers.log import stage, tail
from longagent.llm.workers.probe import ask, healthy, serves
from longagent.llm.workers.record import Worker, workers_folder, write_worker
from longagent.llm.workers.troubles import explain

_UNKNOWN = ServerMetrics()

State = Literal["ready", "starting", "silent", "dead"]
"""Serves; has not served yet; has, and does not answer now; its process is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a worker is now."""

    worker: Worker
    state: State
    metrics: ServerMetrics = _UNKNOWN
    why: str = ""
    """Of a dead one, what ended it and what to do; of a starting one, what it is at."""


def look(workers: Sequence[Worker], *, state_dir: Path) -> tuple[Status, ...]:
    """Return how workers are. One whose start nobody waited for to the end is noted as ready when it is."""
    if not workers:
        return ()
    with ThreadPoolExecutor(len(workers)) as pool:
        return tuple(pool.map(lambda worker: _look(worker, state_dir), workers))


def _look(worker: Worker, state_dir: Path) -> Status:
    if not worker.lives:
        trouble = explain(tail(worker.log))
        return Status(worker=worker, state="dead", why=f"{trouble.what}. {trouble.hint}".strip())
    if not healthy(worker.url):
        if worker.ready:
            return Status(worker=worker, state="silent")
        return Status(worker=worker, state="starting", why=stage(tail(worker.log)))
    if not worker.ready:
        said = serves(worker.url, worker.served)
        if said is None:
            return Status(worker=worker, state="starting", why=stage(tail(worker.log)))
        worker = replace(worker, ready=True, window=said.window)
        # Unless it was stopped meanwhile: nobody would take the record away again.
        if (workers_folder(state_dir) / f"{worker.name}.json").exists():
            write_worker(state_dir, worker)
    counted = ask(worker.url, "/metrics")
    metrics = read_metrics(counted.body) if counted is not None and counted.status == 200 else _UNKNOWN
    return Status(worker=worker, state="ready", metrics=metrics)
