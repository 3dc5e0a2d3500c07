"""What is known about each worker, one small file each in the state folder: every command of ours finds them there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal, get_args

from longagent.store.process import is_alive

Task = Literal["chat", "embed", "rerank"]
"""What a worker does: it completes chats, turns texts into vectors, or scores texts for a query."""

_FOLDER = "workers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A server started by us, as it was when it began to serve."""

    name: str
    """Unique on this machine, a safe file name: `qwen3-8b-1`."""
    model: str
    """As it was asked for: a name of the hub, or a folder."""
    served: str
    """The name under which the server answers: `vllm/SERVED` is what users write."""
    identity: str = ""
    """What decides its replies; see `identity_of`."""
    task: Task = "chat"
    url: str
    """`http://127.0.0.1:PORT/v1`."""
    mark: str
    """Of its process, which leads a process group; see `longagent.store.process`."""
    gpus: tuple[int, ...] = ()
    """Empty: the CPU."""
    window: int | None = None
    """Tokens of prompt and reply together."""
    started: float
    """Seconds since the epoch."""
    log: Path
    ready: bool = False
    """Whether it has answered once that it is healthy."""

    @property
    def pid(self) -> int:
        """Number of its process."""
        return int(self.mark.partition(" ")[0])

    @property
    def lives(self) -> bool:
        """Whether its process runs."""
        return is_alive(self.mark)


def workers_folder(state_dir: Path) -> Path:
    """Return where the workers' records and logs are."""
    return state_dir / _FOLDER


def write_worker(state_dir: Path, worker: Worker) -> None:
    """Keep what is known about a worker; whole or not at all, readable for its user only."""
    folder = workers_folder(state_dir)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    record = {**asdict(worker), "log": str(worker.log)}
    with NamedTemporaryFile("w", dir=folder, suffix=".tmp", encoding="utf-8", delete=False) as file:
        json.dump(record, file)
    Path(file.name).replace(folder / f"{worker.name}.json")


def read_workers(state_dir: Path) -> tuple[Worker, ...]:
    """Return all workers of which there is a record, in the order they were started; what cannot be read is none."""
    found = [_read(path) for path in workers_folder(state_dir).glob("*.json")]
    return tuple(sorted((worker for worker in found if worker), key=lambda worker: (worker.started, worker.name)))


def forget_worker(state_dir: Path, name: str) -> None:
    """Remove the record of a worker; its log stays."""
    (workers_folder(state_dir) / f"{name}.json").unlink(missing_ok=True)


def pools(
    workers: Sequence[Worker], *, served: str | None = None, task: Task = "chat"
) -> dict[str, tuple[Worker, ...]]:
    """Return the workers that live and are ready, by the name they serve under; only `served` if it is given."""
    found: dict[str, tuple[Worker, ...]] = {}
    for worker in workers:
        if worker.task == task and worker.ready and served in {None, worker.served} and worker.lives:
            found[worker.served] = (*found.get(worker.served, ()), worker)
    return found


def _read(path: Path) -> Worker | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return _worker(record)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _worker(record: Mapping[str, Any]) -> Worker:
    if record["task"] not in get_args(Task):
        raise ValueError(record["task"])
    fields = {**record, "gpus": tuple(map(int, record["gpus"])), "log": Path(record["log"])}
    worker = Worker(**fields)
    int(worker.mark.partition(" ")[0])
    return worker
