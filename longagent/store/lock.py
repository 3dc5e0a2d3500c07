"""One at a time, across threads and processes; the system lets go of the lock even when its holder is killed."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import IO


@contextmanager
def exclusive(path: Path, *, seconds: float) -> Iterator[None]:
    """Hold the lock of a file, which is created if need be and left behind.

    Raises:
        TimeoutError: Somebody else held it for so many seconds.
    """
    with open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        deadline = monotonic() + seconds
        while not try_lock(file):
            if monotonic() > deadline:
                raise TimeoutError(f"{path} is locked by another process")
            sleep(0.01)
        yield  # closing the file releases the lock


if sys.platform == "win32":
    import msvcrt

    def try_lock(file: IO[bytes]) -> bool:
        """Take the lock of an open file, if it is free; closing the file releases it."""
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(file: IO[bytes]) -> bool:
        """Take the lock of an open file, if it is free; closing the file releases it."""
        try:
            # flock, not lockf: it also keeps threads of one process apart.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
