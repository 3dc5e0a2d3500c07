import asyncio
from collections.abc import Sequence

import pytest

from longagent.errors import (
    BudgetReached,
    ContentRefusedError,
    ContextTooLongError,
    ModelRejectedError,
    ModelUnavailableError,
    ReplyError,
    ServerDownError,
    Trouble,
)
from longagent.llm.retries import LONGEST_ASKED, Policy, with_retries


class Attempts:
    """Fails as told, in turn, and then succeeds; notes what was waited for."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.made = 0
        self.waits: list[float] = []
        self.told: list[tuple[ModelUnavailableError, float]] = []

    async def __call__(self) -> str:
        self.made += 1
        if self.failures:
            raise self.failures.pop(0)
        return "a reply"

    async def note(self, error: ModelUnavailableError, wait: float) -> None:
        self.told.append((error, wait))

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def run(self, policy: Policy | None = None, *, luck: float = 1.0) -> str:
        return asyncio.run(
            with_retries(
                self,
                on_retry=self.note,
                policy=policy or Policy(),
                sleep=self.sleep,
                random=lambda: luck,
            )
        )


def trouble(kind: Trouble = "overload", *, retry_after: float | None = None) -> ModelUnavailableError:
    return ModelUnavailableError("no.", trouble=kind, retry_after=retry_after)


def test_a_call_that_goes_well_is_made_once() -> None:
    attempts = Attempts()
    assert attempts.run() == "a reply"
    assert (attempts.made, attempts.waits, attempts.told) == (1, [], [])


def test_waits_grow_up_to_the_longest() -> None:
    attempts = Attempts(*(trouble() for _ in range(7)))
    assert attempts.run(Policy(attempts=8)) == "a reply"
    assert attempts.waits == [0.5, 1, 2, 4, 8, 16, 16]


def test_waits_are_spread_from_zero_on() -> None:
    assert _waits(luck=0.0) == [0, 0]
    assert _waits(luck=0.5) == [0.25, 0.5]


def _waits(*, luck: float) -> Sequence[float]:
    attempts = Attempts(trouble(), trouble())
    attempts.run(luck=luck)
    return attempts.waits


def test_the_last_trouble_is_told_when_attempts_are_used_up() -> None:
    errors = [trouble() for _ in range(9)]
    attempts = Attempts(*errors)
    with pytest.raises(ModelUnavailableError) as caught:
        attempts.run()
    assert caught.value is errors[5]
    assert (attempts.made, len(attempts.waits)) == (6, 5)
    assert caught.value.__context__ is None


def test_each_retry_is_told_before_it_waits() -> None:
    error = trouble("rate_limit")
    attempts = Attempts(error)
    attempts.run()
    assert attempts.told == [(error, 0.5)]


@pytest.mark.parametrize("kind", ["rate_limit", "overload", "timeout", "connection", "reply"])
def test_every_trouble_is_worth_another_attempt(kind: Trouble) -> None:
    attempts = Attempts(trouble(kind), trouble(kind))
    assert attempts.run() == "a reply"


def test_silence_is_tried_less_often() -> None:
    attempts = Attempts(*(trouble("timeout") for _ in range(9)))
    with pytest.raises(ModelUnavailableError):
        attempts.run()
    assert attempts.made == 3


@pytest.mark.parametrize(("asked", "waited"), [(7.0, 7.5), (0.0, 0.5), (3600.0, LONGEST_ASKED + 0.5)])
def test_the_wait_a_server_asks_for_is_kept(asked: float, waited: float) -> None:
    attempts = Attempts(trouble("rate_limit", retry_after=asked))
    attempts.run()
    assert attempts.waits == [waited]


@pytest.mark.parametrize(
    "error",
    [
        ServerDownError("no."),
        ModelRejectedError("no."),
        ContextTooLongError("no."),
        ContentRefusedError("no."),
        ReplyError("no."),
        BudgetReached("no."),
        ValueError("no."),
        asyncio.CancelledError(),
    ],
)
def test_what_no_attempt_can_mend_passes_at_once(error: BaseException) -> None:
    attempts = Attempts(error)
    with pytest.raises(type(error)):
        attempts.run()
    assert (attempts.made, attempts.told) == (1, [])


def test_one_attempt_means_none_again() -> None:
    attempts = Attempts(trouble())
    with pytest.raises(ModelUnavailableError):
        attempts.run(Policy(attempts=1))
    assert attempts.made == 1


def test_cancelling_ends_the_wait() -> None:
    async def main() -> None:
        attempts = Attempts(trouble(retry_after=60))
        call = asyncio.ensure_future(with_retries(attempts, on_retry=attempts.note))
        await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert attempts.made == 1
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def moving(kind: Trouble = "connection") -> ModelUnavailableError:
    error = trouble(kind, retry_after=30.0)
    error.elsewhere = True
    return error


@pytest.mark.parametrize("kind", ["connection", "overload", "timeout"])
def test_a_call_goes_on_at_another_address_at_once_and_has_no_attempt_less(kind: Trouble) -> None:
    attempts = Attempts(moving(kind), moving(kind), trouble(), moving(kind))
    assert attempts.run(Policy(attempts=2)) == "a reply"
    assert len(attempts.waits) == 1
    assert [wait for _, wait in attempts.told] == [0.0, 0.0, attempts.waits[0], 0.0]


def test_it_is_not_sent_round_forever() -> None:
    attempts = Attempts(*(moving() for _ in range(100)))
    with pytest.raises(ModelUnavailableError):
        attempts.run(Policy(attempts=2))
    assert attempts.made == 10
