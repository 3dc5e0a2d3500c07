"""What LangGraph's checkpoints cost per step of a long chain: none, LangGraph's own saver, and ours.

    python benchmarks/checkpoints.py [--steps 10000]

The chain is a subgraph, as strategies are. Its state is what a chain of agents carries: 2,000 characters of running
memory and the growing list of chunks read. Steps do nothing else, so the numbers are overhead.
"""

import argparse
import asyncio
import operator
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from longagent.graphs.checkpoints import checkpointer, resume_or_start

MEMORY = 2_000


class Chain(TypedDict, total=False):
    """What a chain of agents carries."""

    step: int
    memory: str
    read: Annotated[list[int], operator.add]


def chain(steps: int, saver: Any) -> Any:
    async def read(state: Chain) -> dict[str, Any]:
        step = state.get("step", 0)
        return {"step": step + 1, "memory": f"{step:0{MEMORY}}", "read": [step]}

    inner = StateGraph(Chain)
    inner.add_node("read", read)
    inner.add_edge(START, "read")
    inner.add_conditional_edges("read", lambda state: "read" if state["step"] < steps else END, ["read", END])
    frame = StateGraph(Chain)
    frame.add_node("strategy", inner.compile())
    frame.add_edge(START, "strategy")
    frame.add_edge("strategy", END)
    return frame.compile(checkpointer=saver)


Open = Callable[[Path], AbstractAsyncContextManager[Any]]

KINDS: dict[str, Open] = {
    "no checkpoints": lambda _: nullcontext(),
    "ours, every second": checkpointer,
    "ours, every step": lambda path: checkpointer(path, interval=0),
    "AsyncSqliteSaver": lambda path: AsyncSqliteSaver.from_conn_string(str(path)),
}


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("run.db*"))


async def measure(open_saver: Open, steps: int, folder: Path) -> tuple[float, int]:
    """Return seconds, and the most bytes that the database and its log took."""
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, size(folder))
            await asyncio.sleep(0.1)

    async with open_saver(folder / "run.db") as saver:
        graph = chain(steps, saver)
        watcher = asyncio.create_task(watch())
        started = time.perf_counter()
        state = await resume_or_start(graph, {"step": 0}, context=None, run_id="run", about="", steps=steps + 10)
        seconds = time.perf_counter() - started
        watcher.cancel()
    if len(state["read"]) != steps:
        raise SystemExit("a step was lost")
    return seconds, max(most, size(folder))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=10_000)
    steps = parser.parse_args().steps
    bare = 0.0
    print(f"{'':20} {'ms/step':>8} {'overhead':>9} {'MB on disk':>11}")
    for kind, open_saver in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            seconds, most = asyncio.run(measure(open_saver, steps, Path(folder)))
        bare = bare or seconds
        each = 1000 * seconds / steps
        print(f"{kind:20} {each:8.3f} {each - 1000 * bare / steps:9.3f} {most / 1e6:11.1f}", flush=True)


if __name__ == "__main__":
    main()
