"""The processes of a worker: a group led by its server, with the engines below it. They end together."""

import os
import signal
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from longagent.llm.workers.record import Worker

_SLICE = 0.05


def end(workers: Sequence[Worker], *, grace: float) -> None:
    """End workers and every process they have started; returns when these are gone.

    Args:
        workers: of which some may have ended already.
        grace: seconds they have to end by themselves (SIGTERM); then they are killed.
    """
    try:
        _signal(workers, signal.SIGTERM)
        _wait(workers, seconds=grace)
    finally:
        # Also when we are interrupted ourselves while they take their time.
        _signal(workers, signal.SIGKILL)
    _wait(workers, seconds=10)


def members(worker: Worker) -> set[int]:
    """Return the processes of a worker that run, those included that outlived the one that leads them."""
    found = {worker.pid} if worker.lives else set()
    log = _inode(worker.log)
    for entry in Path("/proc").glob("[0-9]*") if log is not None else ():
        # The number of a session may have been given away again: that they write to its log tells that they are its.
        with suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            if fields[0] != b"Z" and int(fields[3]) == worker.pid and _writes(entry, log):
                found.add(int(entry.name))
    return found


def _signal(workers: Collection[Worker], number: int) -> None:
    for worker in workers:
        if led := worker.lives:
            # The group as one: none can start another meanwhile that is not hit.
            with suppress(OSError):
                os.killpg(worker.pid, number)
        for pid in members(worker) - {worker.pid}:
            with suppress(OSError):
                if not led or os.getpgid(pid) != worker.pid:
                    os.kill(pid, number)


def _wait(workers: Sequence[Worker], *, seconds: float) -> None:
    deadline = monotonic() + seconds
    while any(worker.lives or members(worker) for worker in workers) and monotonic() < deadline:
        sleep(_SLICE)


def _writes(process: Path, log: tuple[int, int] | None) -> bool:
    return log in {_inode(process / "fd" / "1"), _inode(process / "fd" / "2")}


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
