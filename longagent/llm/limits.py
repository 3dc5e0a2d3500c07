"""Whose turn it is to call an endpoint: no more calls in flight than it bears, or than the user says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from weakref import WeakKeyDictionary, WeakValueDictionary

from longagent.errors import ModelUnavailableError
from longagent.llm.pace import Pace
from longagent.llm.turns import Turns

LONGEST_PAUSE = 120.0
"""Seconds: what a server asks for beyond this is not waited for here."""

_SHRINKING = frozenset({"rate_limit", "overload", "timeout"})


class Limit:
    """Calls in flight to one endpoint. Waiting calls take turns by run, and within a run come in their order.

    Those that would rather go elsewhere, and wait there too, are guests: they come when nobody else does.
    """

    def __init__(self, fixed: int | None = None, *, clock: Callable[[], float] = monotonic) -> None:
        """Make a limit that adapts, or a fixed one. `clock` tells seconds."""
        self._pace = Pace(fixed)
        self._clock = clock
        self._turns: Turns[Limit] = Turns()
        self._guests: Turns[Limit] = Turns()
        self._paused_until = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    @property
    def size(self) -> int:
        """Calls that may be in flight now."""
        return self._pace.size

    @property
    def in_flight(self) -> int:
        """Calls in flight now."""
        return self._pace.in_flight

    @property
    def waiting(self) -> int:
        """Calls waiting for their turn, guests left out."""
        return len(self._turns)

    @property
    def load(self) -> int:
        """Calls in flight and waiting, guests left out."""
        return self._pace.in_flight + (len(self._turns) if self._turns else 0)

    @asynccontextmanager
    async def slot(self, run: str = "") -> AsyncIterator[None]:
        """Wait for a turn and make one call inside; the exception that leaves the block tells how it went."""
        async with first_slot([self], run):
            yield

    @property
    def _free(self) -> bool:
        return self._pace.in_flight < self._pace.size and self._clock() >= self._paused_until

    @property
    def _awaited(self) -> bool:
        return bool(self._turns) or bool(self._guests)

    def _end(self) -> None:
        self._pace.ended()
        self._grant()

    def _enqueue(self, turn: "asyncio.Future[Limit]", run: str, *, guest: bool) -> None:
        (self._guests if guest else self._turns).add(turn, run)
        self._grant()

    def _withdraw(self, turn: "asyncio.Future[Limit]", run: str) -> None:
        self._turns.remove(turn, run)
        self._guests.remove(turn, run)
        if not self._awaited and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _grant(self) -> None:
        while self._free and (turn := self._next()) is not None:
            # Done already: cancelled, or another endpoint was free first.
            if not turn.done():
                self._pace.began()
                turn.set_result(self)
        if self._awaited and self._timer is None and (pause := self._paused_until - self._clock()) > 0:
            self._timer = asyncio.get_running_loop().call_later(pause, self._resume)

    def _next(self) -> "asyncio.Future[Limit] | None":
        if self._turns:
            return self._turns.pop()
        # The last, for the first is the next where it would rather go.
        return self._guests.pop(last=True) if self._guests else None

    def _resume(self) -> None:
        self._timer = None
        self._grant()

    def _judge(self, era: int, error: ModelUnavailableError) -> None:
        if error.trouble in _SHRINKING:
            self._pace.went_badly(era)
        if error.retry_after is not None:
            pause = min(error.retry_after, LONGEST_PAUSE)
            self._paused_until = max(self._paused_until, self._clock() + pause)


@asynccontextmanager
async def first_slot(limits: Sequence[Limit], run: str, *, ranked: bool = False) -> AsyncIterator[Limit]:
    """Wait until one of several limits has room, and make one call under it.

    Args:
        limits: of all endpoints that will do.
        run: whose call it is.
        ranked: whether they come in the order of preference; if not, the least busy is the best. The call then waits
            for the first, and is a guest of the others: no endpoint has room while a call waits, and yet each takes
            those first that are best off there.
    """
    limit = await _enter(limits, run, ranked=ranked)
    era, started = limit._pace.era, limit._clock()
    try:
        yield limit
        limit._pace.went_well(era, limit._clock() - started, others_wait=limit._awaited)
    except ModelUnavailableError as error:
        limit._judge(era, error)
        raise
    finally:
        limit._end()


async def _enter(limits: Sequence[Limit], run: str, *, ranked: bool) -> Limit:
    free = (limit for limit in limits if limit._free and not limit._awaited)
    limit = next(free, None) if ranked else min(free, key=lambda limit: limit.in_flight, default=None)
    if limit is not None:
        limit._pace.began()
        return limit
    turn: asyncio.Future[Limit] = asyncio.get_running_loop().create_future()
    try:
        for limit in limits:
            limit._enqueue(turn, run, guest=ranked and limit is not limits[0])
        return await turn
    except asyncio.CancelledError:
        if turn.done() and not turn.cancelled():
            turn.result()._end()
        raise
    finally:
        for limit in limits:
            limit._withdraw(turn, run)


_shared: "WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, Limit]]" = WeakKeyDictionary()


def limit_for(endpoint: str, fixed: int | None, held: dict[str, Limit] | None = None) -> Limit:
    """Return the limit for an endpoint; to be called inside the event loop that makes the calls.

    Limits that adapt are shared by all who call the same endpoint from one event loop: the server does not care which
    model or session of ours its load comes from. Fixed ones are shared by the models of one session, which holds them
    in `held`: the user's number is about the endpoint, however many models play a role there.
    """
    if fixed is not None:
        return Limit(fixed) if held is None else held.setdefault(endpoint, Limit(fixed))
    here = _shared.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    limit = here.get(endpoint)
    if limit is None:
        limit = here[endpoint] = Limit()
    return limit
