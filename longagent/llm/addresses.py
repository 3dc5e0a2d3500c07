"""Which of a model's addresses a call goes to, and when: of those that work, the one that has its beginning."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from longagent.errors import ModelUnavailableError
from longagent.llm.limits import Limit, first_slot, limit_for
from longagent.llm.prefixes import Prefixes
from longagent.llm.presence import FIRST_LOOK, Presence


class _ElsewhereError(Exception):
    """The address failed while this call waited for its turn there."""


class Addresses:
    """The addresses of one model, which stay the same. To be used from one event loop.

    A call goes to the address that has its prefix, else to the first in the prefix's order, as long as that has not too
    much to do. While all are full it waits for that one, and goes elsewhere as soon as another has room and nobody of
    its own: to let an address idle, so that a call finds its prefix computed, would take longer than computing it.
    """

    def __init__(
        self,
        base_urls: Sequence[str],
        *,
        answers: Callable[[str], Awaitable[bool]],
        concurrency: int | None = None,
        limits: dict[str, Limit] | None = None,
        first_look: float = FIRST_LOOK,
    ) -> None:
        """Take the addresses.

        Args:
            base_urls: in normal form.
            answers: asks an address whether it is well.
            concurrency: calls in flight over all of them; `None`: as many as each turns out to bear.
            limits: the fixed limits of the session, shared by its models that have the same addresses.
            first_look: seconds until one that failed is looked after.
        """
        self.base_urls = tuple(dict.fromkeys(base_urls))
        self._concurrency = concurrency
        self._fixed = limits
        self._prefixes = Prefixes(self.base_urls)
        self._presence = Presence(
            self.base_urls, answers=answers, on_return=self._prefixes.take_back, first_look=first_look
        )
        self._in_flight = dict.fromkeys(self.base_urls, 0)
        self._limits: dict[str, Limit] = {}
        self._total: Limit | None = None

    @asynccontextmanager
    async def slot(self, run: str = "", *, prefix: str = "") -> AsyncIterator[str]:
        """Wait for a turn, and make one call inside to the address given; the exception that leaves tells how it went.

        Args:
            run: whose call it is; runs take turns.
            prefix: stands for the beginning of the prompt, which an address may have computed already.
        """
        self._presence.call_begins()
        try:
            while True:
                try:
                    async with self._turn(run, prefix) as server:
                        was_out = self._presence.is_out(server)
                        self._in_flight[server] += 1
                        try:
                            yield server
                        except ModelUnavailableError as error:
                            error.elsewhere = self._presence.failed(server, error)
                            raise
                        finally:
                            self._in_flight[server] -= 1
                        # A server that shuts down turns calls away, and answers those that it took before.
                        if was_out or not self._presence.is_out(server):
                            self._presence.went_well(server)
                        return
                except _ElsewhereError:
                    continue
        finally:
            await self._presence.call_ends()

    async def aclose(self) -> None:
        """End what goes on in the background. Safe to call twice."""
        await self._presence.aclose()

    @asynccontextmanager
    async def _turn(self, run: str, prefix: str) -> AsyncIterator[str]:
        self._make_limits()
        if self._total is not None:
            async with first_slot([self._total], run):
                # Not before: while it waited, others came and went.
                yield self._note(prefix, self._order(prefix, self._in_flight)[0])
            return
        # Without a prefix whoever has room and the least to do is as good as any: no order is needed.
        order: Sequence[str] = self._presence.present
        if prefix and len(order) > 1:
            order = self._order(prefix, {url: limit.load for url, limit in self._limits.items()})
        limits = [self._limits[url] for url in order]
        async with first_slot(limits, run, ranked=bool(prefix) and self._presence.works) as limit:
            server = order[limits.index(limit)]
            if server not in self._presence.present:
                raise _ElsewhereError
            yield self._note(prefix, server)

    def _order(self, prefix: str, loads: dict[str, int]) -> Sequence[str]:
        """Return the addresses that work, the best one for a call first."""
        usable = self._presence.present
        if len(usable) == 1:
            return usable
        if prefix and self._presence.works:
            return self._prefixes.order(prefix, usable, loads)
        return sorted(usable, key=loads.__getitem__)

    def _note(self, prefix: str, server: str) -> str:
        if prefix and len(self.base_urls) > 1:
            self._prefixes.computes(prefix, server, self._presence.present)
        return server

    def _make_limits(self) -> None:
        if self._limits or self._total is not None:
            return
        # Not before: adaptive limits belong to the event loop that calls.
        if self._concurrency is None:
            self._limits = {url: limit_for(url, None) for url in self.base_urls}
        else:
            self._total = limit_for(" ".join(sorted(self.base_urls)), self._concurrency, self._fixed)
