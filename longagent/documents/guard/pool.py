"""A few guarded processes that are kept warm from one file to the next."""

import asyncio
import os
from types import TracebackType

from longagent.documents.guard.process import USUAL as USUAL_LIMITS
from longagent.documents.guard.process import Limits, Process
from longagent.documents.parsed import USUAL, Options, Parsed


class Pool:
    """Reads files in guarded processes, as many side by side as there are cores. Use it in an `async with`.

    A process that crashed, hung or grew too large costs the file it was reading, and is replaced.
    """

    def __init__(self, size: int | None = None) -> None:
        self.size = size or min(8, os.cpu_count() or 1)
        self._room = asyncio.Semaphore(self.size)
        self._idle: list[Process] = []

    async def read(self, form: str, data: bytes, *, options: Options = USUAL, limits: Limits = USUAL_LIMITS) -> Parsed:
        """Read one file of a format of `formats.READERS`.

        Raises:
            UnreadableError: its reader cannot read it, or takes too much time or memory, or crashes.
        """
        async with self._room:
            process = await self._take()
            try:
                return await process.read(form, data, options=options, limits=limits)
            finally:
                if process.usable:
                    self._idle.append(process)
                else:
                    await process.end()

    async def aclose(self) -> None:
        """End all processes."""
        while self._idle:
            await self._idle.pop().end()

    async def __aenter__(self) -> "Pool":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _take(self) -> Process:
        while self._idle:
            process = self._idle.pop()
            if process.usable:
                return process
            await process.end()  # killed from outside while it waited
        return await Process.start()
