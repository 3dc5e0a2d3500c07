import asyncio
from collections.abc import Awaitable, Callable

import pytest

from longagent.errors import ModelUnavailableError, Trouble
from longagent.llm.presence import Presence


class Pool:
    """Addresses of which some are well."""

    def __init__(self, *addresses: str, seconds: float = 0.0) -> None:
        self.well: set[str] = set()
        self.looks: list[str] = []
        self.back: list[str] = []
        self.seconds = seconds
        self.presence = Presence(addresses, answers=self.answers, on_return=self.back.append, first_look=0.002)

    async def answers(self, address: str) -> bool:
        self.looks.append(address)
        await asyncio.sleep(self.seconds)
        return address in self.well

    def fail(self, address: str, trouble: Trouble = "connection") -> bool:
        return self.presence.failed(address, ModelUnavailableError("no.", trouble=trouble))

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await asyncio.sleep(0.001)


def scene(pool: Pool, work: Callable[[], Awaitable[None]]) -> None:
    """Do something while a call is made; after it nothing may go on."""

    async def main() -> None:
        pool.presence.call_begins()
        try:
            await work()
        finally:
            await pool.presence.call_ends()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        seen = len(pool.looks)
        await asyncio.sleep(0.01)
        assert len(pool.looks) == seen

    asyncio.run(main())


@pytest.mark.parametrize("trouble", ["connection", "timeout"])
def test_one_that_is_silent_is_out_at_once_and_back_when_it_answers(trouble: Trouble) -> None:
    pool = Pool("a", "b", "c")

    async def work() -> None:
        assert pool.fail("b", trouble)
        assert pool.presence.present == ("a", "c")
        await pool.until(lambda: len(pool.looks) == 3)
        assert pool.presence.present == ("a", "c")
        pool.well.add("b")
        await pool.until(lambda: pool.presence.present == ("a", "b", "c"))
        assert pool.back == ["b"]
        assert set(pool.looks) == {"b"}

    scene(pool, work)


@pytest.mark.parametrize("trouble", ["overload", "reply"])
def test_other_troubles_must_come_three_times_in_a_row(trouble: Trouble) -> None:
    pool = Pool("a", "b")

    async def work() -> None:
        assert [pool.fail("a", trouble) for _ in range(2)] == [False, False]
        pool.presence.went_well("a")
        assert [pool.fail("a", trouble) for _ in range(3)] == [False, False, True]
        assert pool.presence.present == ("b",)

    scene(pool, work)


def test_a_rate_limit_is_no_failure() -> None:
    pool = Pool("a", "b")

    async def work() -> None:
        assert not any(pool.fail("a", "rate_limit") for _ in range(9))
        assert pool.presence.present == ("a", "b")

    scene(pool, work)


def test_a_single_one_is_never_out() -> None:
    pool = Pool("a")

    async def work() -> None:
        assert not any(pool.fail("a") for _ in range(9))
        assert pool.presence.present == ("a",)
        await asyncio.sleep(0.01)
        assert pool.looks == []

    scene(pool, work)


def test_where_none_works_the_one_not_tried_for_longest_comes_first() -> None:
    pool = Pool("a", "b", "c")

    async def work() -> None:
        assert [pool.fail(address) for address in "bca"] == [True, True, False]
        assert not pool.presence.works
        assert pool.presence.present == ("b", "c", "a")
        pool.fail("b")
        assert pool.presence.present == ("c", "a", "b")
        pool.presence.went_well("c")
        assert pool.presence.works
        assert pool.presence.present == ("c",)

    scene(pool, work)


def test_the_time_between_two_looks_grows_until_a_call_goes_well() -> None:
    pool = Pool("a", "b")
    pool.well.add("a")

    async def work() -> None:
        looks = []
        for _ in range(4):
            pool.fail("a")
            looks.append(pool.presence._looks["a"])
            # It says that it is well, and fails again.
            await pool.until(lambda: pool.presence.present == ("a", "b"))
        assert looks == [1, 3, 5, 7]
        pool.fail("a")
        assert pool.presence._out["a"].due > asyncio.get_running_loop().time() + 0.1
        pool.presence.went_well("a")
        assert pool.presence._looks["a"] == 0

    scene(pool, work)


def test_a_look_ends_with_the_last_call_and_is_not_repeated_with_every_one() -> None:
    pool = Pool("a", "b", seconds=60)

    async def work() -> None:
        pool.fail("a")
        await pool.until(lambda: pool.looks == ["a"])
        for _ in range(20):
            await pool.presence.call_ends()
            assert len(asyncio.all_tasks()) == 1
            pool.presence.call_begins()
        assert pool.looks == ["a"]

    scene(pool, work)


def test_closing_ends_it_for_good() -> None:
    pool = Pool("a", "b", seconds=60)

    async def work() -> None:
        pool.fail("a")
        await pool.until(lambda: pool.looks == ["a"])
        await pool.presence.aclose()
        await pool.presence.aclose()
        assert len(asyncio.all_tasks()) == 1
        pool.fail("b")
        await asyncio.sleep(0.01)
        assert pool.looks == ["a"]

    scene(pool, work)
