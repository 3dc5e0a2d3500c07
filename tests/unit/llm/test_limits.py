import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from longagent.errors import ModelRejectedError, ModelUnavailableError, Trouble
from longagent.llm.limits import Limit, first_slot, limit_for
from longagent.llm.pace import CEILING, START, Pace


def one_round(pace: Pace, seconds: float = 1.0, *, others_wait: bool = True) -> None:
    """Fill a limit once, and let every call go well."""
    era, calls = pace.era, pace.size
    for _ in range(calls):
        pace.began()
    for _ in range(calls):
        pace.went_well(era, seconds, others_wait=others_wait)
        pace.ended()


def trouble(kind: Trouble = "overload", *, retry_after: float | None = None) -> ModelUnavailableError:
    return ModelUnavailableError("no.", trouble=kind, retry_after=retry_after)


def test_it_doubles_while_latency_holds_up_to_the_ceiling() -> None:
    pace, sizes = Pace(), []
    for _ in range(6):
        sizes.append(pace.size)
        one_round(pace)
    assert sizes == [4, 8, 16, 32, 64, 64]
    assert (START, CEILING) == (4, 64)


def test_trouble_halves_and_then_it_grows_by_one() -> None:
    pace = Pace()
    for _ in range(3):
        one_round(pace)
    for _ in range(32):
        pace.began()
    pace.went_badly(pace.era)
    assert pace.size == 16
    for _ in range(32):
        pace.ended()
    one_round(pace)
    one_round(pace)
    assert pace.size == 18


def test_one_burst_halves_once_and_a_new_call_again() -> None:
    pace = Pace()
    one_round(pace)
    era = pace.era
    for _ in range(8):
        pace.began()
    for _ in range(8):
        pace.went_badly(era)
        pace.ended()
    assert pace.size == 4
    for _ in range(4):
        pace.began()
    pace.went_badly(pace.era)
    assert pace.size == 2


def test_a_call_that_began_before_it_grew_can_still_halve() -> None:
    pace = Pace()
    era = pace.era
    pace.began()
    one_round(pace)
    assert pace.size == 8
    for _ in range(6):
        pace.began()
    pace.went_badly(era)
    assert pace.size == 3


def test_what_is_in_flight_when_it_grows_is_not_forgotten() -> None:
    pace = Pace()
    era = pace.era
    for _ in range(4):
        pace.began()
    for _ in range(4):
        pace.went_well(era, 1.0, others_wait=True)
    assert pace.size == 8
    pace.went_badly(era)
    assert pace.size == 2


def test_it_halves_what_was_in_flight_not_what_might_have_been() -> None:
    pace = Pace()
    for _ in range(4):
        one_round(pace)
    assert pace.size == 64
    for _ in range(6):
        pace.began()
    pace.went_badly(pace.era)
    assert pace.size == 3


def test_it_never_falls_below_one() -> None:
    pace = Pace()
    for _ in range(5):
        pace.began()
        pace.went_badly(pace.era)
        pace.ended()
    assert pace.size == 1


def test_latency_that_grows_stops_it() -> None:
    """A server with eight slots: more in flight only wait longer."""
    pace, sizes = Pace(), []
    for _ in range(120):
        sizes.append(pace.size)
        one_round(pace, max(1.0, pace.size / 8))
    assert max(sizes) <= 35
    assert min(sizes[3:]) >= 16


def test_twice_the_latency_is_tolerated() -> None:
    pace = Pace()
    one_round(pace, 1.0)
    one_round(pace, 1.9)
    assert pace.size == 16


def test_one_slow_round_changes_nothing() -> None:
    pace = Pace()
    one_round(pace, 1.0)
    one_round(pace, 9.0)
    assert pace.size == 8
    one_round(pace, 1.0)
    assert pace.size == 16


def test_longer_prompts_are_not_taken_for_load_forever() -> None:
    pace = Pace()
    for _ in range(4):
        one_round(pace, 1.0)
    for _ in range(60):
        one_round(pace, 10.0)
    assert pace.size == CEILING


def test_at_the_smallest_load_long_calls_are_no_sign_of_trouble() -> None:
    pace = Pace()
    one_round(pace, 1.0, others_wait=False)
    one_round(pace, 10.0)
    one_round(pace, 10.0)
    assert pace.size == 16


def test_latency_counts_for_the_size_a_call_began_under() -> None:
    pace = Pace()
    old = pace.era
    one_round(pace, 1.0)
    for _ in range(40):
        pace.went_well(old, 99.0, others_wait=True)
    assert pace.size == 8


def test_a_limit_nobody_feels_stays() -> None:
    pace = Pace()
    for _ in range(10):
        one_round(pace, others_wait=False)
    assert pace.size == START


def test_a_fixed_one_never_changes() -> None:
    pace = Pace(3)
    for _ in range(10):
        one_round(pace)
        pace.went_badly(pace.era)
    assert pace.size == 3


class Scene:
    """Calls under limits, each held until it is told how to end."""

    def __init__(self, *limits: Limit) -> None:
        self.limits = limits
        self.inside: dict[str, asyncio.Future[None]] = {}
        self.began: list[str] = []
        self.where: dict[str, Limit] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def call(self, name: str, run: str = "") -> None:
        self.tasks[name] = asyncio.ensure_future(self._call(name, run))

    async def _call(self, name: str, run: str) -> None:
        async with first_slot(self.limits, run) as limit:
            self.where[name] = limit
            self.began.append(name)
            self.inside[name] = asyncio.get_running_loop().create_future()
            await self.inside[name]

    async def end(self, name: str, error: Exception | None = None) -> None:
        if error is None:
            self.inside.pop(name).set_result(None)
        else:
            self.inside.pop(name).set_exception(error)
        await asyncio.wait([self.tasks[name]])
        if error is not None:
            assert self.tasks[name].exception() is error
        await settle()

    async def close(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.wait(list(self.tasks.values()))
        for limit in self.limits:
            assert (limit.in_flight, limit.waiting) == (0, 0)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def play(scene: Callable[[], Awaitable[Any]]) -> None:
    async def main() -> None:
        await scene()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_no_more_than_the_limit_are_in_flight() -> None:
    async def scene() -> None:
        played = Scene(Limit(2))
        for name in "abcd":
            played.call(name)
        await settle()
        assert played.began == ["a", "b"]
        assert (played.limits[0].in_flight, played.limits[0].waiting) == (2, 2)
        await played.end("b")
        await played.end("a", ValueError("of the caller's own"))
        assert played.began == ["a", "b", "c", "d"]
        await played.close()

    play(scene)


def test_runs_take_turns() -> None:
    async def scene() -> None:
        played = Scene(Limit(1))
        for name in ("a1", "a2", "a3", "a4", "b1", "b2", "c1"):
            played.call(name, run=name[0])
        await settle()
        for name in ("a1", "a2", "b1", "c1", "a3", "b2", "a4"):
            assert played.began[-1] == name
            await played.end(name)
        await played.close()

    play(scene)


def test_a_cancelled_call_gives_its_turn_on() -> None:
    async def scene() -> None:
        played = Scene(Limit(1))
        for name in "abcd":
            played.call(name)
        await settle()
        played.tasks["b"].cancel()
        await settle()
        # The moment between being called up and beginning is the dangerous one: c has its turn and not yet begun.
        played.inside["a"].set_result(None)
        while not played.tasks["a"].done():
            await asyncio.sleep(0)
        played.tasks["c"].cancel()
        await settle()
        assert played.began == ["a", "d"]
        await played.close()

    play(scene)


def test_many_cancelled_at_once_leave_nothing() -> None:
    async def scene() -> None:
        played = Scene(Limit(4))
        for number in range(200):
            played.call(str(number), run=str(number % 7))
        await settle()
        await played.close()
        played.call("next")
        await settle()
        assert "next" in played.began
        await played.close()

    play(scene)


@pytest.mark.parametrize(
    ("error", "size"),
    [
        (trouble("rate_limit"), 2),
        (trouble("overload"), 2),
        (trouble("timeout"), 2),
        (trouble("connection"), 4),
        (trouble("reply"), 4),
        (ModelRejectedError("no."), 4),
        (ValueError(), 4),
    ],
)
def test_what_halves_it(error: Exception, size: int) -> None:
    async def scene() -> None:
        played = Scene(Limit())
        for name in "abcd":
            played.call(name)
        await settle()
        await played.end("a", error)
        assert played.limits[0].size == size
        await played.close()

    play(scene)


def test_calls_that_go_well_make_it_grow() -> None:
    async def scene() -> None:
        limit = Limit(clock=lambda: 0.0)

        async def call() -> None:
            async with limit.slot():
                await asyncio.sleep(0)

        await asyncio.gather(*(call() for _ in range(100)))
        assert limit.size > START
        assert limit.in_flight == 0

    play(scene)


def test_a_wait_the_server_asks_for_is_kept() -> None:
    async def scene() -> None:
        now = 100.0
        limit = Limit(8, clock=lambda: now)
        played = Scene(limit)
        played.call("a")
        await settle()
        await played.end("a", trouble("rate_limit", retry_after=0.05))
        played.call("b")
        played.call("c", run="other")
        await asyncio.sleep(0.08)
        assert played.began == ["a"]  # by the clock no time has passed
        now += 0.06
        await asyncio.sleep(0.08)
        assert played.began == ["a", "b", "c"]
        await played.close()

    play(scene)


def test_nobody_overtakes_when_a_pause_ends() -> None:
    async def scene() -> None:
        now = 100.0
        limit = Limit(1, clock=lambda: now)
        played = Scene(limit)
        played.call("a")
        await settle()
        await played.end("a", trouble("rate_limit", retry_after=30))
        played.call("b")
        await settle()
        now += 31
        played.call("c")
        await settle()
        assert played.began == ["a", "b"]
        await played.close()

    play(scene)


def test_a_pause_nobody_waits_for_leaves_no_timer() -> None:
    async def scene() -> None:
        limit = Limit(1)
        played = Scene(limit)
        played.call("a")
        await settle()
        await played.end("a", trouble("rate_limit", retry_after=1e9))
        played.call("b")
        await settle()
        assert limit._timer is not None
        await played.close()
        assert limit._timer is None

    play(scene)


def test_of_several_the_least_busy_comes_first_and_the_first_free_next() -> None:
    async def scene() -> None:
        one, other = Limit(2), Limit(1)
        played = Scene(one, other)
        for name in "abcdef":
            played.call(name)
            await settle()
        assert [played.where[name] for name in "abc"] == [one, other, one]
        assert (one.waiting, other.waiting) == (3, 3)
        await played.end("b")
        assert played.where["d"] is other
        await played.end("a")
        assert played.where["e"] is one
        played.tasks["f"].cancel()
        await settle()
        assert (one.waiting, other.waiting) == (0, 0)
        await played.close()

    play(scene)


def test_who_calls_the_same_endpoint_shares_a_limit() -> None:
    async def scene() -> None:
        limit = limit_for("http://a", None)
        assert limit_for("http://a", None) is limit
        assert limit_for("http://b", None) is not limit
        assert limit_for("http://a", 3) is not limit
        assert limit_for("http://a", 3).size == 3
        others.append(limit)
        number = id(limit)
        del limit
        assert id(limit_for("http://a", None)) == number

    others: list[Limit] = []
    play(scene)
    kept = others[0]
    others.clear()

    async def another_loop() -> None:
        assert limit_for("http://a", None) is not kept

    play(another_loop)


def test_a_fixed_limit_is_shared_within_a_session() -> None:
    session: dict[str, Limit] = {}
    limit = limit_for("http://a", 3, session)
    assert limit_for("http://a", 3, session) is limit
    assert limit_for("http://b", 3, session) is not limit
    assert limit_for("http://a", 3, {}) is not limit


def test_a_limit_nobody_holds_is_forgotten() -> None:
    async def scene() -> None:
        limit = limit_for("http://a", None)
        limit._pace.size = 17
        del limit
        gc.collect()
        assert limit_for("http://a", None).size == START

    play(scene)


def test_a_call_that_would_rather_be_elsewhere_goes_where_there_is_room() -> None:
    async def scene() -> None:
        one, other = Limit(1), Limit(1)
        async with (
            first_slot([other, one], "", ranked=True) as first,
            first_slot([other, one], "", ranked=True) as then,
        ):
            assert (first, then) == (other, one)

    play(scene)


def test_each_endpoint_takes_its_own_first_and_then_the_last_of_its_guests() -> None:
    async def scene() -> None:
        one, other = Limit(1), Limit(1)
        began: list[str] = []

        async def call(name: str, *limits: Limit) -> None:
            async with first_slot(limits, "", ranked=True) as limit:
                began.append(f"{name} at {'one' if limit is one else 'other'}")
                await settle()

        async with one.slot():
            async with other.slot():
                guests = [asyncio.ensure_future(call(name, one, other)) for name in ("a", "b")]
                own = asyncio.ensure_future(call("c", other, one))
                await settle()
                assert (one.waiting, other.waiting) == (2, 1)
            await asyncio.wait([own, *guests])
            assert began == ["c at other", "b at other", "a at other"]
        assert (one.in_flight, other.in_flight, one.waiting, other.waiting) == (0, 0, 0, 0)
        assert not other._awaited

    play(scene)


def test_a_guest_that_is_cancelled_waits_nowhere() -> None:
    async def scene() -> None:
        one, other = Limit(1), Limit(1)
        async with one.slot(), other.slot():
            task = asyncio.ensure_future(Scene(one, other)._call("a", ""))
            await settle()
            task.cancel()
            await asyncio.wait([task])
            assert not one._awaited
            assert not other._awaited

    play(scene)
