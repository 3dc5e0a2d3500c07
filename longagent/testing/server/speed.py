"""How long a simulated server takes, and how many calls it computes at once."""

import asyncio
from collections import deque
from dataclasses import dataclass

from longagent.testing.http_thread import Connection


@dataclass(frozen=True, slots=True)
class Speed:
    """What a call's time is made of; as fast as possible unless said. Calls do not slow each other down."""

    first_token: float = 0.0
    """Seconds before the first token of any reply."""
    prefill: float | None = None
    """Prompt tokens read in a second; those from the prefix cache take no time."""
    decode: float | None = None
    """Reply tokens written in a second."""

    def until_first(self, prompt_tokens: int) -> float:
        """Return the seconds before a reply begins."""
        return self.first_token + (prompt_tokens / self.prefill if self.prefill else 0.0)

    def writing(self, reply_tokens: int) -> float:
        """Return the seconds a reply takes from its first token on."""
        return reply_tokens / self.decode if self.decode else 0.0


class QueueFullError(Exception):
    """No slot is free and no more calls may wait for one."""


class Slots:
    """Lets so many calls be computed at once; the others wait in the order they came."""

    def __init__(self, count: int | None, *, queue: int | None) -> None:
        self._free = count
        self._queue = queue
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self, connection: Connection) -> None:
        """Take a slot, waiting for it if need be.

        Raises:
            QueueFullError: too many wait already.
            ConnectionResetError: the client went away while it waited.
        """
        if self._free is None:
            return
        if self._free > 0:
            self._free -= 1
            return
        if self._queue is not None and len(self._waiting) >= self._queue:
            raise QueueFullError
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await connection.wait_for(turn)
        except BaseException:
            if turn.done():  # its turn came in the very moment the client left
                self.leave()
            else:
                self._waiting.remove(turn)
            raise

    def leave(self) -> None:
        """Hand the slot to who waits longest."""
        if self._free is None:
            return
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1
