"""The way of a call: journal, cache, flight, budget, retries, model; and what is remembered of it."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest
from support.desk import GONE, RUN, Desk, Model, Slow, at_desk, request

from longagent.errors import (
    BudgetReached,
    ContentRefusedError,
    ModelUnavailableError,
    NotCachedError,
    Trouble,
)
from longagent.events import BudgetSpent, CallFailed, CallFinished, CallRetried, CallStarted
from longagent.llm.budget import Budget, Limits, Spend
from longagent.llm.calls import Calls
from longagent.llm.model import Reply, Request
from longagent.llm.replies import Replies, request_key


def test_a_reply_comes_from_the_journal_then_the_cache_then_the_model(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model(), desk.calls()
        first = await calls.complete(model, request())
        assert (first.text, len(model.requests)) == ("said 1", 1)
        assert await calls.complete(model, request()) == first
        assert desk.sources == ["journal"]
        assert desk.journal is not None
        other = Calls(
            "f" * 16,
            emit=desk.events.append,
            budget=Budget(Limits()),
            replies=Replies(journal=None, cache=desk.cache),
            flights=desk.flights,
        )
        assert await other.complete(model, request()) == first
        assert desk.sources == ["journal", "cache"]
        assert (await calls.complete(model, request("Else?"))).text == "said 2"
        assert len(model.requests) == 2
        assert calls.meter.usage.calls == 2
        assert calls.meter.usage.cached_calls == 1

    at_desk(tmp_path, test)


def test_a_look_that_outlasts_the_same_call_of_another_run_finds_its_reply(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, cache = Model(), desk.cache
        assert cache is not None
        get, looks = cache.get, asyncio.Queue[asyncio.Event]()

        async def slow(key: bytes) -> dict[str, Any] | None:
            record = await get(key)
            looks.put_nowait(goes_on := asyncio.Event())
            await goes_on.wait()
            return record

        cache.get = slow  # type: ignore[method-assign]
        tasks = [asyncio.ensure_future(desk.calls().complete(model, request())) for _ in range(2)]
        (await looks.get()).set()
        await tasks[0]
        while not looks.empty():
            looks.get_nowait().set()
        await tasks[1]
        assert len(model.requests) == 1

    at_desk(tmp_path, test, journal=False)


def test_what_comes_from_the_cache_is_journalled(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Model()
        assert desk.cache is not None
        await desk.cache.put(request_key(model, request()), {"text": "known"})
        assert (await desk.calls().complete(model, request())).text == "known"
        desk.cache = None
        assert (await desk.calls().complete(model, request())).text == "known"
        assert desk.sources == ["cache", "journal"]
        assert model.requests == []

    at_desk(tmp_path, test)


def test_unusable_replies_are_journalled_and_never_cached(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Model(said="")
        key = request_key(model, request())
        assert (await desk.calls().complete(model, request())).text == ""
        assert desk.journal is not None
        assert desk.cache is not None
        assert await desk.journal.get(key) is not None
        assert await desk.cache.get(key) is None
        await desk.calls().complete(model, request())
        assert (len(model.requests), desk.sources) == (1, ["journal"])

    at_desk(tmp_path, test)


def test_an_unusable_reply_in_the_cache_is_not_taken(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Model()
        assert desk.cache is not None
        await desk.cache.put(request_key(model, request()), {"text": ""})
        assert (await desk.calls().complete(model, request())).text == "said 1"

    at_desk(tmp_path, test)


def test_a_model_without_an_identity_is_not_cached(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Model()
        model.profile = replace(model.profile, identity="")
        for _ in range(2):
            await desk.calls().complete(model, request())
        assert (len(model.requests), desk.sources) == (2, [])

    at_desk(tmp_path, test, journal=False)


def test_samples_stay_apart_and_what_does_not_change_the_reply_does_not(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model(), desk.calls()
        texts = {(await calls.complete(model, request(sample=sample))).text for sample in range(5)}
        assert len(texts) == 5
        await calls.complete(model, replace(request(), final=True, run="other", check=None))
        assert len(model.requests) == 5

    at_desk(tmp_path, test)


def test_only_remembered_replies_on_request(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Model()
        with pytest.raises(NotCachedError, match="not in the cache"):
            await desk.calls(cached_only=True).complete(model, request())
        await desk.calls().complete(model, request())
        assert (await desk.calls(cached_only=True).complete(model, request())).text == "said 1"
        assert len(model.requests) == 1

    at_desk(tmp_path, test, journal=False)


def test_the_same_call_at_once_is_made_once(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Slow(), desk.calls()
        tasks = [asyncio.ensure_future(calls.complete(model, request())) for _ in range(4)]
        await asyncio.wait_for(model.begun.wait(), 5)
        model.land.set()
        replies = await asyncio.gather(*tasks)
        assert len({reply.text for reply in replies}) == 1
        assert (len(model.requests), desk.sources) == (1, ["flight"] * 3)
        assert calls.meter.usage.calls == 1

    at_desk(tmp_path, test, journal=False, cache=False)


def test_every_call_that_starts_is_told_to_finish_or_fail(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model({2: ContentRefusedError("declined."), 3: GONE}), desk.calls(attempts=2)
        await calls.complete(model, request("1"))
        with pytest.raises(ContentRefusedError):
            await calls.complete(model, request("2"))
        await calls.complete(model, request("3"))
        kinds = [CallStarted, CallFinished, CallStarted, CallFailed, CallStarted, CallRetried, CallFinished]
        assert desk.kinds == kinds
        numbered = [event for event in desk.events if isinstance(event, CallStarted | CallFinished | CallFailed)]
        assert [event.call for event in numbered] == [1, 1, 2, 2, 3, 3]
        assert {event.model for event in numbered} == {"scripted"}

    at_desk(tmp_path, test)


def test_a_cancelled_call_is_told_and_counts_for_the_model_was_at_work(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Hanging(), desk.calls(Limits(calls=1))
        task = asyncio.ensure_future(calls.complete(model, request()))
        await asyncio.wait_for(model.begun.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert desk.kinds == [CallStarted, CallFailed]
        with pytest.raises(BudgetReached, match="limit of 1 call "):
            await calls.complete(Model(), request())

    at_desk(tmp_path, test)


@pytest.mark.parametrize("trouble", ["timeout", "reply"])
def test_attempts_at_which_the_model_may_have_worked_count(tmp_path: Path, trouble: Trouble) -> None:
    async def test(desk: Desk) -> None:
        lost = ModelUnavailableError("nothing came.", trouble=trouble)
        model, calls = Model(dict.fromkeys(range(1, 9), lost)), desk.calls(Limits(calls=2), attempts=9)
        with pytest.raises(BudgetReached, match="limit of 2 calls"):
            await calls.complete(model, request())
        assert len(model.requests) == 2
        assert calls.stopped
        assert desk.kinds == [CallStarted, CallRetried, CallFailed, BudgetSpent]
        with pytest.raises(BudgetReached):
            await calls.complete(model, request("else?"))

    at_desk(tmp_path, test)


@pytest.mark.parametrize("trouble", ["connection", "rate_limit", "overload"])
def test_attempts_that_no_model_saw_are_free(tmp_path: Path, trouble: Trouble) -> None:
    async def test(desk: Desk) -> None:
        lost = ModelUnavailableError("nobody there.", trouble=trouble)
        model, calls = Model(dict.fromkeys(range(1, 6), lost)), desk.calls(Limits(calls=1), attempts=6)
        assert (await calls.complete(model, request())).text == "said 6"
        with pytest.raises(BudgetReached):
            await calls.complete(model, request("else?"))

    at_desk(tmp_path, test)


def test_errors_that_are_not_ours_are_told_by_their_name_for_they_may_quote(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        with pytest.raises(KeyError):
            await desk.calls().complete(Model({1: KeyError("the salary of Jane Doe")}), request())
        with pytest.raises(ContentRefusedError):
            await desk.calls().complete(Model({1: ContentRefusedError("the provider declined.")}), request())
        told = [(event.kind, event.reason) for event in desk.events if isinstance(event, CallFailed)]
        assert told == [("KeyError", "KeyError"), ("ContentRefusedError", "the provider declined.")]

    at_desk(tmp_path, test)


class Hanging(Model):
    """Never replies."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def complete(self, request: Request) -> Reply:
        self.begun.set()
        await asyncio.sleep(inf)
        raise AssertionError


def test_a_limit_stops_reading_once_and_for_all_but_not_the_answer(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Model()
        budget = Budget(Limits(calls=2))
        calls = Calls(
            RUN, emit=desk.events.append, budget=budget, replies=Replies(journal=None, cache=None), flights=desk.flights
        )
        budget.promise(RUN, Spend(calls=1))
        assert calls.may_go_on()
        await calls.complete(model, request("1"))
        with pytest.raises(BudgetReached, match="limit of 2 calls"):
            await calls.complete(model, request("2"))
        assert not calls.may_go_on()
        assert calls.stopped == "the limit of 2 calls is reached."
        assert (await calls.complete(model, request("3", final=True))).text == "said 2"
        assert desk.kinds.count(BudgetSpent) == 1

    at_desk(tmp_path, test)


def test_a_call_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        calls = desk.calls(Limits(seconds=0.1))
        with pytest.raises(BudgetReached, match=r"time of 0.1 s is up"):
            await calls.complete(Hanging(), request())
        assert desk.kinds == [CallStarted, CallFailed, BudgetSpent]
        assert calls.stopped

    at_desk(tmp_path, test)


def test_an_answer_that_came_late_was_not_cut_off(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        now = 0.0
        calls = Calls(
            RUN,
            emit=desk.events.append,
            budget=Budget(Limits(seconds=10), clock=lambda: now),
            replies=Replies(journal=None, cache=None),
            flights=desk.flights,
        )
        await calls.complete(Model(), request(final=True))
        now = 11.0
        assert calls.stopped == ""
        assert not calls.may_go_on()
        assert calls.stopped

    at_desk(tmp_path, test)


def test_tokens_and_cost_are_reserved_at_most_and_settled_for_what_they_were(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model(), desk.calls(Limits(tokens=40))
        for number in range(40):
            with suppress(BudgetReached):
                await calls.complete(model, request(str(number)))
        usage = calls.meter.usage
        assert usage.prompt_tokens is not None
        assert usage.completion_tokens is not None
        assert calls.stopped
        assert usage.calls >= 4  # if each kept the 10 tokens of its cap it would be three
        assert usage.prompt_tokens + usage.completion_tokens <= 40
        assert usage.cost == pytest.approx((usage.prompt_tokens + 2 * usage.completion_tokens) / 1e6)

    at_desk(tmp_path, test)


def test_without_a_servers_word_our_own_counts_are_what_was_spent(tmp_path: Path) -> None:
    class Silent(Model):
        async def complete(self, request: Request) -> Reply:
            return replace(await super().complete(request), prompt_tokens=None, completion_tokens=None)

    async def test(desk: Desk) -> None:
        text = "The harbour of Skagen was rebuilt in 1907 for 482,000 crowns. " * 20
        told, silent = Model(), Silent()
        one = (await desk.calls().complete(told, request(text))).prompt_tokens or 0
        calls = desk.calls(Limits(tokens=8 * (one + 20)))
        with suppress(BudgetReached):
            for number in range(1, 99):
                await calls.complete(silent, replace(request(text, sample=number), max_tokens=300))
        assert len(silent.requests) == 7, "with the most each can cost it would be half as many"

    at_desk(tmp_path, test)


def test_calls_side_by_side_find_room_where_they_would_one_after_the_other(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        text = "The harbour of Skagen was rebuilt in 1907 for 482,000 crowns. " * 20
        slow = Slow()
        each = await slow.count_tokens(text) + 10 + 16
        calls = desk.calls(Limits(tokens=12 * each))
        asked = asyncio.gather(*(calls.complete(slow, request(text, sample=number)) for number in range(12)))
        await slow.begun.wait()
        slow.land.set()
        assert len(await asked) == 12

    at_desk(tmp_path, test)


def test_an_interrupted_attempt_has_spent_what_it_paid_for_and_nothing_else(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model(), desk.calls()
        assert desk.cache is not None
        for number in range(5):
            await desk.cache.put(request_key(model, request(f"known {number}")), {"text": "known"})
            await calls.complete(model, request(f"known {number}"))
        reply = await calls.complete(model, request("new"))
        await calls.complete(model, request("new"))
        await desk.reopen()
        assert desk.journal is not None
        tokens = (reply.prompt_tokens or 0) + (reply.completion_tokens or 0)
        assert desk.journal.spent[:2] == (1, tokens)
        assert desk.journal.spent.cost == pytest.approx(calls.meter.usage.cost)

    at_desk(tmp_path, test)


def test_an_unusable_reply_is_not_replayed_once_a_run_has_failed_of_it(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        await desk.calls().complete(Model(said=""), request(final=True))
        await desk.reopen()
        assert (await desk.calls().complete(Model(), request(final=True))).text == "", "an interruption is no failure"
        await desk.reopen(failed=True)
        assert (await desk.calls().complete(Model(), request(final=True))).text == "said 1"

    at_desk(tmp_path, test)


def test_the_model_sees_whose_call_it_is(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Model()
        door = desk.calls().model(model)
        assert (door.name, door.profile) == (model.name, model.profile)
        await door.complete(request())
        await door.aclose()
        assert [made.run for made in model.requests] == [RUN]

    at_desk(tmp_path, test)
