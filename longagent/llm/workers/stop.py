"""Workers are found by what users call them, and stopped."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from longagent.errors import LongagentError, UsageError
from longagent.llm.workers.processes import end, members
from longagent.llm.workers.record import Worker, forget_worker

_GRACE = 15.0
_GRACE_STARTING = 1.0
"""vLLM 0.32 often does not hear while it starts; engines whose server is gone do not, either."""


def named(workers: Sequence[Worker], text: str) -> tuple[Worker, ...]:
    """Return the worker of a name, or whose name alone begins so; or all that serve a model of that name.

    Raises:
        UsageError: there is none, or several begin so.
    """
    if exact := tuple(worker for worker in workers if worker.name == text):
        return exact
    if pool := tuple(worker for worker in workers if worker.served == text.removeprefix("vllm/")):
        return pool
    # A variable of a script that is not set must not stop the only worker there is.
    begin = tuple(worker for worker in workers if text and worker.name.startswith(text))
    if len(begin) == 1:
        return begin
    if begin:
        raise UsageError(f"Several workers' names begin with {text!r}: {', '.join(worker.name for worker in begin)}.")
    close = get_close_matches(text, [worker.name for worker in workers], n=1)
    hint = f"Did you mean {close[0]!r}?" if close else "See: longagent workers status"
    raise UsageError(f"There is no worker {text!r}.", hint=hint)


def stop_workers(workers: Sequence[Worker], *, state_dir: Path) -> None:
    """End workers with all they have started, and forget them. Their logs stay until a name is used again.

    Raises:
        LongagentError: one does not end.
    """
    try:
        serve = any(worker.ready and worker.lives for worker in workers)
        end(workers, grace=_GRACE if serve else _GRACE_STARTING)
    finally:
        left = [worker for worker in workers if members(worker)]
        for worker in workers:
            if worker not in left:
                forget_worker(state_dir, worker.name)
    if left:
        raise LongagentError(
            f"Worker {left[0].name} does not end (process {left[0].pid}).", hint="Is it another user's?"
        )
