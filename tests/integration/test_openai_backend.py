"""The backend for OpenAI-compatible servers, over real sockets."""

import asyncio
import gc
import socket
import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence
from itertools import repeat
from time import monotonic
from typing import Any, TypeVar

import pytest

from longagent.errors import LongagentError, ModelRejectedError, ModelUnavailableError, UnknownModelError, UsageError
from longagent.llm import wire
from longagent.llm.model import Profile, Reply, Request
from longagent.llm.openai_server import DEFAULT_CONCURRENCY, OpenAIServer
from longagent.testing.http_thread import Connection, HttpRequest, HttpThread
from longagent.testing.server import Canned, Fault, SimulatedServer

SECRET = "sk-test-4711-do-not-show"

T = TypeVar("T")


def connect(*base_urls: str, served: str = "sim", **options: Any) -> OpenAIServer:
    return OpenAIServer(
        name=f"openai/{served}", served=served, base_urls=base_urls, profile=Profile(window=8192), **options
    )


def ask(content: str = "Hello", *, max_tokens: int = 64, **fields: Any) -> Request:
    return Request(messages=({"role": "user", "content": content},), max_tokens=max_tokens, **fields)


def run(model: OpenAIServer, work: Callable[[OpenAIServer], Awaitable[T]]) -> T:
    """Run some work on a model and close it; the collection turns a socket left open into a failure."""

    async def main() -> T:
        try:
            return await work(model)
        finally:
            await model.aclose()

    try:
        return asyncio.run(main())
    finally:
        gc.collect()


def complete(model: OpenAIServer, request: Request | None = None) -> Reply:
    return run(model, lambda opened: opened.complete(request or ask()))


def fail(model: OpenAIServer, request: Request | None = None) -> LongagentError:
    """Return the error of a call, after making sure that it is one line without key or document."""
    with pytest.raises(LongagentError) as caught:
        complete(model, request)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(model)
    assert SECRET not in shown
    assert str(caught.value).isprintable()
    return caught.value


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


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


@pytest.mark.parametrize(("given", "expected"), [(3, 3), (None, DEFAULT_CONCURRENCY)])
def test_calls_in_flight_are_limited(given: int | None, expected: int) -> None:
    with SimulatedServer(delay=0.05) as server:
        model = connect(server.base_url, concurrency=given)
        run(model, lambda opened: asyncio.gather(*(opened.complete(ask()) for _ in range(20))))
    assert server.peak == expected
    assert len(server.chats) == 20


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


def test_a_server_that_is_not_there() -> None:
    url = f"http://127.0.0.1:{unused_port()}/v1"
    error = fail(connect(url, api_key=SECRET))
    assert isinstance(error, ModelUnavailableError)
    assert error.message == f"cannot reach the model server at {url}: connection refused."
    assert error.hint == "Start it, or check --base-url."


def test_a_name_with_several_addresses_that_is_not_there() -> None:
    assert "connection refused" in str(fail(connect(f"http://localhost:{unused_port()}/v1")))


def test_a_host_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert "no such host" in str(fail(connect("http://model.invalid/v1")))


def test_tls_where_there_is_none() -> None:
    def answer_in_plain(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_in_plain, args=(listener,))
        thread.start()
        error = fail(connect(f"https://127.0.0.1:{listener.getsockname()[1]}/v1"))
        thread.join()
    assert isinstance(error, ModelUnavailableError)
    assert "it does not speak TLS (try http://" in str(error)


def test_a_hanging_server_is_given_up() -> None:
    started = monotonic()
    with SimulatedServer(faults=["hang"]) as server:
        error = fail(connect(server.base_url, timeout=0.2, api_key=SECRET))
    assert isinstance(error, ModelUnavailableError)
    assert "did not answer within 0.2 s" in str(error)
    assert monotonic() - started < 2


def test_a_dripping_server_is_given_up() -> None:
    async def drip(request: HttpRequest, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        while True:
            await connection.send(b" ")
            await connection.wait(0.05)

    with HttpThread(drip) as server:
        error = fail(connect(f"http://127.0.0.1:{server.port}/v1", timeout=0.4))
    assert "did not answer within 0.4 s" in str(error)


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        ("reset", ModelUnavailableError, "closed the connection"),
        ("truncated", ModelUnavailableError, "closed the connection"),
        ("not-json", ModelUnavailableError, "bytes of text/html that are not JSON"),
        ("empty", ModelUnavailableError, "an empty body"),
        (500, ModelUnavailableError, "500 Internal Server Error"),
        (503, ModelUnavailableError, "503 Service Unavailable"),
        (429, ModelUnavailableError, "429 Too Many Requests"),
        (400, ModelRejectedError, "Told to fail."),
        (307, ModelRejectedError, "redirects"),
        (Canned({"choices": []}), ModelUnavailableError, "without choices"),
        (Canned(b'{"choices": [{"mes'), ModelUnavailableError, "not JSON"),
        (Canned({"error": {"message": f"\x1b[2J you sent {SECRET}"}}, status=500), ModelUnavailableError, "[key]"),
        (Canned({"error": {"message": f"you sent {SECRET}"}}, status=400), ModelRejectedError, "[key]"),
        (Canned(b"x", content_type=f"text/{SECRET}"), ModelUnavailableError, "[key]"),
    ],
)
def test_faults_are_told_in_one_sentence(fault: Fault, kind: type[LongagentError], said: str) -> None:
    document = "the heir is named in the second will"
    with SimulatedServer(document, faults=[fault]) as server:
        error = fail(connect(server.base_url, api_key=SECRET), ask(document))
    assert type(error) is kind
    assert said in str(error)
    assert server.base_url in str(error)
    assert document not in str(error)


def test_after_a_fault_the_next_call_goes_well() -> None:
    async def keep_asking(model: OpenAIServer) -> list[str]:
        results = [await asyncio.gather(model.complete(ask()), return_exceptions=True) for _ in range(5)]
        return [type(result).__name__ for (result,) in results]

    with SimulatedServer(faults=["reset", "truncated", 500, "empty"]) as server:
        kinds = run(connect(server.base_url), keep_asking)
    assert kinds == ["ModelUnavailableError"] * 4 + ["Reply"]


def test_a_reply_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_BYTES", 2**20)
    with SimulatedServer("x" * 2**21) as server:
        error = fail(connect(server.base_url), ask(max_tokens=2**21))
    # The window of 8192 tokens is the first to object; without one the size does.
    assert isinstance(error, ModelRejectedError)
    with SimulatedServer("x" * 2**21, window=None) as server:
        error = fail(connect(server.base_url), ask(max_tokens=2**21))
    assert isinstance(error, ModelUnavailableError)
    assert "more than 1 MiB" in str(error)


def test_a_wrong_key() -> None:
    with SimulatedServer(api_key="another") as server:
        error = fail(connect(server.base_url, api_key=SECRET))
        assert isinstance(error, ModelRejectedError)
        assert error.hint == "Check LONGAGENT_API_KEY."
        assert fail(connect(server.base_url)).hint == "Set LONGAGENT_API_KEY."


@pytest.mark.parametrize("key", [f"{SECRET}\nX-Evil: 1", f"{SECRET} two", f"{SECRET}é", f"{SECRET}\x00"])
def test_a_key_that_cannot_be_sent_is_not_shown(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect("http://127.0.0.1:1", api_key=key)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_an_unknown_model_is_told_with_what_is_served() -> None:
    with SimulatedServer(model="qwen-7b") as server:
        error = fail(connect(server.base_url, served="qwen-8b", api_key=SECRET))
        assert isinstance(error, UnknownModelError)
        assert error.hint == "Did you mean 'qwen-7b'?"
        assert error.exit_code == 2


def test_a_wrong_path_is_told() -> None:
    with SimulatedServer() as server:
        error = fail(connect(server.base_url.replace("/v1", "/api")))
    assert type(error) is ModelRejectedError
    assert "it usually ends in /v1" in error.hint


def test_a_request_beyond_the_window_leads_to_the_option() -> None:
    with SimulatedServer(window=100) as server:
        error = fail(connect(server.base_url), ask("x" * 1000))
    assert isinstance(error, ModelRejectedError)
    assert error.hint == "Try --window 100."


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
