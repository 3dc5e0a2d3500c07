"""Which of a model's addresses a call goes to: the least busy of those that work, when its limit has room."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from time import monotonic

from longagent.errors import ModelUnavailableError
from longagent.llm.limits import Limit, first_slot, limit_for

AVOIDED_SECONDS = 15.0
"""For so long no call goes to an address that failed, as long as there is another."""

_FAILING = frozenset({"connection", "timeout"})


class _ElsewhereError(Exception):
    """The address failed while this call waited for its turn there."""


class Addresses:
    """The addresses of one model. To be used from one event loop."""

    def __init__(
        self,
        base_urls: Sequence[str],
        *,
        concurrency: int | None = None,
        limits: dict[str, Limit] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take the addresses.

        Args:
            base_urls: in normal form.
            concurrency: calls in flight over all of them; `None`: as many as each turns out to bear.
            limits: the fixed limits of the session, shared by its models that have the same addresses.
            clock: tells seconds.
        """
        self.base_urls = tuple(dict.fromkeys(base_urls))
        self._concurrency = concurrency
        self._fixed = limits
        self._clock = clock
        self._in_flight = dict.fromkeys(self.base_urls, 0)
        self._failed: dict[str, float] = {}
        self._limits: dict[str, Limit] = {}

    @asynccontextmanager
    async def slot(self, run: str = "") -> AsyncIterator[str]:
        """Wait for a turn, and make one call inside to the address given; the exception that leaves tells how it went.

        Args:
            run: whose call it is; runs take turns.
        """
        while True:
            try:
                async with first_slot(self._usable_limits(), run) as limit:
                    server = self._choose(limit)
                    self._in_flight[server] += 1
                    try:
                        yield server
                        self._failed.pop(server, None)
                    except ModelUnavailableError as error:
                        if error.trouble in _FAILING:
                            self._failed[server] = self._clock()
                        raise
                    finally:
                        self._in_flight[server] -= 1
                    return
            except _ElsewhereError:
                continue

    def _usable(self) -> Sequence[str]:
        now = self._clock()
        working = [url for url in self.base_urls if now - self._failed.get(url, float("-inf")) >= AVOIDED_SECONDS]
        return working or self.base_urls

    def _usable_limits(self) -> Sequence[Limit]:
        if not self._limits:
            # Not before: adaptive limits belong to the event loop that calls.
            total = None
            if self._concurrency is not None:
                total = limit_for(" ".join(sorted(self.base_urls)), self._concurrency, self._fixed)
            self._limits = {url: total or limit_for(url, None) for url in self.base_urls}
        return list(dict.fromkeys(self._limits[url] for url in self._usable()))

    def _choose(self, limit: Limit) -> str:
        usable = [url for url in self._usable() if self._limits[url] is limit]
        if not usable:
            raise _ElsewhereError
        return min(usable, key=self._in_flight.__getitem__)
