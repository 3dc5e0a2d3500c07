"""Models behind LiteLLM: the real library against a server on this machine, and nothing beyond it."""

import asyncio
import gc
import json
import logging
import os
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import pytest

from longagent.errors import (
    ContentRefusedError,
    ContextTooLongError,
    LongagentError,
    ModelRejectedError,
    ModelUnavailableError,
    UnknownModelError,
    UsageError,
)
from longagent.llm.limits import Limit
from longagent.llm.litellm_errors import LiteLLMFailure
from longagent.llm.litellm_model import LiteLLMModel
from longagent.llm.model import Profile, Reply, Request
from longagent.llm.open import open_model
from longagent.testing import SimulatedServer
from longagent.testing.server import Canned

SECRET = "sk-test-4711-do-not-show"
DOCUMENT = "The heron of Lund counted eleven lanterns before the storm."
ADDRESSES = {"mistral": "MISTRAL_AZURE_API_BASE", "custom_openai": "OPENAI_BASE_URL"}
"""Where the environment says otherwise than PROVIDER_API_BASE where a provider is."""
T = TypeVar("T")

# LiteLLM switches this off when it is imported, which may be another test's doing.
pytestmark = pytest.mark.filterwarnings("ignore:Item 'summary' on TypedDict:UserWarning")

_outside: list[str] = []
_watching = threading.Event()


def _watch(event: str, args: tuple[Any, ...]) -> None:
    """Refuse everything that would leave the machine, in Python code or C; an audit hook cannot be got round."""
    if not _watching.is_set():
        return
    address = args[1] if event == "socket.connect" else args if event == "socket.getaddrinfo" else None
    host = address[0] if isinstance(address, tuple) else None
    if host is not None and str(host) not in {"127.0.0.1", "::1", "localhost"}:
        _outside.append(f"{event} {host}")
        raise OSError("the test allows no network")


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def nothing_leaves_the_machine() -> Iterator[None]:
    _watching.set()
    yield
    _watching.clear()
    assert _outside == []


def request(content: str = DOCUMENT, *, max_tokens: int = 64, **fields: Any) -> Request:
    messages = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": content})
    return Request(messages=messages, max_tokens=max_tokens, **fields)  # type: ignore[arg-type]


def run(work: Callable[[LiteLLMModel], Awaitable[T]], base_url: str, **options: Any) -> T:
    given: dict[str, Any] = {"name": "deepseek/sim", "profile": Profile(window=8192), "api_key": SECRET} | options

    async def main() -> T:
        model = LiteLLMModel(**given)
        try:
            return await work(model)
        finally:
            await model.aclose()

    with addressed(given["name"], base_url):
        return _runner().run(main())


@contextmanager
def addressed(name: str, base_url: str) -> Iterator[None]:
    """Let the environment say where a provider is, as users do."""
    provider = name.partition("/")[0]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(ADDRESSES.get(provider, f"{provider.upper()}_API_BASE"), base_url)
        yield


@cache
def _runner() -> asyncio.Runner:
    # One loop for all, as in a session: LiteLLM keeps its connections by loop, and takes half a second to make one.
    return asyncio.Runner()


@pytest.fixture(scope="module", autouse=True)
def connections_are_closed() -> Iterator[None]:
    """Close what LiteLLM would keep for the rest of the process."""
    yield
    import litellm

    with _runner() as runner:
        runner.run(litellm.close_litellm_async_clients())
    litellm.in_memory_llm_clients_cache.flush_cache()
    with warnings.catch_warnings():
        # It leaves a connection open now and then whose call was cut off.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def complete(server: SimulatedServer, asked: Request | None = None, **options: Any) -> Reply:
    return run(lambda model: model.complete(asked or request()), server.base_url, **options)


def fail(server: SimulatedServer, asked: Request | None = None, **options: Any) -> LongagentError:
    """Return the error of a call, after making sure that it is one line without key or document."""
    with pytest.raises(LongagentError) as caught:
        complete(server, asked, **options)
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__)
    assert SECRET not in shown
    assert DOCUMENT not in shown
    assert str(error).isprintable()
    assert len(str(error)) < 400
    return error


def test_a_call(capfd: pytest.CaptureFixture[str]) -> None:
    with SimulatedServer(lambda messages: messages[-1]["content"]) as server:
        asked = request(seed=3, stop=("###",), temperature=0.5)
        reply = complete(server, asked)
    assert reply == Reply(text=DOCUMENT, prompt_tokens=18, cached_prompt_tokens=0, completion_tokens=15)
    (sent,) = server.chats
    assert sent["messages"] == list(asked.messages)
    assert (sent["model"], sent["max_tokens"], sent["seed"], sent["stop"]) == ("sim", 64, 3, ["###"])
    assert sent["temperature"] == 0.5
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["hosted_vllm/sim", "mistral/sim", "deepseek/sim", "together_ai/sim", "xai/sim"])
def test_providers_that_speak_openai(name: str) -> None:
    with SimulatedServer("Yes.") as server:
        assert complete(server, name=name).text == "Yes."


def test_a_capped_reply_and_thoughts() -> None:
    with SimulatedServer("word " * 100) as server:
        reply = complete(server, request(max_tokens=3))
        assert (reply.text, reply.finish) == ("word word wo", "length")
    with SimulatedServer("<think>Hm. No. Yes.</think>\n\nYes.") as server:
        assert complete(server).text == "Yes."


def test_thinking_is_outside_the_cap_and_inside_the_limit() -> None:
    thinking = Profile(window=8192, thinking_tokens=1000)
    with SimulatedServer() as server:
        complete(server, profile=thinking)
        complete(server, profile=thinking, max_output=700)
        complete(server, max_output=50)
    assert [chat["max_tokens"] for chat in server.chats] == [1064, 700, 50]


def test_a_model_without_system_role() -> None:
    refused = Canned({"error": {"message": "System role not supported", "type": "BadRequestError"}}, status=400)
    with SimulatedServer(faults=[refused]) as server:

        async def twice(model: LiteLLMModel) -> None:
            await model.complete(request())
            await model.complete(request())

        run(twice, server.base_url)
        complete(server, system=False)
    merged = [{"role": "user", "content": f"Be brief.\n\n{DOCUMENT}"}]
    assert [chat["messages"] == merged for chat in server.chats] == [False, True, True, True]


def test_texts_that_cannot_be_encoded() -> None:
    with SimulatedServer(lambda messages: messages[-1]["content"]) as server:
        assert complete(server, request("a\ud800b")).text == "a?b"


def error_body(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        (429, "rate_limit"),
        (500, "overload"),
        (502, "overload"),
        (503, "overload"),
        ("overload", "overload"),
        ("truncated", "connection"),
        ("not-json", "reply"),
        ("empty", "reply"),
        (Canned({"choices": []}), "reply"),
        (Canned(error_body("out of memory")), "reply"),
    ],
)
def test_troubles_that_may_pass(fault: Any, trouble: str) -> None:
    with SimulatedServer(faults=[fault] * 5) as server:
        error = fail(server)
    assert isinstance(error, ModelUnavailableError)
    assert error.trouble == trouble
    # One call is one attempt: whoever calls decides about the next.
    assert len(server.chats) == 1


def test_a_connection_that_breaks() -> None:
    with SimulatedServer(faults=["reset"] * 5) as server:
        error = fail(server)
    assert isinstance(error, ModelUnavailableError)
    assert error.trouble == "connection"


def test_how_long_to_wait() -> None:
    with SimulatedServer(faults=["rate-limit"], retry_after=7) as server:
        error = fail(server)
    assert isinstance(error, ModelUnavailableError)
    assert (error.trouble, error.retry_after) == ("rate_limit", 7.0)


def test_nobody_there() -> None:
    with SimulatedServer() as server:
        pass
    error = fail(server)
    assert isinstance(error, ModelUnavailableError)
    assert error.trouble == "connection"
    assert "deepseek could not be reached" in str(error)


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_server_that_takes_for_ever(fault: Any) -> None:
    with SimulatedServer(faults=[fault]) as server:
        started = monotonic()
        error = fail(server, timeout=1.0)
        assert monotonic() - started < 6
    assert isinstance(error, ModelUnavailableError)
    assert error.trouble == "timeout"


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (401, ModelRejectedError, "Check DEEPSEEK_API_KEY, or run `longagent keys set deepseek`."),
        (403, ModelRejectedError, "refused the credentials"),
        (402, ModelRejectedError, "has no credit left"),
        (404, UnknownModelError, "does not serve 'deepseek/sim'"),
        (422, ModelRejectedError, "refused the request: Told to fail."),
        (Canned(error_body("max_tokens is too large"), status=400), ModelRejectedError, ": max_tokens is too large."),
        (Canned(error_body("No.", "content_policy_violation"), status=400), ContentRefusedError, "declined the text"),
        ("refusal", ContentRefusedError, "declined the text"),
        ("too-long", ContextTooLongError, "too long for deepseek/sim"),
        (Canned(error_body("You have no money", "insufficient_quota"), status=429), ModelRejectedError, "no credit"),
    ],
)
def test_refusals(fault: Any, kind: type[LongagentError], words: str) -> None:
    with SimulatedServer(faults=[fault]) as server:
        error = fail(server)
    assert type(error) is kind
    assert words in str(error)


def test_a_window_is_told() -> None:
    with SimulatedServer(window=100) as server:
        error = fail(server, request(max_tokens=500))
    assert isinstance(error, ContextTooLongError)
    assert error.window == 100
    assert "Try --window 100." in str(error)


def test_a_filtered_reply() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}
    with SimulatedServer(faults=[Canned({"choices": [choice]})]) as server:
        assert isinstance(fail(server), ContentRefusedError)


def test_an_error_repeats_neither_document_nor_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for said in (f"Bad input: {DOCUMENT}", f"Bad key {SECRET}", f"<html>{DOCUMENT}</html>", "x" * 5000):
        with SimulatedServer(faults=[Canned(error_body(said), status=400)]) as server:
            fail(server)
    with SimulatedServer(faults=[Canned(DOCUMENT.encode(), status=500), "not-json"]) as server:
        fail(server)
        fail(server)
    assert DOCUMENT not in caplog.text
    assert SECRET not in caplog.text


def test_a_wrong_key() -> None:
    with SimulatedServer(api_key="another") as server:
        assert "refused the credentials" in str(fail(server))


def test_the_openai_key_goes_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    for name in ("deepseek/sim", "hosted_vllm/sim", "custom_openai/sim", "lm_studio/sim", "together_ai/sim"):
        with SimulatedServer() as server:
            complete(server, name=name, api_key=None)
        assert SECRET not in str([received.headers for received in server.requests])


def test_tokens_are_counted_high_and_then_as_reported() -> None:
    text = "Responsibility nevertheless international. " * 200  # four characters are a token there
    with SimulatedServer() as server:

        async def work(model: LiteLLMModel) -> tuple[int, int]:
            before = await model.count_tokens(text)
            await model.complete(request(text))
            return before, await model.count_tokens(text)

        before, after = run(work, server.base_url)
        assert server.chats
    assert before < len(text) / 4 <= after


def test_the_same_name_elsewhere_is_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def identity(**options: Any) -> str:
        return LiteLLMModel(
            name="ollama/llama3", profile=Profile(window=8192), concurrency=1, **options
        ).profile.identity

    monkeypatch.delenv("OLLAMA_API_BASE", raising=False)
    unset = identity()
    monkeypatch.setenv("OLLAMA_API_BASE", "http://me:secret@127.0.0.1:1234")
    told = identity()
    assert told != unset
    assert "http://127.0.0.1:1234" in told
    assert "secret" not in told
    # It may end a reply earlier than the request says.
    assert len({told, identity(max_output=100), identity(max_output=200)}) == 3
    assert identity() == told


def test_a_fixed_limit_is_about_the_provider_not_the_model() -> None:
    async def main() -> None:
        limits: dict[str, Limit] = {}
        models = [
            LiteLLMModel(name=name, profile=Profile(window=8192), api_key=SECRET, concurrency=1, limits=limits)
            for name in ("deepseek/sim", "deepseek/sim", "deepseek/other")
        ]
        assert len(limits) == 1
        await asyncio.gather(*(model.complete(request()) for model in models[:2] for _ in range(3)))

    with SimulatedServer(delay=0.02) as server, addressed("deepseek/sim", server.base_url):
        _runner().run(main())
    assert len(server.chats) == 6
    assert server.peak == 1


def test_a_package_that_is_missing_is_named() -> None:
    """As LiteLLM reports it: Gemini on Vertex as an error of connection, the others there as the server's own."""
    missing = ModuleNotFoundError("No module named 'google'", name="google")
    wrapped = ImportError("Google Cloud SDK not found.")
    wrapped.__context__ = missing
    for cause in (missing, wrapped):
        error = RuntimeError("Vertex_aiException InternalServerError")
        error.__context__ = cause
        told = LiteLLMFailure(error, model="vertex_ai/gemini-2.5-pro", key=None, messages=()).explain()
        assert type(told) is ModelRejectedError
        assert str(told) == (
            "calling vertex_ai takes a Python package that is not installed: google. "
            "Run `pip install google-cloud-aiplatform`."
        )


def test_cancelled_calls_leave_nothing_behind() -> None:
    with SimulatedServer(faults=["hang"] * 8) as server:

        async def work(model: LiteLLMModel) -> None:
            tasks = [asyncio.create_task(model.complete(request())) for _ in range(4)]
            while server.in_flight < 4:
                await asyncio.sleep(0.01)
            started = monotonic()
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(error, asyncio.CancelledError) for error in done)
            assert monotonic() - started < 1

        run(work, server.base_url, concurrency=4)


def opened(model: str, **options: Any) -> Any:
    return asyncio.run(open_model(model, data_dir=Path("unused"), emit=print, **options))


def test_unknown_providers_lead_to_known_ones() -> None:
    with pytest.raises(UsageError, match="Did you mean 'anthropic/x'"):
        opened("antropic/x")
    with pytest.raises(UsageError, match="--base-url URL -m 'openai/Qwen/Qwen2.5-7B'"):
        opened("Qwen/Qwen2.5-7B")


IMPORTED = """
import asyncio, os, sys
import dotenv
outside = []
sys.addaudithook(lambda event, args: outside.append(args) if event in ("socket.connect", "socket.getaddrinfo") else 0)
dotenv.load_dotenv = lambda *args, **kwargs: outside.append("dotenv")
before = dict(os.environ)
from longagent.llm.litellm_import import litellm
module = asyncio.run(litellm())
assert module.suppress_debug_info
assert dict(os.environ) == before
assert outside == [], outside
"""


def test_importing_litellm_fetches_nothing_and_leaves_the_environment() -> None:
    kept = {name: value for name, value in os.environ.items() if "LITELLM" not in name}
    done = subprocess.run([sys.executable, "-c", IMPORTED], env=kept, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


LAZY = """
import asyncio, pathlib, sys
import longagent
from longagent.llm.open import open_model
from longagent.testing import SimulatedServer
async def main():
    with SimulatedServer() as server:
        await open_model(None, base_urls=[server.base_url], data_dir=pathlib.Path("unused"), emit=print)
    await open_model("openai/gpt-5", openai_key="k", data_dir=pathlib.Path("unused"), emit=print)
    await open_model("anthropic/claude-sonnet-4-5", data_dir=pathlib.Path("unused"), emit=print)
asyncio.run(main())
assert "litellm" not in sys.modules
"""


def test_litellm_is_imported_by_the_first_call_only() -> None:
    env = os.environ | {"ANTHROPIC_API_KEY": "k"}
    done = subprocess.run([sys.executable, "-c", LAZY], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


SCHEMA = '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}'


def test_what_litellm_says_a_model_takes_is_asked_for() -> None:
    with SimulatedServer("many") as server:
        reply = complete(server, request(schema=SCHEMA, logprobs=2), name="lm_studio/sim")
        # Of this one it knows no schemas, and of none that it knows closed choices.
        complete(server, request(schema=SCHEMA, logprobs=2), name="together_ai/sim")
        complete(server, request(choices=("yes", "no")), name="lm_studio/sim")
        complete(server, request(schema=SCHEMA, logprobs=2), profile=Profile(window=8192, thinking_tokens=9))
    assert json.loads(reply.text) == {"n": 0}
    assert reply.logprobs is not None
    assert reply.logprobs[0].top[0] == ('{"n"', -0.125)
    wished = [
        {"response_format", "logprobs", "top_logprobs", "structured_outputs"} & set(chat) for chat in server.chats
    ]
    assert wished == [{"response_format", "logprobs", "top_logprobs"}, {"logprobs", "top_logprobs"}, set(), set()]


def test_a_form_that_the_provider_refuses_all_the_same_is_not_asked_for_again() -> None:
    async def twice(model: LiteLLMModel) -> list[str]:
        return [(await model.complete(request(logprobs=2))).text for _ in range(2)]

    no = Canned({"error": {"message": "No.", "type": "invalid_request_error"}}, status=400)
    with SimulatedServer(faults=[no]) as server:
        assert run(twice, server.base_url) == ["A reply."] * 2
    assert ["logprobs" in chat for chat in server.chats] == [True, False, False]
