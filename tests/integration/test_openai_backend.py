"""The backend for OpenAI-compatible servers, over real sockets: calls, connections, cancelling, closing."""

import asyncio
import gc
import socket
import threading
from collections.abc import Callable, Sequence
from itertools import repeat
from time import monotonic
from typing import Any

import pytest
from support.openai_backend import SECRET, ask, complete, connect, fail, run, unused_port

from longagent.errors import ModelUnavailableError, UsageError
from longagent.llm.openai_server import OpenAIServer
from longagent.llm.pace import CEILING, START
from longagent.testing.server import SimulatedServer


def test_a_call_goes_out_and_comes_back() -> None:
    with SimulatedServer(lambda messages: messages[0]["content"].upper()) as server:
        reply = complete(connect(server.base_url), ask("hello {braces} naïve 🙂", seed=7, stop=("END",)))
    assert reply.text == "HELLO {BRACES} NAÏVE 🙂"
    assert reply.finish == "stop"
    assert (reply.prompt_tokens, reply.cached_prompt_tokens, reply.completion_tokens) == (6, 0, 6)
    assert server.chats == [
        {
            "model": "sim",
            "messages": [{"role": "user", "content": "hello {braces} naïve 🙂"}],
            "max_tokens": 64,
            "temperature": 0.0,
            "seed": 7,
            "stop": ["END"],
        }
    ]


def test_a_capped_reply_says_so() -> None:
    with SimulatedServer("A long reply that is cut.") as server:
        reply = complete(connect(server.base_url), ask(max_tokens=2))
    assert (reply.text, reply.finish) == ("A long r", "length")


def test_the_key_is_sent_when_there_is_one() -> None:
    with SimulatedServer(api_key=SECRET) as server:
        complete(connect(server.base_url, api_key=f" {SECRET}\n"))
    with SimulatedServer() as open_server:
        complete(connect(open_server.base_url))
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert "authorization" not in open_server.requests[0].headers


def test_a_given_limit_is_kept() -> None:
    with SimulatedServer(delay=0.02) as server:
        model = connect(server.base_url, concurrency=3)
        run(model, lambda opened: asyncio.gather(*(opened.complete(ask()) for _ in range(20))))
    assert server.peak == 3
    assert len(server.chats) == 20


def test_without_a_limit_calls_start_modestly_and_become_more() -> None:
    with SimulatedServer(delay=0.02) as server:

        async def grow(model: OpenAIServer) -> None:
            await asyncio.gather(*(model.complete(ask()) for _ in range(START)))
            assert server.peak == START
            await asyncio.gather(*(model.complete(ask()) for _ in range(60)))

        run(connect(server.base_url), grow)
    assert 2 * START <= server.peak <= CEILING
    assert len(server.chats) == START + 60


def test_calls_spread_over_servers() -> None:
    with SimulatedServer(delay=0.05) as one, SimulatedServer(delay=0.05) as other:
        model = connect(one.base_url, other.base_url, concurrency=8)
        run(model, lambda opened: asyncio.gather(*(opened.complete(ask()) for _ in range(16))))
    assert (one.peak, other.peak) == (4, 4)


def test_a_busy_server_gets_fewer_calls() -> None:
    with SimulatedServer(faults=["hang"] * 2) as busy, SimulatedServer() as idle:

        async def ask_around(model: OpenAIServer) -> None:
            stuck = [asyncio.ensure_future(model.complete(ask())) for _ in range(3)]
            await until(lambda: busy.in_flight == 2)
            for _ in range(6):
                await model.complete(ask())
            for call in stuck:
                call.cancel()
            await asyncio.wait(stuck)

        run(connect(busy.base_url, idle.base_url), ask_around)
    assert (len(busy.chats), len(idle.chats)) == (2, 7)


def test_connections_are_kept() -> None:
    async def five(model: OpenAIServer) -> int:
        for _ in range(5):
            await model.complete(ask())
        return server.connections

    with SimulatedServer() as server:
        assert run(connect(server.base_url), five) == 1


def test_a_proxy_of_the_environment_never_sees_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with SimulatedServer() as server:
        assert complete(connect(server.base_url)).text == "A reply."
        mixed = connect(server.base_url, "http://model.invalid/v1", concurrency=1)
        assert complete(mixed).text == "A reply."
        # The other one does go through the proxy, which is not there.
        assert "cannot reach" in str(fail(connect("http://model.invalid/v1", server.base_url)))


def test_an_unusable_proxy_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", f"socks9://me:{SECRET}@127.0.0.1:1")
    error = fail(connect("http://model.invalid/v1"))
    assert isinstance(error, UsageError)
    with SimulatedServer() as server:
        assert complete(connect(server.base_url)).text == "A reply."


@pytest.mark.parametrize("said", ["HTTP/1.1 407 Who are you?\r\nContent-Length: 0\r\n\r\n", "what?\r\n\r\n"])
def test_a_proxy_that_refuses_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    def refuse() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(said.encode())

    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("https_proxy", f"http://me:{SECRET}@127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=refuse)
        thread.start()
        error = fail(connect("https://model.invalid/v1"))
        thread.join()
    assert isinstance(error, ModelUnavailableError)
    assert "in time" not in str(error)
    assert SECRET not in repr(error.__cause__)


@pytest.mark.parametrize("state", ["waiting for the reply", "waiting for a turn"])
def test_cancelling_many_calls_ends_at_once_and_leaves_nothing(state: str) -> None:
    async def cancel(model: OpenAIServer) -> None:
        calls = [asyncio.ensure_future(model.complete(ask())) for _ in range(16)]
        await until(lambda: server.in_flight == in_flight)
        started = monotonic()
        for call in calls:
            call.cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        await until(lambda: server.in_flight == 0 and server.connections == 0)
        assert monotonic() - started < 1
        # The model is as good as new: no slot was lost with the cancelled calls.
        server_reply = await asyncio.gather(*(model.complete(ask()) for _ in range(in_flight)))
        assert len(server_reply) == in_flight

    in_flight = 16 if state == "waiting for the reply" else 4
    with SimulatedServer(faults=["hang"] * in_flight) as server:
        run(connect(server.base_url, concurrency=in_flight), cancel)
        assert server.abandoned == in_flight


def test_a_run_that_is_interrupted_leaves_nothing() -> None:
    with SimulatedServer(faults=repeat("hang")) as server:

        async def main() -> None:
            async with asyncio.timeout(0.3):
                model = connect(server.base_url, concurrency=16)
                try:
                    async with asyncio.TaskGroup() as group:
                        for _ in range(16):
                            group.create_task(model.complete(ask()))
                finally:
                    await model.aclose()

        started = monotonic()
        with pytest.raises(TimeoutError):
            asyncio.run(main())
        gc.collect()
        assert monotonic() - started < 1.5
        asyncio.run(until(lambda: server.connections == 0))


def test_closing_twice_and_calling_after() -> None:
    async def close_then_call(model: OpenAIServer) -> None:
        await model.complete(ask())
        await model.aclose()
        await model.aclose()
        await model.complete(ask())

    with SimulatedServer() as server, pytest.raises(ModelUnavailableError, match="was closed"):
        run(connect(server.base_url), close_then_call)


def test_closing_is_finished_even_when_cancelled() -> None:
    async def cancel_closing(model: OpenAIServer) -> None:
        await asyncio.gather(*(model.complete(ask()) for _ in range(4)))
        assert server.connections == 4
        closing = asyncio.ensure_future(model.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        await until(lambda: server.connections == 0)

    with SimulatedServer(delay=0.05) as server:
        model = connect(server.base_url)
        asyncio.run(cancel_closing(model))
        gc.collect()


def test_closing_fails_the_calls_in_flight() -> None:
    async def close_under_way(model: OpenAIServer) -> Sequence[object]:
        calls = [asyncio.ensure_future(model.complete(ask())) for _ in range(4)]
        await until(lambda: server.in_flight == 2)
        await model.aclose()
        return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), timeout=2)

    with SimulatedServer(faults=repeat("hang")) as server:
        results = run(connect(server.base_url, concurrency=2), close_under_way)
        asyncio.run(until(lambda: server.connections == 0))
    assert [type(result) for result in results] == [ModelUnavailableError] * 4


def test_tokens_are_counted_with_a_margin_unless_the_tokenizer_is_given() -> None:
    text = "A sentence of a few words. " * 100
    from longagent.documents.tokens import count_tokens

    known = connect("http://127.0.0.1:1", counter=len)
    assert run(known, lambda model: model.count_tokens(text)) == len(text)
    unknown = connect("http://127.0.0.1:1")
    counted = run(unknown, lambda model: model.count_tokens(text))
    assert 1.14 * count_tokens(text) < counted < 1.16 * count_tokens(text)


@pytest.mark.parametrize("options", [{"concurrency": 0}, {"concurrency": -1}])
def test_nonsense_is_refused_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        connect("http://127.0.0.1:1", **options)
    with pytest.raises(UsageError):
        connect()


async def until(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
