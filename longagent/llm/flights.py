"""Identical calls in flight are made once."""

import asyncio
from collections.abc import Awaitable, Callable

from longagent.errors import ModelError
from longagent.llm.model import Reply


class Flights:
    """Calls being made at this moment, by key; used from one event loop."""

    def __init__(self) -> None:
        self._flying: dict[bytes, asyncio.Future[Reply | None]] = {}

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
        try:
            reply = await make()
        except ModelError as error:
            mine.set_exception(error)
            mine.exception()  # nobody may be waiting
            raise
        except BaseException:
            # Cancelled, or out of its own budget: no reason for others not to try. They are told so by a result: were
            # this future cancelled, one of them that is cancelled too could not tell, and would make the call.
            mine.set_result(None)
            raise
        else:
            mine.set_result(reply)
            return reply, True
        finally:
            del self._flying[key]
