"""Which of a model's addresses can be called: one that fails is taken out, looked after, and back when it answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from longagent.errors import Trouble

FIRST_LOOK, LONGEST = 1.0, 30.0
"""Seconds until an address that failed is looked after, and at most between two looks."""

_OUT_AT_ONCE = frozenset({"connection", "timeout"})
_OUT_AFTER = 3
"""Failures in a row of another kind: one is bad luck, and a burst of calls must not empty the pool."""


class Presence:
    """Keeps who is there. While nothing is called, nothing is looked after. To be used from one event loop."""

    def __init__(
        self,
        addresses: Sequence[str],
        answers: Callable[[str], Awaitable[bool]] | None = None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take all for present.

        Args:
            addresses: of one model.
            answers: asks an address something easy; `None`: one that failed is tried again when its time has come.
            clock: tells seconds.
        """
        self._addresses = tuple(addresses)
        self._answers = answers
        self._clock = clock
        self._out: dict[str, float] = {}
        """When to look after those that are out."""
        self._failures = dict.fromkeys(self._addresses, 0)
        """In a row, looks that found nobody included."""
        self._looks: dict[str, asyncio.Task[None]] = {}

    def present(self) -> Sequence[str]:
        """Return the addresses to call, in their order; all, where none is present."""
        if not self._out:
            return self._addresses
        self._look()
        return [address for address in self._addresses if address not in self._out] or self._addresses

    def others(self, address: str) -> bool:
        """Whether there is another to call."""
        return any(each not in self._out for each in self._addresses if each != address)

    def went_well(self, address: str) -> None:
        """Note a call that got its reply."""
        self._failures[address] = 0
        self._out.pop(address, None)

    def failed(self, address: str, trouble: Trouble) -> None:
        """Note a call that met a trouble."""
        # A rate limit says that it is well, and asks for patience.
        if trouble == "rate_limit":
            return
        self._failures[address] += 1
        if trouble in _OUT_AT_ONCE or self._failures[address] >= _OUT_AFTER:
            # Those that were on their way fail together, which is one failure.
            self._out.setdefault(address, self._clock() + self._wait(address))

    async def aclose(self) -> None:
        """End looks that are under way. Safe to call twice."""
        looks = list(self._looks.values())
        for look in looks:
            look.cancel()
        if looks:
            await asyncio.wait(looks)

    def _look(self) -> None:
        now = self._clock()
        for address in [each for each, due in self._out.items() if due <= now and each not in self._looks]:
            if self._answers is None:
                self._out.pop(address)
            else:
                task = asyncio.get_running_loop().create_task(self._look_after(address, self._answers))
                self._looks[address] = task

    async def _look_after(self, address: str, answers: Callable[[str], Awaitable[bool]]) -> None:
        try:
            # What answers may still not work: until a call goes well its failures count, and the next look is later.
            if await answers(address):
                self._out.pop(address, None)
            else:
                self._failures[address] += 1
                self._out[address] = self._clock() + self._wait(address)
        finally:
            del self._looks[address]

    def _wait(self, address: str) -> float:
        return min(LONGEST, FIRST_LOOK * 2.0 ** min(self._failures[address] - 1, 10))
