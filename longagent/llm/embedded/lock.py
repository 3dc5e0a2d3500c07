"""One at a time, across processes: a lock on a file that the system releases even when its holder is killed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from longagent.store.lock import try_lock

_RETRY_SECONDS = 0.2


@asynccontextmanager
async def exclusive(path: Path, *, waiting: Callable[[], None]) -> AsyncIterator[None]:
    """Hold the lock of a file, which is created if need be and left behind; `waiting` is called once if it is taken."""
    with path.open("ab") as file:
        if not try_lock(file):
            waiting()
            # Not a blocking call in a thread: that could not be cancelled.
            while not try_lock(file):  # noqa: ASYNC110 - another process holds it, which sets no event of ours
                await asyncio.sleep(_RETRY_SECONDS)
        yield  # closing the file releases the lock
