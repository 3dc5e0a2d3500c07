"""Whether a server is taken to be down, and what is held against the calls that failed."""

import asyncio
from pathlib import Path

import pytest
from support.desk import GONE, Desk, Model, Slow, at_desk, request

from longagent.errors import (
    ContentRefusedError,
    ModelUnavailableError,
    ReplyError,
    ServerDownError,
)
from longagent.events import CallFailed
from longagent.llm.budget import Limits
from longagent.llm.model import Reply, Request


def test_three_lost_calls_in_a_row_mean_the_server_is_down_and_nothing_is_held_against_them(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model({2: GONE, 3: GONE, 4: GONE, 5: GONE}), desk.calls()
        await calls.complete(model, request("1"))
        for text in ("2", "3"):
            with pytest.raises(ModelUnavailableError) as lost:
                await calls.complete(model, request(text))
            assert not isinstance(lost.value, ServerDownError)
        with pytest.raises(ServerDownError, match="3 calls in a row failed, the last because the connection broke"):
            await calls.complete(model, request("4"))
        await desk.reopen()
        again = desk.calls()
        for text in ("2", "3", "4"):
            assert (await again.complete(model, request(text))).text.startswith("said")

    at_desk(tmp_path, test)


def test_calls_that_always_fail_in_a_row_stop_a_run_once_and_then_count_as_failed(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model(dict.fromkeys(range(1, 8), GONE)), desk.calls()
        for text in ("1", "2"):
            with pytest.raises(ModelUnavailableError):
                await calls.complete(model, request(text))
        with pytest.raises(ServerDownError):
            await calls.complete(model, request("3"))
        await desk.reopen(failed=True)
        again = desk.calls()
        for text in ("1", "2", "3"):
            with pytest.raises(ModelUnavailableError) as lost:
                await again.complete(model, request(text))
            assert not isinstance(lost.value, ServerDownError)
        assert (await again.complete(model, request("4"))).text == "said 8"
        await desk.reopen()
        with pytest.raises(ReplyError, match="connection broke"):
            await desk.calls().complete(model, request("1"))
        assert len(model.requests) == 8

    at_desk(tmp_path, test)


def test_a_server_that_is_still_down_is_noticed_again(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        # Three and whether it answers; the three again; three others and whether it answers.
        model = Model(dict.fromkeys(range(1, 12), GONE))
        for failing in (3, 3 + 3):
            calls = desk.calls()
            for number in range(failing):
                with pytest.raises(ModelUnavailableError) as lost:
                    await calls.complete(model, request(str(number)))
                assert isinstance(lost.value, ServerDownError) == (number == failing - 1)
            await desk.reopen(failed=True)
        for number in range(9):
            assert (await desk.calls().complete(model, request(str(number)))).text.startswith("said")

    at_desk(tmp_path, test)


def test_lost_calls_among_others_are_not_tried_again_by_a_resumed_run(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model({1: GONE, 2: GONE, 4: GONE, 5: GONE}), desk.calls()
        said = [calls.complete(model, request(str(number))) for number in range(1, 7)]
        ends = [await asyncio.gather(call, return_exceptions=True) for call in said]
        assert [type(end) for (end,) in ends] == [type(GONE), type(GONE), Reply, type(GONE), type(GONE), Reply]
        await desk.reopen()
        with pytest.raises(ReplyError, match="the connection broke"):
            await desk.calls().complete(model, request("1"))
        assert len(model.requests) == 6

    at_desk(tmp_path, test)


def test_a_call_under_way_while_another_was_lost_does_not_prove_the_server_alive(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        calls, slow = desk.calls(), Slow()
        under_way = asyncio.ensure_future(calls.complete(slow, request("slow")))
        await asyncio.wait_for(slow.begun.wait(), 5)
        model = Model({1: GONE})
        with pytest.raises(ModelUnavailableError):
            await calls.complete(model, request("lost"))
        slow.land.set()
        await under_way
        await desk.reopen()
        assert (await desk.calls().complete(model, request("lost"))).text == "said 2"

    at_desk(tmp_path, test)


@pytest.mark.parametrize("error", [ContentRefusedError("declined."), ReplyError("unusable.")])
def test_calls_that_fail_for_reasons_of_their_own_do_not_count_as_a_server_going_down(
    tmp_path: Path, error: Exception
) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model(dict.fromkeys(range(1, 9), error)), desk.calls()
        for number in range(8):
            with pytest.raises(type(error)):
                await calls.complete(model, request(str(number)))

    at_desk(tmp_path, test)


def test_a_server_that_still_answers_is_not_down_and_the_calls_are_to_blame(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        bad = [
            number for number in range(1, 12) if number not in (4, 8)
        ]  # the fourth and eighth ask whether it answers
        model, calls = Model(dict.fromkeys(bad, GONE)), desk.calls()
        for number in range(9):
            with pytest.raises(ModelUnavailableError) as lost:
                await calls.complete(model, request(str(number)))
            assert not isinstance(lost.value, ServerDownError)
        asked = [place for place, made in enumerate(model.requests, start=1) if made.role == "check"]
        assert asked == [4, 8], "after three in a row, then only after six"
        assert all(len(str(made.messages)) < 80 for made in model.requests if made.role == "check")
        assert (calls.meter.usage.calls, desk.kinds.count(CallFailed)) == (2, 9)
        await desk.reopen()
        with pytest.raises(ReplyError, match="connection broke"):
            await desk.calls().complete(model, request("0"))

    at_desk(tmp_path, test)


@pytest.mark.parametrize("error", [ContentRefusedError("declined."), ReplyError("unusable.")])
def test_a_server_that_says_anything_at_all_is_not_down(tmp_path: Path, error: Exception) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model({1: GONE, 2: GONE, 3: GONE, 4: error}), desk.calls()
        for number in range(3):
            with pytest.raises(type(GONE)):
                await calls.complete(model, request(str(number)))
        assert (await calls.complete(model, request("4"))).text == "said 5"

    at_desk(tmp_path, test)


def test_calls_that_fail_while_the_server_is_asked_do_not_ask_again(tmp_path: Path) -> None:
    class Thinks(Model):
        async def complete(self, request: Request) -> Reply:
            if request.role == "check":
                self.asked.set()
                await self.answer.wait()
            return await super().complete(request)

        asked, answer = asyncio.Event(), asyncio.Event()

    async def test(desk: Desk) -> None:
        model, calls = Thinks(dict.fromkeys(range(1, 6), GONE)), desk.calls()
        for number in range(2):
            with pytest.raises(type(GONE)):
                await calls.complete(model, request(str(number)))
        third = asyncio.ensure_future(calls.complete(model, request("3")))
        await asyncio.wait_for(model.asked.wait(), 5)
        with pytest.raises(ModelUnavailableError) as lost:
            await calls.complete(model, request("4"))
        assert not isinstance(lost.value, ServerDownError)
        model.answer.set()
        with pytest.raises(ServerDownError):
            await third
        assert [made.role for made in model.requests].count("check") == 1
        await desk.reopen(failed=True)
        # The server was down: none of them is to blame.
        assert (await desk.calls().complete(model, request("4"))).text == "said 6"

    at_desk(tmp_path, test)


def test_where_the_limits_allow_no_call_more_the_server_is_not_asked(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        free = ModelUnavailableError("the connection broke.", trouble="connection")
        model, calls = Model(dict.fromkeys(range(1, 4), free)), desk.calls(Limits(calls=1))
        for number in range(2):
            with pytest.raises(type(free)):
                await calls.complete(model, request(str(number)))
        with pytest.raises(ServerDownError):
            await calls.complete(model, request("3"))
        assert [made.role for made in model.requests].count("check") == 0

    at_desk(tmp_path, test)


def test_a_server_with_which_calls_go_well_while_it_is_asked_is_not_down(tmp_path: Path) -> None:
    class Busy(Model):
        async def complete(self, request: Request) -> Reply:
            if request.role == "check":
                asked.set()
                await enough.wait()
                raise GONE
            return await super().complete(request)

    asked, enough = asyncio.Event(), asyncio.Event()

    async def test(desk: Desk) -> None:
        model, calls = Busy(dict.fromkeys((1, 2, 3, 5), GONE)), desk.calls()
        for number in range(2):
            with pytest.raises(type(GONE)):
                await calls.complete(model, request(str(number)))
        third = asyncio.ensure_future(calls.complete(model, request("third")))
        await asyncio.wait_for(asked.wait(), 5)
        await calls.complete(model, request("well"))
        enough.set()
        for lost in (third, calls.complete(model, request("fifth"))):
            with pytest.raises(ModelUnavailableError) as ended:
                await lost
            assert not isinstance(ended.value, ServerDownError)

    at_desk(tmp_path, test)


def test_after_calls_went_well_it_takes_three_in_a_row_again_until_the_server_is_asked(tmp_path: Path) -> None:
    class Lives(Model):
        async def complete(self, request: Request) -> Reply:
            if request.role == "check":
                checks.append(request)
                await enough.wait()
                raise ReplyError("unusable.")
            return await super().complete(request)

    checks, enough = list[Request](), asyncio.Event()

    async def test(desk: Desk) -> None:
        model, calls = Lives(dict.fromkeys((1, 2, 3, 5, 6), GONE)), desk.calls()
        lost = [asyncio.ensure_future(calls.complete(model, request(str(number)))) for number in range(3)]
        while not checks:
            await asyncio.sleep(0)
        await calls.complete(model, request("well"))
        enough.set()
        await asyncio.wait(lost)
        for number in range(5, 7):
            with pytest.raises(ModelUnavailableError):
                await calls.complete(model, request(str(number)))
        assert len(checks) == 1

    at_desk(tmp_path, test)
