"""A run's calls with everything around them: journal, cache, budget, calls in flight."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from longagent.errors import (
    ModelUnavailableError,
    ReplyError,
)
from longagent.events import CallSpared, Event
from longagent.llm.budget import Budget, Limits
from longagent.llm.calls import Calls
from longagent.llm.flights import Flights
from longagent.llm.model import Message, Reply, Request
from longagent.llm.replies import Replies
from longagent.llm.retries import Policy
from longagent.store.journal import Journal
from longagent.store.response_cache import ResponseCache
from longagent.testing import ScriptedModel

RUN = "0123456789abcdef"
GONE = ModelUnavailableError("the connection broke.")


def request(text: str = "Hello?", *, final: bool = False, sample: int = 0) -> Request:
    message: Message = {"role": "user", "content": text}
    return Request(messages=(message,), max_tokens=10, role="tests/reader", final=final, check=not_empty, sample=sample)


def not_empty(reply: Reply) -> None:
    if not reply.text:
        raise ReplyError("the reply was empty.")


class Model(ScriptedModel):
    """Says "said N", or raises what stands for the number of the call."""

    def __init__(self, errors: dict[int, Exception] | None = None, *, said: str = "said {}") -> None:
        self.errors = errors or {}
        super().__init__(lambda _: self._said(said), window=8192)
        self.profile = replace(self.profile, identity="tests", price=(1.0, 2.0))

    def _said(self, said: str) -> str:
        if error := self.errors.get(len(self.requests)):
            raise error
        return said.format(len(self.requests))


class Desk:
    """A run's `Calls` with everything around it."""

    def __init__(self, folder: Path, journal: Journal | None, cache: ResponseCache | None) -> None:
        self.folder = folder
        self.journal = journal
        self.cache = cache
        self.events: list[Event] = []
        self.flights = Flights()

    def calls(self, limits: Limits | None = None, *, attempts: int = 1, cached_only: bool = False) -> Calls:
        return Calls(
            RUN,
            emit=self.events.append,
            budget=Budget(limits or Limits()),
            replies=Replies(journal=self.journal, cache=self.cache, cached_only=cached_only),
            flights=self.flights,
            policy=Policy(attempts=attempts, first=0.0),
        )

    async def reopen(self, *, failed: bool = False) -> None:
        """Interrupt the run, or let it fail, and take it up again."""
        assert self.journal is not None
        if failed:
            await self.journal.finish("failed")
        await self.journal.aclose()
        self.journal = await Journal.open(self.folder / "runs", RUN, {})

    @property
    def kinds(self) -> list[type[Event]]:
        return [type(event) for event in self.events]

    @property
    def sources(self) -> list[str]:
        return [event.source for event in self.events if isinstance(event, CallSpared)]


def at_desk(folder: Path, test: Callable[[Desk], Awaitable[None]], *, journal: bool = True, cache: bool = True) -> None:
    async def go() -> None:
        kept = await Journal.open(folder / "runs", RUN, {}) if journal else None
        cached = ResponseCache(folder / "cache") if cache else None
        desk = Desk(folder, kept, cached)
        try:
            async with asyncio.timeout(20):
                await test(desk)
        finally:
            if desk.journal:
                await desk.journal.aclose()
            if cached:
                await cached.aclose()

    asyncio.run(go())


class Slow(Model):
    """Replies when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.land = asyncio.Event(), asyncio.Event()

    async def complete(self, request: Request) -> Reply:
        self.begun.set()
        await self.land.wait()
        return await super().complete(request)
