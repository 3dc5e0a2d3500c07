"""Another attempt, later, for calls that met a passing trouble."""

import asyncio
import random as _random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from longagent.errors import ModelUnavailableError, ServerDownError

LONGEST_ASKED = 120.0
"""Seconds: a server that asks for a longer wait is asked again after this all the same."""

_AFTER_SILENCE = 3
"""Attempts when a server stays silent: each has cost minutes already."""

_MOVES = 8
"""Times a call goes on to another address without that being an attempt. Some addresses answer when they are looked
after, and never a call: they must not send a call round forever."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How often and how late a call is tried again."""

    attempts: int = 6
    """The first one included."""
    first: float = 0.5
    """Seconds waited at most after the first attempt; twice as many after each further one."""
    longest: float = 16.0
    """Seconds waited at most, unless the server asks for more."""


DEFAULT = Policy()


async def with_retries(
    attempt: Callable[[], Awaitable[T]],
    *,
    on_retry: Callable[[ModelUnavailableError, float], Awaitable[object]],
    policy: Policy = DEFAULT,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    random: Callable[[], float] = _random.random,
) -> T:
    """Return what an attempt returns, trying again after passing troubles.

    Where a model has another address that works, a call goes on there at once, and the attempt does not count.

    Args:
        attempt: makes one attempt; nothing is held while waiting for the next.
        on_retry: is told of the trouble and the seconds until the next attempt.
        policy: how often and how late.
        sleep: waits so many seconds.
        random: returns a number from 0 to 1.

    Raises:
        ModelUnavailableError: of the last attempt, or at once if it is a `ServerDownError`. Other errors pass at once.
    """
    made = moved = 0
    while True:
        try:
            return await attempt()
        except ServerDownError:
            raise
        except ModelUnavailableError as error:
            if error.elsewhere and moved < _MOVES:
                moved += 1
                await on_retry(error, 0.0)
                continue
            made += 1
            if made >= (min(policy.attempts, _AFTER_SILENCE) if error.trouble == "timeout" else policy.attempts):
                raise
            wait = _wait(error, made, policy, random())
            await on_retry(error, wait)
        # Outside of the handler, so that an error of the next attempt does not carry this one along.
        await sleep(wait)


def _wait(error: ModelUnavailableError, made: int, policy: Policy, luck: float) -> float:
    # Full jitter: calls that failed together come back spread over the whole time, not together again.
    if error.retry_after is None:
        return luck * min(policy.longest, policy.first * 2.0 ** (made - 1))
    return min(error.retry_after, LONGEST_ASKED) + luck * policy.first
