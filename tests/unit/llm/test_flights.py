"""Identical calls in flight are made once, and nobody's trouble but the model's becomes another's."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from longagent.errors import BudgetReached, ContentRefusedError
from longagent.llm.flights import Flights
from longagent.llm.model import Reply

KEY, OTHER = b"k" * 32, b"o" * 32


class Tower:
    """Makes calls that land when told to, and counts them."""

    def __init__(self, *, keep: bool = False) -> None:
        self.flights = Flights(keep=keep)
        self.made = 0
        self.land = asyncio.Event()
        self.error: BaseException | None = None

    async def make(self) -> Reply:
        self.made += 1
        number, error = self.made, self.error
        await self.land.wait()
        if error:
            raise error
        return Reply(text=f"reply {number}")

    def once(self, key: bytes = KEY) -> "asyncio.Task[tuple[Reply, bool]]":
        return asyncio.ensure_future(self.flights.once(key, self.make))


def fly(test: Callable[[Tower], Awaitable[None]], *, keep: bool = False) -> None:
    async def go() -> None:
        async with asyncio.timeout(5):
            await test(Tower(keep=keep))

    asyncio.run(go())


async def breathe() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_one_call_serves_all_who_ask_meanwhile_and_none_later() -> None:
    async def test(tower: Tower) -> None:
        tasks = [tower.once() for _ in range(5)]
        other = tower.once(OTHER)
        await breathe()
        assert tower.made == 2
        tower.land.set()
        results = await asyncio.gather(*tasks)
        assert {reply.text for reply, _ in results} == {"reply 1"}
        assert [made for _, made in results] == [True, False, False, False, False]
        assert (await other)[0].text == "reply 2"
        assert (await tower.once())[0].text == "reply 3"

    fly(test)


def test_a_call_that_fails_fails_for_all_who_wait_and_is_made_anew_later() -> None:
    async def test(tower: Tower) -> None:
        tower.error = ContentRefusedError("declined.")
        tasks = [tower.once() for _ in range(3)]
        await breathe()
        tower.land.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [ContentRefusedError] * 3
        assert tower.made == 1
        tower.error = None
        assert (await tower.once())[0].text == "reply 2"

    fly(test)


@pytest.mark.parametrize("error", [BudgetReached("out of calls."), RuntimeError("a bug")])
def test_a_caller_out_of_its_own_budget_leaves_the_call_to_the_next(error: Exception) -> None:
    async def test(tower: Tower) -> None:
        tower.error = error
        first = tower.once()
        await breathe()
        tower.error = None
        others = [tower.once(), tower.once()]
        await breathe()
        tower.land.set()
        tower.land.clear()  # the first lands, the next does not yet
        await breathe()
        tower.land.set()
        results = await asyncio.gather(first, *others, return_exceptions=True)
        assert results == [error, (Reply(text="reply 2"), True), (Reply(text="reply 2"), False)]

    fly(test)


def test_a_caller_that_is_cancelled_leaves_the_call_to_the_next() -> None:
    async def test(tower: Tower) -> None:
        first, second = tower.once(), tower.once()
        await breathe()
        first.cancel()
        await breathe()
        assert first.cancelled()
        assert tower.made == 2
        tower.land.set()
        assert await second == (Reply(text="reply 2"), True)

    fly(test)


def test_one_who_waits_may_be_cancelled_alone() -> None:
    async def test(tower: Tower) -> None:
        first, second = tower.once(), tower.once()
        await breathe()
        second.cancel()
        await breathe()
        assert second.cancelled()
        tower.land.set()
        assert (await first)[0].text == "reply 1"
        assert tower.made == 1

    fly(test)


@pytest.mark.parametrize("order", [1, -1])
def test_all_cancelled_at_once_make_no_further_call(order: int) -> None:
    async def test(tower: Tower) -> None:
        tasks = [tower.once() for _ in range(4)]
        await breathe()
        for task in tasks[::order]:
            task.cancel()
        await asyncio.wait(tasks, timeout=1)
        assert all(task.cancelled() for task in tasks)
        assert tower.made == 1

    fly(test)


def test_flights_that_keep_make_no_call_twice_that_landed_well_or_badly() -> None:
    async def test(tower: Tower) -> None:
        tower.land.set()
        assert await tower.once() == (Reply(text="reply 1"), True)
        assert await tower.once() == (Reply(text="reply 1"), False)
        tower.error = ContentRefusedError("declined.")
        for _ in range(2):
            with pytest.raises(ContentRefusedError):
                await tower.once(OTHER)
        assert tower.made == 2

    fly(test, keep=True)


def test_flights_that_keep_leave_to_the_next_what_nobody_knows_the_end_of() -> None:
    async def test(tower: Tower) -> None:
        tower.land.set()
        tower.error = BudgetReached("out of calls.")
        with pytest.raises(BudgetReached):
            await tower.once()
        tower.error = None
        assert await tower.once() == (Reply(text="reply 2"), True)

    fly(test, keep=True)


def test_what_landed_in_an_earlier_attempt_may_be_known() -> None:
    async def test(tower: Tower) -> None:
        tower.flights.know(KEY, Reply(text="before"))
        tower.flights.know(KEY, Reply(text="later"))
        tower.flights.know(OTHER, ContentRefusedError("declined."))
        assert await tower.once() == (Reply(text="before"), False)
        with pytest.raises(ContentRefusedError):
            await tower.once(OTHER)
        assert tower.made == 0

    fly(test, keep=True)
