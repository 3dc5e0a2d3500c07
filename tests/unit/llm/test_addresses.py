import asyncio
from contextlib import suppress

import pytest

from longagent.errors import ModelUnavailableError, Trouble
from longagent.llm.addresses import Addresses
from longagent.llm.limits import Limit


async def silence(server: str) -> bool:
    """Nobody is well again."""
    return False


async def alone() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


async def call(addresses: Addresses, trouble: Trouble | None = None) -> str:
    """Make a call that fails if told so, and return where it went."""
    where = ""
    with suppress(ModelUnavailableError):
        async with addresses.slot() as server:
            where = server
            await asyncio.sleep(0)
            if trouble is not None:
                raise ModelUnavailableError("no.", trouble=trouble)
    return where


@pytest.mark.parametrize("concurrency", [None, 4])
def test_an_address_that_failed_is_called_again_when_it_is_well(concurrency: int | None) -> None:
    well: set[str] = set()
    looks: list[str] = []

    async def answers(server: str) -> bool:
        looks.append(server)
        return server in well

    async def scene() -> None:
        addresses = Addresses(["a", "b"], concurrency=concurrency, answers=answers, first_look=0.001)
        assert await call(addresses, "connection") == "a"
        assert [await call(addresses) for _ in range(3)] == ["b", "b", "b"]
        async with addresses.slot() as server:
            assert server == "b"
            while len(looks) < 3:
                await asyncio.sleep(0.001)
            assert await call(addresses) == "b"
            well.add("a")
            while await call(addresses) == "b":
                await asyncio.sleep(0.001)
        assert set(looks) == {"a"}
        assert await alone()

    asyncio.run(scene())


@pytest.mark.parametrize(("trouble", "avoided"), [("timeout", True), ("overload", False), ("reply", False)])
def test_only_silence_and_broken_connections_count(trouble: Trouble, avoided: bool) -> None:
    async def scene() -> None:
        addresses = Addresses(["a", "b"], answers=silence)
        await call(addresses, trouble)
        assert (await call(addresses) == "b") is avoided

    asyncio.run(scene())


def test_where_all_failed_all_are_tried() -> None:
    async def scene() -> None:
        addresses = Addresses(["a", "b"], answers=silence)
        assert await call(addresses, "connection") == "a"
        assert await call(addresses, "connection") == "b"
        assert await call(addresses) == "a"
        # It works again, and so it is the one to go to.
        assert list(await asyncio.gather(call(addresses), call(addresses))) == ["a", "a"]

    asyncio.run(scene())


@pytest.mark.parametrize("concurrency", [None, 2])
def test_calls_that_wait_turn_away_from_an_address_that_failed(concurrency: int | None) -> None:
    async def scene() -> None:
        addresses = Addresses(["a", "b"], concurrency=concurrency, answers=silence)
        went: list[str] = []

        async def one() -> None:
            with suppress(ModelUnavailableError):
                async with addresses.slot() as server:
                    went.append(server)
                    await asyncio.sleep(0)
                    if server == "a":
                        raise ModelUnavailableError("no.", trouble="connection")

        await asyncio.gather(*(one() for _ in range(100)))
        assert len(went) == 100
        # Those that were on their way when it first failed, and none after: failing is fast, and would draw all calls.
        assert went.count("a") <= 4

    asyncio.run(scene())


def test_a_fixed_total_is_shared_by_all_addresses() -> None:
    async def scene() -> None:
        addresses = Addresses(["a", "b"], concurrency=3, answers=silence)
        inside: list[str] = []
        most = 0

        async def one() -> None:
            nonlocal most
            async with addresses.slot() as server:
                inside.append(server)
                most = max(most, len(inside))
                assert abs(inside.count("a") - inside.count("b")) <= 1
                await asyncio.sleep(0)
                inside.remove(server)

        await asyncio.gather(*(one() for _ in range(30)))
        assert most == 3

    asyncio.run(scene())


def test_models_of_one_session_share_a_fixed_total() -> None:
    async def scene() -> None:
        session: dict[str, Limit] = {}
        models = [Addresses(urls, concurrency=2, limits=session, answers=silence) for urls in (["a", "b"], ["b", "a"])]
        inside, most = 0, 0

        async def one(addresses: Addresses) -> None:
            nonlocal inside, most
            async with addresses.slot():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(one(addresses) for addresses in models for _ in range(20)))
        assert most == 2

    asyncio.run(scene())


def test_a_slow_address_does_not_hold_up_the_calls_of_a_fast_one() -> None:
    async def scene() -> None:
        addresses = Addresses(["slow", "fast"], answers=silence)
        stuck = asyncio.Event()
        done: list[str] = []

        async def one() -> None:
            async with addresses.slot() as server:
                if server == "slow":
                    await stuck.wait()
                else:
                    await asyncio.sleep(0)
                done.append(server)

        calls = [asyncio.ensure_future(one()) for _ in range(50)]
        while len(done) < 46:
            await asyncio.sleep(0)
        stuck.set()
        await asyncio.gather(*calls)
        assert done[:46] == ["fast"] * 46

    asyncio.run(scene())


@pytest.mark.parametrize("concurrency", [None, 16])
def test_calls_with_one_prefix_go_to_one_address_and_others_to_the_least_busy(concurrency: int | None) -> None:
    async def scene() -> None:
        addresses = Addresses(["a", "b", "c"], concurrency=concurrency, answers=silence)

        async def one(prefix: str) -> str:
            async with addresses.slot(prefix=prefix) as server:
                await asyncio.sleep(0)
                return server

        homes = {prefix: {await one(prefix) for _ in range(5)} for prefix in map(str, range(30))}
        assert {len(home) for home in homes.values()} == {1}
        assert set().union(*homes.values()) == {"a", "b", "c"}
        assert sorted(await asyncio.gather(*(one("") for _ in range(3)))) == ["a", "b", "c"]

    asyncio.run(scene())


@pytest.mark.parametrize("concurrency", [None, 12])
def test_many_calls_with_one_prefix_do_not_leave_the_others_idle(concurrency: int | None) -> None:
    async def scene() -> None:
        addresses = Addresses(["a", "b", "c"], concurrency=concurrency, answers=silence)
        inside: list[str] = []
        done = asyncio.Event()

        async def one() -> None:
            async with addresses.slot(prefix="the same") as server:
                inside.append(server)
                await done.wait()

        calls = [asyncio.ensure_future(one()) for _ in range(20)]
        while len(inside) < 12:
            await asyncio.sleep(0)
        done.set()
        assert min(map(inside.count, "abc")) > 0
        await asyncio.gather(*calls)

    asyncio.run(scene())


def test_an_error_says_whether_another_address_works() -> None:
    async def scene() -> None:
        addresses = Addresses(["a", "b"], answers=silence)

        async def fail(trouble: Trouble) -> bool:
            with pytest.raises(ModelUnavailableError) as caught:
                async with addresses.slot():
                    raise ModelUnavailableError("no.", trouble=trouble)
            return caught.value.elsewhere

        assert [await fail("reply"), await fail("rate_limit")] == [False, False]
        assert [await fail("connection") for _ in range(3)] == [True, False, False]
        addresses = Addresses(["alone"], answers=silence)
        assert not await fail("connection")

    asyncio.run(scene())


def test_a_server_that_shuts_down_stays_out_though_it_still_answers_what_it_took() -> None:
    async def scene() -> None:
        addresses = Addresses(["a", "b"], answers=silence)
        taken, finish = asyncio.Event(), asyncio.Event()

        async def long() -> str:
            async with addresses.slot() as server:
                taken.set()
                await finish.wait()
                return server

        first, second = asyncio.ensure_future(long()), asyncio.ensure_future(long())
        await taken.wait()
        with pytest.raises(ModelUnavailableError):
            async with addresses.slot() as down:
                raise ModelUnavailableError("no.")
        finish.set()
        assert {await first, await second} == {"a", "b"}
        assert {await call(addresses) for _ in range(3)} == {"a", "b"} - {down}

    asyncio.run(scene())
