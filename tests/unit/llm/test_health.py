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
from longagent.llm.model import Reply


def test_three_lost_calls_in_a_row_mean_the_server_is_down_and_nothing_is_held_against_them(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model, calls = Model({2: GONE, 3: GONE, 4: GONE}), desk.calls()
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
        model, calls = Model(dict.fromkeys(range(1, 7), GONE)), desk.calls()
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
        assert (await again.complete(model, request("4"))).text == "said 7"
        await desk.reopen()
        with pytest.raises(ReplyError, match="connection broke"):
            await desk.calls().complete(model, request("1"))
        assert len(model.requests) == 7

    at_desk(tmp_path, test)


def test_a_server_that_is_still_down_is_noticed_again(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        model = Model(dict.fromkeys(range(1, 10), GONE))
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
