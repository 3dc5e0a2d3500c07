"""Notices a server that hangs: it takes calls and answers nothing, not even the simplest question."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from longagent.errors import ModelUnavailableError

_MISSES = 2
"""Checks in a row without an answer: one may be lost to a moment of full load."""


class Pulse:
    """Watches the calls to one address. All of them share one check at a time, and none is made while calls finish."""

    def __init__(self, server: str, check: Callable[[], Awaitable[bool]], *, after: float) -> None:
        """Watch an address.

        Args:
            server: its base URL, for the message.
            check: asks the server something easy; false when no answer came.
            after: seconds of silence before the first check. A third of it passes between two.
        """
        self._server = server
        self._check = check
        self._after = after
        self._calls: dict[asyncio.Timeout, float] = {}
        self._heard = float("-inf")
        self._watcher: asyncio.Task[None] | asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[None]:
        """Make a call inside.

        Raises:
            ModelUnavailableError: the server hangs.
        """
        loop = asyncio.get_running_loop()
        call = asyncio.timeout(None)
        try:
            async with call:
                self._calls[call] = loop.time()
                if self._watcher is None:
                    # Most calls end long before it matters: a timer costs them a microsecond, a task twenty.
                    self._watcher = loop.call_later(self._after, self._start)
                yield
                self._heard = loop.time()
        except TimeoutError as error:
            if not call.expired():
                raise
            raise ModelUnavailableError(
                f"the model server at {self._server} hangs: it keeps calls waiting and answers no question either.",
                hint="Restart it, or look at its log.",
                trouble="timeout",
            ) from error
        finally:
            self._calls.pop(call, None)
            await self._stop_if_alone()

    def _start(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _stop_if_alone(self) -> None:
        if self._calls or self._watcher is None:
            return
        watcher, self._watcher = self._watcher, None
        watcher.cancel()
        if isinstance(watcher, asyncio.Task):
            # Its connection must be gone before the client closes.
            await asyncio.wait([watcher])

    async def _watch(self) -> None:
        loop, misses = asyncio.get_running_loop(), 0
        while True:
            # The server is as silent as its longest waiting call, or as long as none has ended.
            silent = loop.time() - max(self._heard, min(self._calls.values()))
            if silent < self._after:
                misses = 0
                await asyncio.sleep(self._after - silent)
                continue
            misses = 0 if await self._check() else misses + 1
            if misses == _MISSES:
                for call, began in self._calls.items():
                    if loop.time() - began >= self._after:
                        call.reschedule(loop.time())
                misses = 0
            await asyncio.sleep(self._after / 3 if misses else self._after)
