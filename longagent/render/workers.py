"""Workers, as lines and as records."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from longagent.llm.workers.record import Worker
from longagent.llm.workers.status import Status
from longagent.render.columns import columns
from longagent.render.terminal import one_line

_STYLE = {"ready": "green", "starting": "yellow", "silent": "yellow", "dead": "red"}


def worker_dict(worker: Worker) -> dict[str, Any]:
    """Return what is known of a worker as plain data."""
    return {
        "name": worker.name,
        "model": worker.model,
        "served": worker.served,
        "task": worker.task,
        "url": worker.url,
        "pid": worker.pid,
        "gpus": list(worker.gpus),
        "window": worker.window,
        "started": datetime.fromtimestamp(worker.started, UTC).isoformat(timespec="seconds"),
        "log": str(worker.log),
    }


def status_dict(status: Status) -> dict[str, Any]:
    """Return how a worker is as plain data; what is not known is `None`."""
    metrics = status.metrics
    return {
        **worker_dict(status.worker),
        "state": status.state,
        "running": metrics.running,
        "waiting": metrics.waiting,
        "cache_usage": metrics.kv_usage,
        "prefix_queries": metrics.prefix_queries,
        "prefix_hits": metrics.prefix_hits,
        "prefix_hit_rate": metrics.hit_rate,
        "why": status.why or None,
    }


def print_started(workers: Sequence[Worker], console: Console) -> None:
    """Print one line for each worker that serves now."""
    for line in columns([(worker.name, worker.url, _place(worker), _window(worker)) for worker in workers]):
        console.print(Text(line), soft_wrap=True)


def print_status(statuses: Sequence[Status], console: Console) -> None:
    """Print one line for each worker, and under a dead one why it ended."""
    head = ("name", "state", "served", "on", "url", "window", "running", "waiting", "cache", "prefix hits")
    first, *lines = columns([head, *map(_row, statuses)], right=(5, 6, 7, 8, 9))
    console.print(Text(first, style="dim"), soft_wrap=True)
    for status, line in zip(statuses, lines, strict=True):
        text = Text(line)
        text.highlight_words([f" {status.state} "], _STYLE[status.state])
        console.print(text, soft_wrap=True)
        if status.why:
            console.print(Text(f"  {one_line(status.why)}", style="dim"), soft_wrap=True)
        if status.state in {"dead", "silent"}:
            console.print(Text(f"  log: {one_line(str(status.worker.log))}", style="dim"), soft_wrap=True)


def _row(status: Status) -> tuple[str, ...]:
    worker, metrics = status.worker, status.metrics
    counts = [_number(metrics.running), _number(metrics.waiting), _share(metrics.kv_usage), _share(metrics.hit_rate)]
    return (worker.name, status.state, worker.served, _place(worker), worker.url, _window(worker), *counts)


def _place(worker: Worker) -> str:
    return f"GPU {','.join(map(str, worker.gpus))}" if worker.gpus else "CPU"


def _window(worker: Worker) -> str:
    return "–" if worker.window is None else f"{worker.window:,} tokens"


def _number(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def _share(part: float | None) -> str:
    return "–" if part is None else f"{part:.0%}"
