"""Which of a model's addresses a call goes to, and when: of those that work, the one that has its beginning."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from time import monotonic

from longagent.errors import ModelUnavailableError
from longagent.llm.limits import Limit, first_slot, limit_for
from longagent.llm.presence import Presence
from longagent.llm.routing import choose


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
        answers: Callable[[str], Awaitable[bool]] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take the addresses.

        Args:
            base_urls: in normal form.
            concurrency: calls in flight over all of them; `None`: as many as each turns out to bear.
            limits: the fixed limits of the session, shared by its models that have the same addresses.
            answers: asks an address something easy; see `Presence`.
            clock: tells seconds.
        """
        self.base_urls = tuple(dict.fromkeys(base_urls))
        self._concurrency = concurrency
        self._fixed = limits
        self._presence = Presence(self.base_urls, answers, clock=clock)
        self._in_flight = dict.fromkeys(self.base_urls, 0)
        self._limits: dict[str, Limit] = {}
        self._total: Limit | None = None

    @asynccontextmanager
    async def slot(self, run: str = "", *, prefix: str = "") -> AsyncIterator[str]:
        """Wait for a turn, and make one call inside to the address given; the exception that leaves tells how it went.

        Args:
            run: whose call it is; runs take turns.
            prefix: stands for the beginning of the prompt, which the address may have computed already.
        """
        while True:
            try:
                async with self._turn(run, prefix) as server:
                    self._in_flight[server] += 1
                    try:
                        yield server
                        self._presence.went_well(server)
                    except ModelUnavailableError as error:
                        self._presence.failed(server, error.trouble)
                        raise
                    finally:
                        self._in_flight[server] -= 1
                    return
            except _ElsewhereError:
                continue

    def others(self, server: str) -> bool:
        """Whether another address works, as far as known."""
        return self._presence.others(server)

    async def aclose(self) -> None:
        """End what goes on in the background. Safe to call twice."""
        await self._presence.aclose()

    @asynccontextmanager
    async def _turn(self, run: str, prefix: str) -> AsyncIterator[str]:
        self._make_limits()
        usable = self._presence.present()
        if self._total is not None:
            async with first_slot([self._total], run):
                yield choose(prefix, {url: self._in_flight[url] for url in self._presence.present()})
            return
        limits = [self._limits[url] for url in usable]
        rather = None
        if prefix and len(usable) > 1:
            loads = {url: limit.in_flight + limit.waiting for url, limit in zip(usable, limits, strict=True)}
            rather = self._limits[choose(prefix, loads)]
        async with first_slot(limits, run, rather=rather) as limit:
            server = next(url for url, each in self._limits.items() if each is limit)
            if server not in self._presence.present():
                raise _ElsewhereError
            yield server

    def _make_limits(self) -> None:
        if self._limits or self._total is not None:
            return
        # Not before: adaptive limits belong to the event loop that calls.
        if self._concurrency is None:
            self._limits = {url: limit_for(url, None) for url in self.base_urls}
        else:
            self._total = limit_for(" ".join(sorted(self.base_urls)), self._concurrency, self._fixed)
