"""The way of every call of a run: replies that are there, calls in flight, budget, retries, and at last the model."""

import asyncio
from dataclasses import replace
from math import inf
from time import monotonic
from typing import Literal

from longagent.errors import BudgetReached, ModelError, ModelUnavailableError
from longagent.events import BudgetSpent, CallFailed, CallFinished, CallRetried, CallSpared, CallStarted, Emit
from longagent.llm.budget import Budget, Spend
from longagent.llm.flights import Flights
from longagent.llm.health import Health
from longagent.llm.meter import Meter
from longagent.llm.model import Model, Profile, Reply, Request
from longagent.llm.replies import Replies, request_key
from longagent.llm.retries import Policy, with_retries
from longagent.llm.spending import cost_of_call, most_of_call

_FREE = frozenset({"rate_limit", "overload", "connection"})
"""Troubles for which nobody sends a bill; a model that was silent may well have worked."""

_ANYTHING = Request(messages=({"role": "user", "content": "Reply with one word: yes."},), max_tokens=16, role="check")
"""What a server is asked to see whether it answers at all."""
_ANSWERS_WITHIN = 60.0
"""Seconds; beyond that it is of no use."""


class Calls:
    """The calls of one run. `model` wraps a model so that all its calls come this way."""

    def __init__(
        self, run: str, *, emit: Emit, budget: Budget, replies: Replies, flights: Flights, policy: Policy | None = None
    ) -> None:
        self._run = run
        self._emit = emit
        self._budget = budget
        self._replies = replies
        self._flights = flights
        self._policy = policy or Policy()
        self._health = Health(replies)
        self._number = 0
        self._stopped = ""
        self.meter = Meter()

    @property
    def stopped(self) -> str:
        """The limit that cut the reading off, in words; empty if none did."""
        return self._stopped

    def may_go_on(self) -> bool:
        """Whether the limits allow more calls than those that write the answer. Who asks has something left to read."""
        if not self._stopped and self._budget.seconds_left(final=False) <= 0:
            self._stop(self._budget.time_is_up)
        return not self._stopped

    def model(self, model: Model) -> Model:
        """Return a model whose calls are part of this run."""
        return _Door(self, model)

    async def complete(self, model: Model, request: Request) -> Reply:
        """Take the reply from where it is, or make the call; see `Model.complete`.

        Raises:
            BudgetReached: a limit would be passed.
            ServerDownError: one call after the other failed.
            NotCachedError: only remembered replies may be used.
        """
        key, request = request_key(model, request), replace(request, run=self._run)
        recalled = await self._replies.recall(key)
        if recalled is not None:
            return self._spare(request, recalled, "journal")
        reply, mine = await self._flights.once(key, lambda: self._find_or_make(key, model, request))
        if not mine:
            await self._replies.share(key, request, reply)
            return self._spare(request, reply, "flight")
        return reply

    async def _find_or_make(self, key: bytes, model: Model, request: Request) -> Reply:
        # Looked for in flight: of two who ask at once, one would else look before the other's reply is there, and call
        # when it is.
        found = await self._replies.find(key, model, request)
        if found is not None:
            return self._spare(request, found, "cache")
        return await self._make(key, model, request)

    def _spare(self, request: Request, reply: Reply, source: Literal["journal", "cache", "flight"]) -> Reply:
        self.meter.spare()
        self._emit(CallSpared(role=request.role, source=source))
        return reply

    async def _make(self, key: bytes, model: Model, request: Request) -> Reply:
        """Make the call within the budget, and remember its reply."""
        most = await most_of_call(model, request, self._budget)
        await self._reserve(most, request)
        self._number += 1
        call, actual = self._number, most
        try:
            reply = await self._in_time(key, model, request, most, call)
            actual = await cost_of_call(model, request, reply, self._budget)
        except ModelError as error:
            actual = Spend()
            if _is_billed(error):
                actual = most
                await self._replies.lose(most)
            raise
        finally:
            self._budget.settle(most, actual)
        self.meter.count(model, reply)
        # First of all: whatever is awaited before may be where the run is cancelled.
        await self._replies.keep(key, model, request, reply, actual)
        await self._health.went_well(call)
        return reply

    async def _reserve(self, most: Spend, request: Request) -> None:
        try:
            self._budget.reserve(most, run=self._run, final=request.final)
        except BudgetReached as reached:
            self._stop(reached.message)
            raise
        finally:
            # Before anything is made of it: an attempt that ends now is to be followed by one that reads on.
            if self._stopped:
                await self._replies.reach_limit()

    async def _in_time(self, key: bytes, model: Model, request: Request, most: Spend, call: int) -> Reply:
        """Make the call; end it when the time for it is up."""
        left = self._budget.seconds_left(final=request.final)
        try:
            async with asyncio.timeout(None if left == inf else left) as deadline:
                return await self._told(key, model, request, most, call)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            self._stop(self._budget.time_is_up)
            await self._replies.reach_limit()
            raise BudgetReached(self._budget.time_is_up) from error

    async def _told(self, key: bytes, model: Model, request: Request, most: Spend, call: int) -> Reply:
        """Make the call, again where that may help, and tell how it went."""
        started = monotonic()
        self._emit(CallStarted(role=request.role, model=model.name, call=call))

        async def retry(error: ModelUnavailableError, wait: float) -> None:
            if _is_billed(error):
                # Another attempt is another call, and the last one stays spent.
                self._budget.reserve(most, run=self._run, final=request.final)
                await self._replies.lose(most)
            self._emit(CallRetried(role=request.role, call=call, kind=error.trouble, reason=error.message, wait=wait))

        try:
            reply = await with_retries(lambda: model.complete(request), on_retry=retry, policy=self._policy)
        except BaseException as error:
            kind, reason = _kind(error)
            seconds = monotonic() - started
            self._emit(
                CallFailed(role=request.role, model=model.name, call=call, seconds=seconds, kind=kind, reason=reason)
            )
            if isinstance(error, BudgetReached):
                self._stop(error.message)
                await self._replies.reach_limit()
            if isinstance(error, ModelError):
                await self._health.failed(key, request, error, begun=self._number, answers=lambda: self._answers(model))
            raise
        seconds = monotonic() - started
        self._budget.took(seconds)
        self._emit(
            CallFinished(
                role=request.role,
                model=model.name,
                call=call,
                seconds=seconds,
                prompt_tokens=reply.prompt_tokens,
                completion_tokens=reply.completion_tokens,
            )
        )
        return reply

    async def _answers(self, model: Model) -> bool:
        """Return whether a model answers at all: one short call, in one attempt."""
        request, left = replace(_ANYTHING, run=self._run), self._budget.seconds_left(final=False)
        most = await most_of_call(model, request, self._budget)
        try:
            self._budget.reserve(most, run=self._run, final=False)
        except BudgetReached:
            return False
        actual = Spend()
        try:
            async with asyncio.timeout(min(left, _ANSWERS_WITHIN)):
                reply = await with_retries(lambda: model.complete(request), on_retry=_on, policy=Policy(attempts=1))
            actual = await cost_of_call(model, request, reply, self._budget)
            self.meter.count(model, reply)
            await self._replies.lose(actual)
        except (ModelUnavailableError, TimeoutError):
            return False
        except ModelError:
            # It said something, if only that it would rather not.
            return True
        finally:
            self._budget.settle(most, actual)
        return True

    def _stop(self, reason: str) -> None:
        if not self._stopped:
            self._stopped = reason
            self._emit(BudgetSpent(reason=reason))


class _Door:
    """A `Model` whose calls go through a run's `Calls`."""

    def __init__(self, calls: Calls, model: Model) -> None:
        self._calls = calls
        self._model = model

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def profile(self) -> Profile:
        return self._model.profile

    async def complete(self, request: Request) -> Reply:
        return await self._calls.complete(self._model, request)

    async def count_tokens(self, text: str) -> int:
        return await self._model.count_tokens(text)

    async def aclose(self) -> None:
        """Do nothing: a run does not own the model."""


async def _on(error: ModelUnavailableError, wait: float) -> None:
    """Nothing is noted of an address that does not work, where another does."""


def _is_billed(error: ModelError) -> bool:
    return isinstance(error, ModelUnavailableError) and error.trouble not in _FREE


def _kind(error: BaseException) -> tuple[str, str]:
    """Return the kind of a failure and its reason; of errors that are not ours the name alone, for they may quote."""
    match error:
        case ModelUnavailableError():
            return error.trouble, error.message
        case ModelError() | BudgetReached():
            return type(error).__name__, error.message
        case asyncio.CancelledError():
            return "cancelled", "cancelled"
        case _:
            return type(error).__name__, type(error).__name__
