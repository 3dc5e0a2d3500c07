"""From the name of a model to the workers that serve it."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from longagent.errors import UsageError
from longagent.llm.workers.record import Task, Worker, pools, read_workers
from longagent.settings import Settings


class Pool(NamedTuple):
    """Workers that serve the same model."""

    served: str
    model: str
    """As it was asked for when they were started: its name tells more than the one it is served under."""
    base_urls: tuple[str, ...]
    window: int | None
    """Of the worker with the smallest."""
    identity: str
    """What decides their replies, wherever they listen: after a restart, replies of before are still theirs."""


def find_pool(state_dir: Path, served: str, *, task: Task = "chat") -> Pool:
    """Return the workers that serve a model.

    Raises:
        UsageError: there are none that run.
    """
    workers = read_workers(state_dir)
    found = pools(workers, served=served, task=task).get(served)
    if found:
        return _pool(served, found)
    raise UsageError(f"no worker serves 'vllm/{served}'.", hint=_hint(workers, served, task))


def settled(settings: Settings) -> Settings:
    """Return settings in which the model `auto` is replaced by what it stands for now.

    That is the model of the base URL, else the one that workers serve, else the embedded one.

    Raises:
        UsageError: workers serve more than one.
    """
    if settings.model != "auto":
        return settings
    found = {} if settings.base_url else pools(read_workers(settings.state_dir))
    if len(found) > 1:
        names = ", ".join(f"vllm/{served}" for served in sorted(found))
        raise UsageError(f"workers serve more than one model: {names}.", hint="Choose one with --model.")
    return replace(settings, model=next((f"vllm/{served}" for served in found), None))


def _pool(served: str, workers: Sequence[Worker]) -> Pool:
    windows = [worker.window for worker in workers if worker.window is not None]
    models = sorted({worker.model for worker in workers})
    return Pool(
        served=served,
        model=models[0],
        base_urls=tuple(worker.url for worker in workers),
        window=min(windows, default=None),
        identity=" ".join(["vllm", *sorted({worker.identity or worker.model for worker in workers})]),
    )


def _hint(workers: Sequence[Worker], served: str, task: Task) -> str:
    if any(worker.served == served and worker.task == task and worker.lives for worker in workers):
        return "One is starting: `longagent workers status` shows how far it is."
    others = pools(workers, task=task)
    close = get_close_matches(served, others, n=1)
    if close:
        return f"Did you mean 'vllm/{close[0]}'?"
    what = "" if task == "chat" else f" --task {task}"
    running = f" Running: {', '.join(f'vllm/{name}' for name in sorted(others))}." if others else ""
    elsewhere = "--base-url" if task == "chat" else "LONGAGENT_EMBEDDER_URL"
    return f"Start one with `longagent workers start {served}{what}`, or give {elsewhere}.{running}"
