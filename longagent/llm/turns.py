"""Calls that wait for their turn: runs take turns, and within a run calls come in their order."""

import asyncio
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Futures that wait, each of a run; used from one event loop."""

    def __init__(self) -> None:
        self._queues: OrderedDict[str, OrderedDict[asyncio.Future[T], None]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def __bool__(self) -> bool:
        return bool(self._queues)

    def add(self, turn: "asyncio.Future[T]", run: str) -> None:
        """Let one wait behind the others of its run."""
        self._queues.setdefault(run, OrderedDict())[turn] = None

    def remove(self, turn: "asyncio.Future[T]", run: str) -> None:
        """Let one wait no longer; nothing happens if it does not."""
        queue = self._queues.get(run)
        if queue is not None:
            queue.pop(turn, None)
            if not queue:
                del self._queues[run]

    def pop(self, *, last: bool = False) -> "asyncio.Future[T]":
        """Take the first of the run whose turn it is, or its last; there must be one."""
        run, queue = self._queues.popitem(last=False)
        turn, _ = queue.popitem(last=last)
        if queue:
            self._queues[run] = queue
        return turn
