"""Replies that are there already: in the journal of an interrupted run, or in the cache that all runs share."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from longagent.errors import NotCachedError, ReplyError
from longagent.llm.budget import Spend
from longagent.llm.flights import Flights
from longagent.llm.logprobs import logprobs_of_record
from longagent.llm.model import Model, Reply, Request
from longagent.store.journal import Journal, Spent
from longagent.store.response_cache import ResponseCache


class Replies:
    """Where a run looks before it calls, and what it leaves for the next."""

    def __init__(self, *, journal: Journal | None, cache: ResponseCache | None, cached_only: bool = False) -> None:
        self._journal = journal
        self._cache = cache
        self._cached_only = cached_only

    async def recall(self, key: bytes) -> Reply | None:
        """Return the reply that this run got before it was interrupted, if it did.

        Raises:
            ReplyError: the call failed for good.
        """
        if self._journal is None:
            return None
        record = await self._journal.get(key)
        if record is not None and (reply := _read(record)) is not None:
            return reply
        failed = self._journal.failure(key)
        if failed is not None:
            raise ReplyError(failed)
        return None

    async def find(self, key: bytes, model: Model, request: Request) -> Reply | None:
        """Return the reply that another run got to the same call, if one is there.

        Raises:
            NotCachedError: it is not there, and nothing else may be used.
        """
        if self._cache is not None and model.profile.identity:
            record = await self._cache.get(key)
            if record is not None and (reply := _read(record)) is not None and _usable(request, reply):
                await self.share(key, request, reply)
                return reply
        if self._cached_only:
            raise NotCachedError("A reply that is needed is not in the cache.", hint="Ask without --cache-only.")
        return None

    async def keep(self, key: bytes, model: Model, request: Request, reply: Reply, spent: Spend) -> None:
        """Remember a reply that was paid for: for this run in any case, for others only if it is of use."""
        usable = _usable(request, reply)
        if self._journal is not None:
            record = _record(reply)
            await self._journal.put(key, record, role=request.role, usable=usable, spent=Spent(*spent))
        if self._cache is not None and model.profile.identity and usable:
            await self._cache.put(key, _record(reply))

    async def share(self, key: bytes, request: Request, reply: Reply) -> None:
        """Remember for this run a reply that somebody else paid for."""
        if self._journal is not None:
            await self._journal.put(key, _record(reply), role=request.role, usable=_usable(request, reply))

    async def lose(self, spent: Spend) -> None:
        """Remember for this run what was paid for no reply: an interruption does not give it back."""
        if self._journal is not None:
            await self._journal.lose(Spent(*spent))

    def suspected(self, key: bytes) -> bool:
        """Whether a call was among the last when the server seemed to be down."""
        return self._journal is not None and self._journal.suspected(key)

    async def fail(self, key: bytes, reason: str, *, suspect: bool = False) -> None:
        """Remember for this run that a call failed for good; a suspect is tried again when the run goes on."""
        if self._journal is not None:
            await self._journal.fail(key, reason, suspect=suspect)

    async def reach_limit(self) -> None:
        """Remember that a limit ended the reading."""
        if self._journal is not None:
            await self._journal.reach_limit()


async def remind(flights: Flights, journal: Journal) -> None:
    """Let flights that keep know what a run has from an attempt before: replies, and calls that failed for good."""
    for key, record in await journal.records():
        if (reply := _read(record)) is not None:
            flights.know(key, reply)
    for key, reason in journal.failures.items():
        flights.know(key, ReplyError(reason))


def request_key(model: Model, request: Request) -> bytes:
    """Return what stands for everything that can change the reply: 32 bytes."""
    profile = model.profile
    identity: list[Any] = [
        model.name,
        profile.identity,
        profile.thinking_tokens,
        request.prompt,
        [[message["role"], message["content"]] for message in request.messages],
        request.max_tokens,
        request.temperature,
        request.seed,
        request.stop,
        request.sample,
    ]
    if request.choices or request.schema is not None or request.logprobs is not None:
        # Only where they are used: replies to all other calls are the same as before there were any.
        identity.append([request.choices, request.schema, request.logprobs])
    return sha256(json.dumps(identity).encode()).digest()


def _usable(request: Request, reply: Reply) -> bool:
    try:
        if request.check is not None:
            request.check(reply)
    except ReplyError:
        return False
    return True


def _record(reply: Reply) -> dict[str, Any]:
    """Return a reply as it is kept in files."""
    record = asdict(reply)
    if reply.logprobs is None:
        # As versions write it, and can read it, that have no log-probabilities.
        del record["logprobs"]
    return record


def _read(record: Mapping[str, Any]) -> Reply | None:
    """Read a reply from a file; `None` if another version wrote it."""
    try:
        return Reply(**{**record, "logprobs": logprobs_of_record(record.get("logprobs"))})
    except (TypeError, KeyError, ValueError):
        return None
