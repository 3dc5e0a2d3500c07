"""One event loop in a thread of its own, on which everything runs: the sync door, and the async one, lead here.

So a session may be used from plain code, from a notebook whose loop is already running, and from several threads,
and its pooled connections always belong to the same loop.
"""

import asyncio
import contextvars
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

_GRACE = 0.6
"""Seconds an interrupted call may take to clean up after itself."""
_SLICE = 0.1
"""Seconds between looks for an interrupt."""


class _Loop:
    """The loop and its thread, started on first use; a forked child starts its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                # Not the host's policy: its loop may be one that cannot run processes (Windows, older notebooks).
                if sys.platform == "win32":
                    self._loop = asyncio.ProactorEventLoop()
                else:
                    self._loop = asyncio.SelectorEventLoop()
                threading.Thread(target=_run, args=(self._loop,), name="longagent", daemon=True).start()
            return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            # Raised by somebody's callback. Whoever waits for that work is told; others wait for theirs.
            continue
        return


_loop = _Loop()


def _start_anew() -> None:
    global _loop  # noqa: PLW0603 - a forked child has the object, but not the thread
    _loop = _Loop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


def run(work: Callable[[], Awaitable[T]], *, timeout: float | None = None) -> T:
    """Run to the end on the background loop, from any thread but its own.

    An interrupt (Ctrl-C) cancels the work, waits a moment for it to clean up, and goes on to the caller; so does
    `timeout`, in seconds, as a `TimeoutError`.
    """
    future, ended = _submit(work)
    try:
        return _await(future, timeout)
    except BaseException:
        if not ended.is_set():
            future.cancel()
            ended.wait(_GRACE if timeout is None else 0)
        raise


def _await(future: Future[T], timeout: float | None) -> T:
    """Wait in slices: the system may hand a Ctrl-C to another thread, which does not wake a thread that just waits."""
    deadline = None if timeout is None else monotonic() + timeout
    while not future.done():
        left = _SLICE if deadline is None else min(_SLICE, deadline - monotonic())
        if left <= 0:
            raise TimeoutError
        wait([future], left)
    return future.result()


async def run_async(work: Callable[[], Awaitable[T]]) -> T:
    """Run on the background loop while the caller's loop stays free; cancelling here cancels there."""
    future, ended = _submit(work)
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        # As a caller of `run` does: when this returns, nothing goes on behind the caller's back.
        await asyncio.to_thread(ended.wait, _GRACE)
        raise


def _submit(work: Callable[[], Awaitable[T]]) -> tuple[Future[T], threading.Event]:
    loop = _loop.get()
    try:
        inside = asyncio.get_running_loop() is loop
    except RuntimeError:
        inside = False
    if inside:
        raise RuntimeError("longagent's own loop cannot wait for itself: inside a strategy, await instead of asking.")
    ended = threading.Event()

    async def guarded() -> T:
        try:
            return await work()
        finally:
            ended.set()

    # In a fresh context: inside a host's LangGraph node, its checkpointer and callbacks would take part in our runs.
    return contextvars.Context().run(asyncio.run_coroutine_threadsafe, guarded(), loop), ended
