"""The backend for OpenAI-compatible servers: how it gets along with what differs from server to server."""

import asyncio
from collections.abc import Callable
from itertools import repeat
from time import monotonic
from typing import Any

import pytest
from support.openai_backend import ask, complete, connect, fail, run, unused_port

from longagent.errors import ContentRefusedError, ContextTooLongError, ModelRejectedError, ModelUnavailableError
from longagent.llm.model import Profile, Reply, Request
from longagent.llm.openai_server import OpenAIServer
from longagent.llm.retries import Policy, with_retries
from longagent.testing.http_thread import Connection, HttpRequest, HttpThread
from longagent.testing.server import Canned, SimulatedServer


def refused(said: str, status: int = 400, **more: Any) -> Canned:
    return Canned({"error": {"message": said, **more}}, status=status)


NO_TEMPERATURE = refused("Unsupported value: 'temperature' does not support 0.0 with this model.")
NO_SEED = refused("Unrecognized request argument supplied: seed")
NO_STOP = refused("No.", param="stop", code="unsupported_parameter")
NEW_CAP = refused("Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.")
NO_SYSTEM = refused("System role not supported", 500)


def with_system() -> Request:
    return Request(
        messages=({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}), max_tokens=64
    )


@pytest.mark.parametrize("fault", [NO_TEMPERATURE, NO_SEED, NO_STOP])
def test_a_parameter_the_server_does_not_take_is_left_out_from_then_on(fault: Canned) -> None:
    async def twice(model: OpenAIServer) -> list[str]:
        return [(await model.complete(ask(seed=1, stop=("END",)))).text for _ in range(2)]

    with SimulatedServer(faults=[fault]) as server:
        assert run(connect(server.base_url), twice) == ["A reply."] * 2
    first, second, third = server.chats
    assert second == third
    (gone,) = set(first) - set(second)
    assert second == {name: value for name, value in first.items() if name != gone}


def test_the_cap_is_named_as_the_server_wants() -> None:
    with SimulatedServer(faults=[NEW_CAP]) as server:
        complete(connect(server.base_url))
    assert "max_completion_tokens" not in server.chats[0]
    assert server.chats[1]["max_completion_tokens"] == 64
    assert "max_tokens" not in server.chats[1]


def test_a_model_without_system_role_is_served() -> None:
    with SimulatedServer(faults=[NO_SYSTEM]) as server:
        assert complete(connect(server.base_url), with_system()).text == "A reply."
    assert server.chats[1]["messages"] == [{"role": "user", "content": "Be brief.\n\nHello"}]


def test_several_lessons_in_one_call() -> None:
    with SimulatedServer(faults=[NO_SYSTEM, NEW_CAP, NO_TEMPERATURE]) as server:
        assert complete(connect(server.base_url), with_system()).text == "A reply."
    assert set(server.chats[-1]) == {"model", "messages", "max_completion_tokens"}
    assert len(server.chats) == 4


def test_a_server_that_is_never_pleased_is_not_asked_forever() -> None:
    with SimulatedServer(faults=repeat(NO_TEMPERATURE)) as server:
        assert isinstance(fail(connect(server.base_url)), ModelRejectedError)
    assert len(server.chats) == 2
    other_cap = refused("max_completion_tokens: Extra inputs are not permitted")
    with SimulatedServer(faults=[NEW_CAP, other_cap]) as server:
        assert isinstance(fail(connect(server.base_url)), ModelRejectedError)
    assert len(server.chats) == 2


def test_calls_that_learn_the_same_at_once_all_go_well() -> None:
    async def eight(model: OpenAIServer) -> list[Any]:
        return await asyncio.gather(*(model.complete(ask(seed=1)) for _ in range(8)))

    with SimulatedServer(faults=[NO_SEED] * 8, delay=0.05) as server:
        assert len(run(connect(server.base_url, concurrency=8), eight)) == 8
    assert len(server.chats) == 16


def test_each_server_has_its_own_dialect() -> None:
    async def four(model: OpenAIServer) -> None:
        for _ in range(4):
            await asyncio.gather(model.complete(ask(seed=1)), model.complete(ask(seed=1)))

    with SimulatedServer(faults=[NO_SEED], delay=0.01) as one, SimulatedServer(delay=0.01) as other:
        run(connect(one.base_url, other.base_url), four)
    assert ["seed" in chat for chat in one.chats] == [True, False, False, False, False]
    assert all("seed" in chat for chat in other.chats)


def test_a_stop_word_the_server_does_not_take_ends_the_reply_all_the_same() -> None:
    with SimulatedServer("Paris. END And more. STOP", faults=[NO_STOP]) as server:
        reply = complete(connect(server.base_url), ask(stop=("STOP", "END")))
    assert (reply.text, reply.finish) == ("Paris. ", "stop")


def test_thinking_comes_on_top_of_the_cap() -> None:
    with SimulatedServer("<think>Hm.</think>Paris.", model="Qwen3-8B") as server:
        model = connect(server.base_url, served="Qwen3-8B")
        assert model.profile.thinking_tokens == 2048  # a quarter of the window of 8192
        assert complete(model).text == "Paris."
    assert server.chats[0]["max_tokens"] == 64 + 2048


def test_who_it_is_tells_its_replies_from_others() -> None:
    model = connect("http://127.0.0.1:1", "http://127.0.0.1:2/v1", "http://127.0.0.1:1/v1")
    assert model.profile.identity == "http://127.0.0.1:1/v1 http://127.0.0.1:2/v1"
    other_order = connect("http://127.0.0.1:2", "http://127.0.0.1:1")
    assert other_order.profile.identity == model.profile.identity
    given = OpenAIServer(
        name="m", served="m", base_urls=["http://127.0.0.1:1"], profile=Profile(window=1, identity="weights")
    )
    assert given.profile.identity == "weights"


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        ("reset", "connection"),
        ("not-json", "reply"),
        ("empty", "reply"),
        (429, "rate_limit"),
        (500, "overload"),
        (529, "overload"),
    ],
)
def test_the_kind_of_trouble_is_told(fault: Any, trouble: str) -> None:
    with SimulatedServer(faults=[fault]) as server:
        error = fail(connect(server.base_url))
    assert isinstance(error, ModelUnavailableError)
    assert error.trouble == trouble


def test_a_server_that_is_not_there_or_silent_is_told_apart() -> None:
    absent = fail(connect(f"http://127.0.0.1:{unused_port()}/v1"))
    with SimulatedServer(faults=["hang"]) as server:
        silent = fail(connect(server.base_url, timeout=0.1))
    assert isinstance(absent, ModelUnavailableError)
    assert isinstance(silent, ModelUnavailableError)
    assert (absent.trouble, silent.trouble) == ("connection", "timeout")


def test_a_request_beyond_the_window_tells_the_window() -> None:
    with SimulatedServer(window=100) as server:
        error = fail(connect(server.base_url), ask("x" * 1000))
    assert isinstance(error, ContextTooLongError)
    assert error.window == 100


def test_a_text_the_provider_declines() -> None:
    with SimulatedServer(faults=[refused("No.", code="content_filter")]) as server:
        assert isinstance(fail(connect(server.base_url)), ContentRefusedError)


async def too_many(_: HttpRequest, connection: Connection) -> None:
    await connection.send(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0.2\r\nContent-Length: 0\r\n\r\n")


def test_the_wait_a_server_asks_for_is_told_and_kept() -> None:
    async def twice(model: OpenAIServer) -> float:
        with pytest.raises(ModelUnavailableError) as caught:
            await model.complete(ask())
        assert (caught.value.trouble, caught.value.retry_after) == ("rate_limit", 0.2)
        started = monotonic()
        with pytest.raises(ModelUnavailableError):
            await model.complete(ask())
        return monotonic() - started

    with HttpThread(too_many) as server:
        assert run(connect(f"http://127.0.0.1:{server.port}/v1"), twice) > 0.18


def test_calls_move_on_from_a_server_that_went_away() -> None:
    moved: list[ModelUnavailableError] = []

    async def note(error: ModelUnavailableError, _wait: float) -> None:
        moved.append(error)

    async def many(model: OpenAIServer) -> list[Any]:
        async def one() -> Reply:
            return await with_retries(lambda: model.complete(ask()), on_retry=note, policy=Policy(attempts=1))

        return [
            *await asyncio.gather(one(), return_exceptions=True),
            *await asyncio.gather(*(one() for _ in range(20)), return_exceptions=True),
        ]

    gone = f"http://127.0.0.1:{unused_port()}/v1"
    with SimulatedServer() as server:
        results = run(connect(gone, server.base_url), many)
        assert len(server.chats) == len(results) == 21
    assert not any(isinstance(result, Exception) for result in results)
    assert [error.elsewhere for error in moved] == [True]


def test_where_all_servers_went_away_a_call_fails_as_with_one() -> None:
    async def one(model: OpenAIServer) -> list[Any]:
        return await asyncio.gather(model.complete(ask()), return_exceptions=True)

    (error,) = run(connect(*(f"http://127.0.0.1:{unused_port()}/v1" for _ in range(2))), one)
    assert isinstance(error, ModelUnavailableError)
    assert error.trouble == "connection"


def test_a_server_that_hangs_is_noticed_long_before_the_deadline() -> None:
    async def silence(_: HttpRequest, connection: Connection) -> None:
        await connection.wait(None)

    async def four(model: OpenAIServer) -> list[Any]:
        results = await asyncio.gather(*(model.complete(ask()) for _ in range(4)), return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return results

    with pytest.MonkeyPatch.context() as patch, HttpThread(silence) as server:
        patch.setattr("longagent.llm.server_info.CHECK_SECONDS", 0.05)
        started = monotonic()
        errors = run(connect(f"http://127.0.0.1:{server.port}/v1", probe_after=0.05), four)
        assert monotonic() - started < 2
        asyncio.run(until(lambda: server.connections == 0))
    for error in errors:
        assert isinstance(error, ModelUnavailableError)
        assert error.trouble == "timeout"
        assert "hangs" in str(error)


def test_a_server_that_thinks_long_is_waited_for() -> None:
    with SimulatedServer(delay=0.25) as server:
        assert complete(connect(server.base_url, probe_after=0.05)).text == "A reply."
    assert any(request.path == "/v1/models" for request in server.requests)


def test_runs_take_turns_at_a_busy_server() -> None:
    async def two_runs(model: OpenAIServer) -> None:
        await asyncio.gather(
            *(model.complete(ask(f"a{number}", run="a")) for number in range(6)),
            *(model.complete(ask(f"b{number}", run="b")) for number in range(2)),
        )

    with SimulatedServer(delay=0.01) as server:
        run(connect(server.base_url, concurrency=1), two_runs)
    order = [chat["messages"][0]["content"] for chat in server.chats]
    assert order == ["a0", "a1", "b0", "a2", "b1", "a3", "a4", "a5"]


def test_models_at_one_address_share_its_limit() -> None:
    async def main() -> None:
        one, other = connect(server.base_url), connect(server.base_url)
        try:
            calls = [model.complete(ask()) for model in (one, other) for _ in range(4)]
            await asyncio.gather(*calls)
        finally:
            await one.aclose()
            await other.aclose()

    with SimulatedServer(delay=0.05) as server:
        asyncio.run(main())
    assert server.peak == 4


def test_tokens_are_counted_by_the_server_where_it_offers_that() -> None:
    async def tokenize(request: HttpRequest, connection: Connection) -> None:
        await connection.respond(200 if request.path == "/tokenize" else 404, {"count": 77, "tokens": []})

    with HttpThread(tokenize) as server:
        model = connect(f"http://127.0.0.1:{server.port}/v1")
        assert run(model, lambda opened: opened.count_tokens("Some text.")) == 77


def test_the_margin_is_corrected_by_what_the_server_reports() -> None:
    text = "Responsibility nevertheless international. " * 200  # four characters are a token there

    async def count_twice(model: OpenAIServer) -> tuple[int, int]:
        before = await model.count_tokens(text)
        await model.complete(ask(text))
        return before, await model.count_tokens(text)

    with SimulatedServer() as server:
        before, after = run(connect(server.base_url), count_twice)
    reported = -(-len(text) // 4)
    assert before < reported
    assert reported <= after <= reported * 1.03


async def until(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
