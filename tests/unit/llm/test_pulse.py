import asyncio
from time import monotonic

import pytest

from longagent.errors import ModelUnavailableError
from longagent.llm.pulse import Pulse

AFTER = 0.03


class Server:
    """Answers checks as told; once used up, always as the last one."""

    def __init__(self, *answers: bool, seconds: float = 0.0) -> None:
        self.answers = list(answers)
        self.checks = 0
        self.at_once = 0
        self.most = 0
        self.seconds = seconds
        self.pulse = Pulse("http://a/v1", self.check, after=AFTER)

    async def check(self) -> bool:
        self.checks += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def call(self, seconds: float) -> str:
        async with self.pulse.watch():
            await asyncio.sleep(seconds)
        return "a reply"


async def alone() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


def test_a_server_that_answers_nothing_is_given_up() -> None:
    async def main() -> None:
        server, started = Server(False), monotonic()
        with pytest.raises(ModelUnavailableError, match="http://a/v1 hangs") as caught:
            await server.call(60)
        assert caught.value.trouble == "timeout"
        assert server.checks == 2
        assert AFTER < monotonic() - started < 1
        assert await alone()

    asyncio.run(main())


def test_a_server_that_is_only_slow_is_waited_for() -> None:
    async def main() -> None:
        server = Server(True)
        assert await server.call(5 * AFTER) == "a reply"
        assert server.checks >= 2
        assert await alone()

    asyncio.run(main())


def test_one_lost_check_is_none() -> None:
    async def main() -> None:
        server = Server(False, True, False, True)
        assert await server.call(6 * AFTER) == "a reply"
        assert server.checks >= 3

    asyncio.run(main())


def test_a_quick_call_is_never_checked() -> None:
    async def main() -> None:
        server = Server(False)
        for _ in range(20):
            assert await server.call(AFTER / 5) == "a reply"
        assert server.checks == 0
        assert server.pulse._watcher is None

    asyncio.run(main())


def test_while_calls_end_the_server_lives() -> None:
    async def main() -> None:
        server = Server(False)
        slow = asyncio.ensure_future(server.call(4 * AFTER))
        while not slow.done():
            await server.call(AFTER / 5)
        assert await slow == "a reply"
        assert server.checks == 0

    asyncio.run(main())


def test_all_calls_share_one_check_and_end_together() -> None:
    async def main() -> None:
        server = Server(False, seconds=0.01)
        results = await asyncio.gather(*(server.call(60) for _ in range(50)), return_exceptions=True)
        assert {type(result) for result in results} == {ModelUnavailableError}
        assert (server.checks, server.most) == (2, 1)
        assert await alone()

    asyncio.run(main())


def test_a_call_that_just_began_is_not_given_up() -> None:
    async def main() -> None:
        server = Server(False, seconds=0.04)
        old = asyncio.ensure_future(server.call(60))
        while server.checks < 2:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        young = asyncio.ensure_future(server.call(0.03))
        with pytest.raises(ModelUnavailableError):
            await old
        assert await young == "a reply"

    asyncio.run(main())


def test_cancelling_leaves_nothing() -> None:
    async def main() -> None:
        server = Server(False, seconds=60)
        calls = [asyncio.ensure_future(server.call(60)) for _ in range(3)]
        while not server.checks:
            await asyncio.sleep(0.001)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        assert all(call.cancelled() for call in calls)
        assert server.at_once == 0
        assert await alone()

    asyncio.run(main())


def test_a_deadline_of_the_callers_own_stays_its_own() -> None:
    async def main() -> None:
        server = Server(True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await server.call(60)
        with pytest.raises(TimeoutError, match="mine"):
            async with server.pulse.watch():
                raise TimeoutError("mine")
        assert await alone()

    asyncio.run(main())
