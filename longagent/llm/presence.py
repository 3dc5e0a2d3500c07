"""Which of a model's addresses can be called: one that fails is taken out, looked after, and back when it answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from longagent.errors import ModelUnavailableError

FIRST_LOOK, LONGEST = 1.0, 30.0
"""Seconds until an address that failed is looked after, and at most between two looks."""

_OUT_AT_ONCE = frozenset({"connection", "timeout"})
_OUT_AFTER = 3
"""Failures in a row of another kind: one is bad luck, and a burst of calls must not empty the pool."""


@dataclass(slots=True)
class _Out:
    """An address that is not called."""

    failed: int
    """How many failures there had been before its last."""
    due: float
    """When to look after it."""
    watcher: asyncio.Task[None] | asyncio.TimerHandle | None = None


class Presence:
    """Keeps who is there. It looks after the others while calls are made, and never else. For one event loop."""

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        answers: Callable[[str], Awaitable[bool]],
        on_return: Callable[[str], object],
        first_look: float = FIRST_LOOK,
    ) -> None:
        """Take all for present.

        Args:
            addresses: of one model.
            answers: asks an address whether it is well.
            on_return: is told of an address that is back.
            first_look: seconds until one that failed is looked after; then twice as many, and so on.
        """
        self._addresses = tuple(addresses)
        self._answers = answers
        self._on_return = on_return
        self._first_look = first_look
        self._out: dict[str, _Out] = {}
        self._failed = 0
        self._failures = dict.fromkeys(self._addresses, 0)
        """In a row, of calls."""
        self._looks = dict.fromkeys(self._addresses, 0)
        """Since a call went well: what answers may still not work, and is then left alone for longer each time."""
        self._calls = 0
        self._closed = False
        self.present: tuple[str, ...] = self._addresses
        """Those to call, in their order; where none works all, the one not tried for longest first."""

    @property
    def works(self) -> bool:
        """Whether any works."""
        return len(self._out) < len(self._addresses)

    def is_out(self, address: str) -> bool:
        """Whether an address failed and has not been well since."""
        return address in self._out

    def call_begins(self) -> None:
        """Note that a call is about to be made, or waits to be."""
        self._calls += 1
        for address in self._out:
            self._watch(address)

    async def call_ends(self) -> None:
        """Note that it ended. With the last one ends what goes on in the background."""
        self._calls -= 1
        if not self._calls and self._out:
            await self._stop()

    def went_well(self, address: str) -> None:
        """Note that an address answered a call: it works, whatever was thought of it."""
        self._failures[address] = self._looks[address] = 0
        if address in self._out:
            self._return(address)

    def failed(self, address: str, error: ModelUnavailableError) -> bool:
        """Note that a call failed; return whether it was the address's fault and another one works."""
        # A rate limit says that it is well, and asks for patience. Where there is one address there is no choice.
        if error.trouble == "rate_limit" or len(self._addresses) == 1:
            return False
        self._failures[address] += 1
        self._failed += 1
        if address in self._out:
            self._out[address].failed = self._failed
        elif error.trouble in _OUT_AT_ONCE or self._failures[address] >= _OUT_AFTER:
            self._out[address] = _Out(self._failed, 0.0)
            self._put_off(address)
            self._watch(address)
        else:
            return False
        self._sort()
        return self.works

    async def aclose(self) -> None:
        """End what goes on in the background, for good. Safe to call twice."""
        self._closed = True
        await self._stop()

    def _sort(self) -> None:
        there = tuple(address for address in self._addresses if address not in self._out)
        self.present = there or tuple(sorted(self._addresses, key=lambda address: self._out[address].failed))

    def _return(self, address: str) -> None:
        watcher = self._out.pop(address).watcher
        if watcher is not None and watcher is not asyncio.current_task():
            watcher.cancel()
        self._failures[address] = 0
        self._sort()
        self._on_return(address)

    def _put_off(self, address: str) -> None:
        wait = min(LONGEST, self._first_look * 2.0 ** min(self._looks[address], 10))
        self._looks[address] += 1
        self._out[address].due = asyncio.get_running_loop().time() + wait

    def _watch(self, address: str) -> None:
        out = self._out[address]
        if out.watcher is None and self._calls and not self._closed:
            # A timer costs a call a microsecond, a task twenty.
            out.watcher = asyncio.get_running_loop().call_at(out.due, self._start, address)

    def _start(self, address: str) -> None:
        self._out[address].watcher = asyncio.get_running_loop().create_task(self._look_after(address))

    async def _look_after(self, address: str) -> None:
        # Before it asks: a look that ends with the last call is not to be repeated with the next.
        self._put_off(address)
        well = await self._answers(address)
        out = self._out.get(address)
        if out is None:
            return
        out.watcher = None
        if well:
            self._return(address)
        else:
            self._watch(address)

    async def _stop(self) -> None:
        watchers = [out.watcher for out in self._out.values() if out.watcher is not None]
        for out in self._out.values():
            out.watcher = None
        for watcher in watchers:
            watcher.cancel()
        # Their connections must be gone before the client closes.
        if looks := [watcher for watcher in watchers if isinstance(watcher, asyncio.Task)]:
            await asyncio.wait(looks)
