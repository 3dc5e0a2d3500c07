"""Identical calls in flight are made once; where runs read together, also those that have landed."""

import asyncio
from collections.abc import Awaitable, Callable

from longagent.errors import ModelError
from longagent.llm.model import Reply


class Flights:
    """Calls being made at this moment, by key; used from one event loop.

    Args:
        keep: whether calls that have landed stay known, well or badly: runs that read together must not come to differ
            because one of them asks a moment later.
    """

    def __init__(self, *, keep: bool = False) -> None:
        self._keep = keep
        self._flying: dict[bytes, asyncio.Future[Reply | None]] = {}

    def know(self, key: bytes, landed: Reply | ModelError) -> None:
        """Take a call for one that has landed, as it did in an earlier attempt."""
        if key not in self._flying:
            future = self._flying[key] = asyncio.get_running_loop().create_future()
            _land(future, landed)

    async def once(self, key: bytes, make: Callable[[], Awaitable[Reply]]) -> tuple[Reply, bool]:
        """Make a call, or wait for the same one that is being made. Returns the reply, and whether it was made here.

        Raises:
            ModelError: it failed, for everyone who waits.
        """
        while flying := self._flying.get(key):
            made = await asyncio.shield(flying)
            if made is not None:
                return made, False
        mine = self._flying[key] = asyncio.get_running_loop().create_future()
        landed = True
        try:
            reply = await make()
        except ModelError as error:
            _land(mine, error)
            raise
        except BaseException:
            # Cancelled, or out of its own budget: no reason for others not to try. They are told so by a result: were
            # this future cancelled, one of them that is cancelled too could not tell, and would make the call.
            mine.set_result(None)
            landed = False
            raise
        else:
            _land(mine, reply)
            return reply, True
        finally:
            if not (self._keep and landed):
                del self._flying[key]


def _land(future: "asyncio.Future[Reply | None]", landed: Reply | ModelError) -> None:
    if isinstance(landed, ModelError):
        future.set_exception(landed)
        future.exception()  # nobody may be waiting
    else:
        future.set_result(landed)
