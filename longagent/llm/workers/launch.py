"""Processes of workers are started here: on record before they run, in sessions of their own, detached from us."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import NamedTuple

from longagent.errors import UsageError
from longagent.llm.workers.record import Worker, workers_folder, write_worker
from longagent.store import process
from longagent.store.lock import exclusive

# Waits until its record is written. If we are killed before that it reads the end of its input, and starts nothing.
_GATE = 'read -r _ && exec "$@" </dev/null'
_LOCK_SECONDS = 60.0


class Launched(NamedTuple):
    """A worker that was started, and its process, of which we are the parent."""

    worker: Worker
    process: "subprocess.Popen[bytes]"


@contextmanager
def alone(state_dir: Path) -> Iterator[None]:
    """Let nobody else choose names, ports and GPUs inside.

    Raises:
        UsageError: somebody else does, for a minute; or the folder cannot be made.
        OSError: it cannot be written.
    """
    folder = workers_folder(state_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"Records of workers cannot be kept in {folder}: {error.strerror or error}.",
            hint="Set LONGAGENT_STATE_DIR to a folder that can be written.",
        ) from None
    try:
        with exclusive(folder / "lock", seconds=_LOCK_SECONDS):
            yield
    except TimeoutError:
        raise UsageError("Another start of workers does not come to an end.", hint="Look for it, and end it.") from None


def log_path(state_dir: Path, name: str) -> Path:
    """Return where the log of a worker is."""
    return workers_folder(state_dir) / f"{name}.log"


def launch(
    into: list[Launched],
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    state_dir: Path,
    describe: Mapping[str, object],
    log: Path,
) -> None:
    """Start a process and write the record of the worker it is to become.

    Args:
        into: what it is added to before it runs, so that an interrupt finds it there.
        argv: its command.
        environ: its environment, whole.
        state_dir: where the record goes.
        describe: fields of the record that are known before it runs.
        log: where all it says goes; begun anew.
    """
    # Only its user may read it; appended to, so that it may be emptied while it grows.
    log.unlink(missing_ok=True)
    file = os.open(log, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        started = subprocess.Popen(  # noqa: S603 - vLLM, as the user has it
            ["/bin/sh", "-c", _GATE, "sh", *argv],
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            # Ctrl-C in our terminal is for us, and so is its end.
            start_new_session=True,
        )
    finally:
        os.close(file)
    assert started.stdin is not None  # noqa: S101 - for the type checker
    with started.stdin as gate:
        try:
            worker = Worker(**{**describe, "mark": process.mark(started.pid), "started": time(), "log": log})  # type: ignore[arg-type]
            write_worker(state_dir, worker)
        except BaseException:
            gate.close()
            started.wait()
            raise
        into.append(Launched(worker, started))
        gate.write(b"go\n")
