"""Records of workers whose process is this one."""

from pathlib import Path
from typing import Any

from longagent.llm.workers.record import Worker
from longagent.store.process import mark


def worker(name: str, **given: Any) -> Worker:
    """Return a worker that lives; what is not given is as of one that serves chats."""
    usual: dict[str, Any] = {
        "model": "Qwen/Qwen3-8B",
        "served": "qwen",
        "url": "http://127.0.0.1:8000/v1",
        "mark": mark(),
        "started": 0.0,
        "log": Path("qwen.log"),
        "ready": True,
    }
    return Worker(name=name, **usual | given)
