"""From a name and an address to a model, with servers that answer."""

import asyncio
import json
import socket
import traceback
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from support.workers import worker

from longagent import Session
from longagent.errors import LongagentError, ModelRejectedError, ModelUnavailableError, UnknownModelError, UsageError
from longagent.llm.model import Request
from longagent.llm.open import open_model
from longagent.llm.openai_server import OpenAIServer
from longagent.llm.opened import Opened
from longagent.llm.workers.record import write_worker
from longagent.settings import Settings
from longagent.testing.http_thread import Connection, HttpRequest, HttpThread
from longagent.testing.server import Canned, SimulatedServer

SECRET = "sk-test-4711-do-not-show"


def opened(model: str | None, *base_urls: str, **options: Any) -> OpenAIServer:
    """Open a model, make one call with it unless told otherwise, and close it."""
    call = options.pop("call", True)
    asked = options.pop("asked", "Hi")

    async def main() -> OpenAIServer:
        found = await open_model(model, base_urls=base_urls, data_dir=Path("unused"), emit=print, **options)
        assert isinstance(found, OpenAIServer)
        try:
            if call:
                await found.complete(Request(messages=({"role": "user", "content": asked},), max_tokens=9))
        finally:
            await found.aclose()
        return found

    return asyncio.run(main())


def refused(model: str | None, *base_urls: str, **options: Any) -> LongagentError:
    with pytest.raises(LongagentError) as caught:
        opened(model, *base_urls, **options)
    assert SECRET not in str(caught.value)
    return caught.value


def listing(*entries: dict[str, Any], props: Any = None, loaded: Any = None) -> HttpThread:
    """Serve a list of models as given, llama.cpp's /props, and Ollama's /api/ps."""

    async def answer(request: HttpRequest, connection: Connection) -> None:
        if request.path == "/v1/models":
            await connection.respond(200, {"data": list(entries)})
        elif request.path == "/props" and props is not None:
            await connection.respond(200, props)
        elif request.path == "/api/ps" and loaded is not None:
            await connection.respond(200, loaded)
        else:
            await connection.respond(404, {"detail": "Not Found"})

    return HttpThread(answer)


@pytest.mark.parametrize("name", ["openai/sim", "vllm/sim"])
def test_a_named_model_of_a_server(name: str) -> None:
    with SimulatedServer(window=4096) as server:
        found = opened(name, server.base_url.removesuffix("/v1"), concurrency=2)
    assert (found.name, found.profile.window, found.base_urls) == (name, 4096, (server.base_url,))
    assert server.chats[0]["model"] == "sim"


def test_a_name_with_slashes() -> None:
    with SimulatedServer(model="Qwen/Qwen2.5-0.5B-Instruct", window=None) as server:
        found = opened("vllm/Qwen/Qwen2.5-0.5B-Instruct", server.base_url)
    assert found.profile.window == 32_768
    assert not found.profile.abstains


def test_the_only_model_of_a_server_needs_no_name() -> None:
    with SimulatedServer(model="qwen-7b", window=4096) as server:
        found = opened(None, server.base_url)
    assert (found.name, found.profile.window) == ("openai/qwen-7b", 4096)


def test_a_given_window_wins_over_the_servers() -> None:
    with SimulatedServer(window=4096) as server:
        assert opened(None, server.base_url, window=2048).profile.window == 2048


def test_of_several_models_one_must_be_chosen() -> None:
    with listing({"id": "one"}, {"id": "two"}) as server:
        error = refused(None, f"http://127.0.0.1:{server.port}")
    assert isinstance(error, UsageError)
    assert "one, two" in str(error)


def test_several_servers_are_one_model_with_the_smallest_window() -> None:
    with SimulatedServer(window=4096) as one, SimulatedServer(window=2048) as other:
        assert opened(None, one.base_url, other.base_url).profile.window == 2048
    with SimulatedServer(model="a") as one, SimulatedServer(model="b") as other:
        assert isinstance(refused("openai/a", one.base_url, other.base_url), UnknownModelError)
        assert isinstance(refused(None, one.base_url, other.base_url), UsageError)


def test_an_unknown_model_is_told_before_any_call() -> None:
    with SimulatedServer(model="qwen-7b") as server:
        error = refused("openai/qwen-8b", server.base_url, call=False)
        assert isinstance(error, UnknownModelError)
        assert "Did you mean 'qwen-7b'?" in str(error)
        assert server.chats == []


def test_a_server_that_is_down_is_told_before_any_call() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    error = refused("openai/sim", f"http://127.0.0.1:{port}", call=False)
    assert isinstance(error, ModelUnavailableError)
    assert "connection refused" in str(error)


def test_one_of_two_servers_that_is_down_is_told_and_left_to_return(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with SimulatedServer() as server:
        found = opened("openai/sim", f"http://127.0.0.1:{port}/v1", server.base_url, call=False)
    assert len(found.base_urls) == 2
    said = capsys.readouterr().out
    assert f":{port}/v1" in said
    assert "The others answer meanwhile" in said


def test_a_session_finds_the_workers_that_run(tmp_path: Path) -> None:
    with SimulatedServer(model="qwen", window=4096) as one, SimulatedServer(model="qwen", window=4096) as other:
        for number, server in enumerate((one, other)):
            write_worker(tmp_path, worker(f"w-{number}", url=server.base_url, window=4096))
        document = tmp_path / "note.txt"
        document.write_text("The harbour of Skagen was rebuilt in 1907.")
        with Session(model="auto", strategy="full-context", state_dir=str(tmp_path)) as session:
            answer = session.ask(document, "When was the harbour rebuilt?")
            assert (session.settings.model, answer.model) == ("vllm/qwen", "vllm/qwen")
        assert len(one.chats) + len(other.chats) == answer.usage.calls > 0


def test_a_server_that_hangs_is_told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(request: HttpRequest, connection: Connection) -> None:
        await connection.wait(None)

    monkeypatch.setattr("longagent.llm.server_info.CHECK_SECONDS", 0.2)
    started = monotonic()
    with HttpThread(hang) as server:
        error = refused("openai/sim", f"http://127.0.0.1:{server.port}", call=False)
    assert isinstance(error, ModelUnavailableError)
    assert monotonic() - started < 2


def test_a_server_without_list_is_believed() -> None:
    async def only_chat(request: HttpRequest, connection: Connection) -> None:
        found = request.path == "/v1/chat/completions"
        message = {"choices": [{"message": {"content": "Hi"}}]}
        await connection.respond(200 if found else 404, message if found else {"detail": "Not Found"})

    with HttpThread(only_chat) as server:
        url = f"http://127.0.0.1:{server.port}/v1"
        assert opened("openai/gpt-4o", url).profile.window == 128_000
        error = refused(None, url, call=False)
    assert isinstance(error, UsageError)
    assert "--model openai/NAME" in error.hint


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"[]", b'{"data": 3}', b"[" * 50_000])
def test_something_that_is_no_model_server(body: bytes) -> None:
    async def page(request: HttpRequest, connection: Connection) -> None:
        await connection.respond(200, body, content_type="text/html")

    with HttpThread(page) as server:
        error = refused("openai/sim", f"http://127.0.0.1:{server.port}", call=False)
    assert isinstance(error, ModelUnavailableError)
    assert "no OpenAI-compatible server" in str(error)


def test_names_that_could_paint_the_terminal_are_not_listed() -> None:
    with listing({"id": "\x1b[2J"}, {"id": 5}, {}, {"id": "x" * 201}, {"id": "good", "max_model_len": -3}) as server:
        found = opened(None, f"http://127.0.0.1:{server.port}", call=False)
    assert (found.name, found.profile.window) == ("openai/good", 8192)


LLAMA_CPP = {"id": "model.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 8192, "n_vocab": 49152}}


@pytest.mark.parametrize(
    ("entry", "props", "window"),
    [
        ({"id": "m", "context_length": 5000}, None, 5000),
        ({"id": "m", "max_model_len": None, "context_window": 6000}, None, 6000),
        (LLAMA_CPP, {"default_generation_settings": {"n_ctx": 2048}}, 2048),
        (LLAMA_CPP, {"default_generation_settings": []}, 8192),
        (LLAMA_CPP, [], 8192),
        (LLAMA_CPP, None, 8192),
        ({"id": "gpt-4o"}, None, 128_000),
    ],
)
def test_windows_as_servers_tell_them(entry: dict[str, Any], props: Any, window: int) -> None:
    with listing(entry, props=props) as server:
        assert opened(None, f"http://127.0.0.1:{server.port}", call=False).profile.window == window


@pytest.mark.parametrize(
    ("loaded", "window"),
    [
        ({"models": [{"model": "qwen3:8b", "context_length": 16_384}]}, 16_384),
        ({"models": [{"model": "other:1b", "context_length": 16_384}]}, 4096),
        ({"models": [{"model": "qwen3:8b"}]}, 4096),
        ({"models": "none"}, 32_768),
        (None, 32_768),
    ],
    ids=["loaded", "not loaded", "an older Ollama", "not Ollama", "no such path"],
)
def test_the_window_of_ollama_is_what_it_has_loaded(loaded: Any, window: int) -> None:
    with listing({"id": "qwen3:8b", "owned_by": "library"}, loaded=loaded) as server:
        assert opened(None, f"http://127.0.0.1:{server.port}", call=False).profile.window == window


def test_each_key_goes_only_where_it_belongs() -> None:
    with SimulatedServer(api_key=SECRET) as server:
        opened(None, server.base_url, api_key=SECRET, openai_key="sk-openai")
        error = refused("openai/sim", server.base_url, openai_key=SECRET)
        assert isinstance(error, ModelRejectedError)
        assert "LONGAGENT_API_KEY" in error.hint
    sent = {request.headers.get("authorization") for request in server.requests}
    assert sent == {f"Bearer {SECRET}", None}


def test_no_key_is_in_the_open_models_repr() -> None:
    with SimulatedServer(api_key=SECRET) as server:
        model = opened(None, server.base_url, api_key=SECRET)
    assert SECRET not in repr(model)
    assert SECRET not in str(model)
    assert repr(model) == f"OpenAIServer('openai/sim', base_urls=['{server.base_url}'])"


def test_offline_still_reaches_this_machine() -> None:
    with SimulatedServer() as server:
        assert opened(None, server.base_url, offline=True).name == "openai/sim"


def test_a_wrong_key_is_told_before_any_call() -> None:
    with SimulatedServer(api_key="another") as server:
        assert "refused the API key" in str(refused("openai/sim", server.base_url, api_key=SECRET, call=False))


def test_a_fixed_limit_holds_for_all_models_of_a_session() -> None:
    async def main() -> None:
        settings = replace(
            Settings(),
            base_url=(server.base_url,),
            model="openai/sim",
            concurrency=1,
            role_model={"manager": "vllm/sim"},
        )
        opened = Opened(settings, given=None)
        try:
            models = await opened.models(print)
            both = [models.of("worker"), models.of("manager")]
            assert [model.name for model in both] == ["openai/sim", "vllm/sim"]
            hi = Request(messages=({"role": "user", "content": "Hi"},), max_tokens=9)
            await asyncio.gather(*(model.complete(hi) for model in both for _ in range(3)))
        finally:
            await opened.aclose()

    with SimulatedServer(delay=0.02) as server:
        asyncio.run(main())
    assert (len(server.chats), server.peak) == (6, 1)


@pytest.mark.parametrize("status", [200, 400, 404, 422, 429, 500])
def test_what_a_server_says_about_the_document_is_not_repeated(status: int) -> None:
    document = 'The heron of Lund counted\n eleven "lanterns" before the storm.'
    for quoted in (document, json.dumps(document), repr(document), document[:40]):
        said = Canned({"error": {"message": f"Cannot read: {quoted}"}}, status=status)
        with SimulatedServer(faults=[said]) as server:
            error = refused("openai/sim", server.base_url, asked=document)
        shown = "".join(traceback.format_exception(error)) + repr(error)
        assert "heron" not in shown
        assert "Cannot read" not in shown
        assert status == 200 or str(status) in error.message


def test_a_list_that_is_kept_from_the_key_does_not_stop_it() -> None:
    async def forbid_list(request: HttpRequest, connection: Connection) -> None:
        if request.path == "/v1/models":
            await connection.respond(403, {"error": {"message": "Missing scopes: api.model.read"}})
        else:
            await connection.respond(200, {"choices": [{"message": {"content": "Hi"}}]})

    with HttpThread(forbid_list) as server:
        assert opened("openai/sim", f"http://127.0.0.1:{server.port}").name == "openai/sim"
