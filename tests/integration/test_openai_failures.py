"""The backend for OpenAI-compatible servers: what goes wrong is told in one sentence, without key or document."""

import asyncio
import gzip
import socket
import threading
import traceback
import tracemalloc
from time import monotonic
from typing import Any

import pytest
from support.openai_backend import SECRET, ask, connect, fail, run, unused_port

from longagent.errors import LongagentError, ModelRejectedError, ModelUnavailableError, UnknownModelError, UsageError
from longagent.llm import wire
from longagent.llm.openai_server import OpenAIServer
from longagent.testing.http_thread import Connection, Ending, HttpRequest, HttpThread
from longagent.testing.server import Canned, Fault, SimulatedServer


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


@pytest.mark.parametrize("host", ["a..b", "a" * 70 + ".invalid"])
def test_a_host_that_cannot_exist(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert "no such host" in str(fail(connect(f"http://{host}/v1")))


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


def test_a_small_compressed_reply_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_BYTES", 2**20)
    body = gzip.compress(bytes(2**27))

    async def answer(request: HttpRequest, connection: Connection) -> None:
        await connection.respond(200, body, headers={"Content-Encoding": "gzip"})
        await connection.end(Ending(then="close"))

    with HttpThread(answer) as server:
        tracemalloc.start()
        error = fail(connect(f"http://127.0.0.1:{server.port}/v1"))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "more than 1 MiB" in str(error)
    assert most < 2**25, "a part of the 128 MiB was unpacked at once"


@pytest.mark.parametrize(
    "said",
    [f"{SECRET}\r\n\r\n", f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n{SECRET}\r\n"],
    ids=["no HTTP", "no chunk"],
)
def test_what_is_no_http_is_not_quoted(said: str) -> None:
    async def answer(request: HttpRequest, connection: Connection) -> None:
        await connection.end(Ending(said.encode(), then="close"))

    with HttpThread(answer) as server:
        error = fail(connect(f"http://127.0.0.1:{server.port}/v1", api_key=SECRET))
    assert isinstance(error, ModelUnavailableError)
    assert "closed the connection" in str(error)
    assert SECRET not in repr(error.__cause__)


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
