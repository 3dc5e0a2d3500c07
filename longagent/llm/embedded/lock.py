"""One at a time, across processes: a lock on a file that the system releases even when its holder is killed."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

_RETRY_SECONDS = 0.2


@asynccontextmanager
async def exclusive(path: Path, *, waiting: Callable[[], None]) -> AsyncIterator[None]:
    """Hold the lock of a file, which is created if need be and left behind; `waiting` is called once if it is taken."""
    with path.open("ab") as file:
        if not _try_lock(file):
            waiting()
            # Not a blocking call in a thread: that could not be cancelled.
            while not _try_lock(file):  # noqa: ASYNC110 - another process holds it, which sets no event of ours
                await asyncio.sleep(_RETRY_SECONDS)
        yield  # closing the file releases the lock


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            # flock, not lockf: it also keeps two runs within one process apart.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
