"""The simulated server itself, asked by a client that is not ours."""

import asyncio
import gc
import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import httpx
import pytest

from longagent.testing.server import ServerProcess, SimulatedServer, Speed

BODY = {"model": "sim", "messages": [{"role": "user", "content": "Hello you"}]}


def post(server: SimulatedServer, body: Any = None, *, path: str = "/chat/completions", **headers: str) -> Any:
    data = None if path == "/models" else json.dumps(body or BODY).encode()
    request = Request(server.base_url + path, data=data, headers=headers)
    with build_opener(ProxyHandler({})).open(request, timeout=10) as response:
        return json.load(response)


def test_it_speaks_the_protocol() -> None:
    with SimulatedServer(lambda messages: messages[-1]["content"] + "!", model="m", window=100) as server:
        said = post(server, BODY | {"model": "m"})
        listed = post(server, path="/models")
    assert said["choices"][0]["message"] == {"role": "assistant", "content": "Hello you!"}
    assert said["usage"]["total_tokens"] == said["usage"]["prompt_tokens"] + said["usage"]["completion_tokens"] == 6
    assert listed["data"] == [{"id": "m", "object": "model", "owned_by": "longagent", "max_model_len": 100}]
    assert [request.path for request in server.requests] == ["/v1/chat/completions", "/v1/models"]


@pytest.mark.parametrize(
    ("options", "body", "status"),
    [
        ({"api_key": "k"}, BODY, 401),
        ({}, BODY | {"model": "other"}, 404),
        ({"window": 10}, BODY | {"max_tokens": 20}, 400),
        ({"faults": [503]}, BODY, 503),
        ({"reply": lambda messages: 1 / 0}, BODY, 500),
    ],
)
def test_it_refuses_as_real_servers_do(options: dict[str, Any], body: Any, status: int) -> None:
    with SimulatedServer(**options) as server, pytest.raises(HTTPError) as caught:
        post(server, body)
    with caught.value as refused:
        assert refused.status == status
        assert json.load(refused)["error"]["message"]


def test_faults_come_in_turn_and_end() -> None:
    with SimulatedServer(faults=[None, 500]) as server:
        assert post(server)["choices"]
        with pytest.raises(HTTPError) as caught:
            post(server)
        caught.value.close()
        assert post(server)["choices"]


def test_it_stops_at_once_though_calls_hang() -> None:
    def hang() -> None:
        with pytest.raises(OSError, match=r"[Rr]emote|[Cc]onnection|reset"):
            post(server)

    before = threading.active_count()
    with SimulatedServer(faults=["hang"] * 4) as server:
        clients = [threading.Thread(target=hang) for _ in range(4)]
        for client in clients:
            client.start()
        deadline = monotonic() + 5
        while server.in_flight < 4 and monotonic() < deadline:
            pass
        started = monotonic()
    assert monotonic() - started < 1
    for client in clients:
        client.join(timeout=5)
    gc.collect()
    assert threading.active_count() == before
    server.close()


def stream(server: SimulatedServer, **options: Any) -> list[tuple[float, Any]]:
    """Return the events of a streamed call with the seconds after which they came; `None` for the end mark."""
    started, events = monotonic(), []
    body = BODY | {"stream": True} | options
    url = f"{server.base_url}/chat/completions"
    with httpx.stream("POST", url, json=body, timeout=10, trust_env=False) as response:
        for line in response.iter_lines():
            if line:
                data = line.removeprefix("data: ")
                events.append((monotonic() - started, None if data == "[DONE]" else json.loads(data)))
    return events


def together(server: SimulatedServer, calls: int) -> tuple[float, list[int]]:
    """Make calls at once; return how long they took and their statuses."""

    async def main() -> list[int]:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            url = f"{server.base_url}/chat/completions"
            done = await asyncio.gather(*(client.post(url, json=BODY) for _ in range(calls)))
            return [response.status_code for response in done]

    started = monotonic()
    statuses = asyncio.run(main())
    return monotonic() - started, statuses


def test_it_streams() -> None:
    text = "A reply of several events, to be put together again."
    with SimulatedServer(text) as server:
        events = [event for _, event in stream(server)]
        with_usage = [event for _, event in stream(server, stream_options={"include_usage": True})]
        cut = [event for _, event in stream(server, max_tokens=5)]
    assert events[-1] is None
    choices = [event["choices"][0] for event in events[:-1]]
    assert "".join(choice["delta"].get("content", "") for choice in choices) == text
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]
    assert choices[0]["delta"]["role"] == "assistant"
    assert all("usage" not in event for event in events[:-1])
    assert (with_usage[-2]["choices"], with_usage[-2]["usage"]["completion_tokens"]) == ([], 13)
    assert cut[-2]["choices"][0]["finish_reason"] == "length"


def test_it_takes_the_time_it_was_told_to_take() -> None:
    speed = Speed(first_token=0.2, prefill=1000, decode=100)
    body = BODY | {"messages": [{"role": "user", "content": "x" * 400}]}
    # 0.2 s, 100 tokens of prompt at 1000/s, 20 of reply at 100/s.
    with SimulatedServer("y" * 80, speed=speed) as server:
        started = monotonic()
        post(server, body)
        whole = monotonic() - started
        times = [at for at, _ in stream(server, messages=body["messages"])]
    assert 0.5 <= whole < 1.5
    assert 0.3 <= times[0] < times[-1] - 0.1
    assert 0.5 <= times[-1] < 1.5
    assert sum(later - earlier > 0.02 for earlier, later in pairwise(times)) >= 4


def test_only_so_many_calls_are_computed_at_once() -> None:
    with SimulatedServer(speed=Speed(first_token=0.2), slots=2) as server:
        took, statuses = together(server, 6)
    assert statuses == [200] * 6
    assert 0.6 <= took < 1.2
    assert server.peak == 6


def test_a_full_queue_refuses_and_says_when_to_come_back() -> None:
    with SimulatedServer(delay=0.1, slots=2, queue=1, retry_after=3) as server:
        _, statuses = together(server, 6)
        assert sorted(statuses) == [200] * 3 + [503] * 3
        assert (server.counts.finished, server.counts.refused) == (3, 3)
        assert together(server, 3)[1] == [200] * 3


def test_calls_wait_in_the_order_they_came_and_clients_that_leave_free_their_place() -> None:
    order: list[str] = []

    def note(messages: Any) -> str:
        order.append(messages[0]["content"])
        return "Noted."

    async def main(server: SimulatedServer) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            tasks = []
            for name in "abcde":
                body = BODY | {"messages": [{"role": "user", "content": name}]}
                tasks.append(asyncio.ensure_future(client.post(f"{server.base_url}/chat/completions", json=body)))
                while server.counts.calls < len(tasks):
                    await asyncio.sleep(0.001)
            tasks[0].cancel()  # holds the slot
            tasks[2].cancel()  # waits for it
            await asyncio.gather(*tasks, return_exceptions=True)

    with SimulatedServer(note, slots=1, delay=0.1) as server:
        asyncio.run(main(server))
        assert order == ["b", "d", "e"]
        assert (server.abandoned, server.counts.finished, server.in_flight) == (2, 3, 0)


def test_a_shared_beginning_is_computed_once() -> None:
    shared = "The same long passage, again and again. " * 32  # 1280 characters, 320 tokens

    def ask(server: SimulatedServer, question: str) -> int:
        said = post(server, BODY | {"messages": [{"role": "user", "content": shared + question}]})
        return int(said["usage"]["prompt_tokens_details"]["cached_tokens"])

    with SimulatedServer(prefix_cache=1024, speed=Speed(prefill=400)) as server:
        assert ask(server, "Who?") == 0
        started = monotonic()
        assert ask(server, "When?") == 320
        assert monotonic() - started < 0.6
        counts = server.counts
        assert (counts.prefill_tokens, counts.cached_tokens) == (321 + 2, 320)
    with SimulatedServer() as server:
        assert [ask(server, "Who?") for _ in range(2)] == [0, 0]


def test_tokenize_is_there_when_wanted() -> None:
    async def tokenize(server: SimulatedServer, body: Any) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.post(server.base_url.removesuffix("/v1") + "/tokenize", json=body)

    with SimulatedServer(tokenize=True, window=100) as server:
        said = asyncio.run(tokenize(server, {"model": "sim", "prompt": "Hello you"})).json()
        assert (said["count"], said["max_model_len"], len(said["tokens"])) == (3, 100, 3)
        assert asyncio.run(tokenize(server, BODY)).json()["count"] > 3
    with SimulatedServer() as server:
        assert asyncio.run(tokenize(server, {"prompt": "Hello"})).status_code == 404


def test_its_health_needs_no_key() -> None:
    with SimulatedServer(api_key="k") as server:
        url = server.base_url.removesuffix("/v1") + "/health"
        with httpx.Client(trust_env=False) as client:
            assert client.get(url).status_code == 200
            assert client.get(f"{server.base_url}/models").status_code == 401


def test_it_runs_as_a_process_of_its_own() -> None:
    arguments = ("--model", "m", "--first-token", "0.05", "--faults", "1", "--fault", "429", "--retry-after", "7")
    with ServerProcess(*arguments) as server, httpx.Client(trust_env=False) as client:
        refused = client.post(f"{server.base_url}/chat/completions", json=BODY)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "simulated")
        assert client.get(f"{server.base_url}/models").json()["data"][0]["id"] == "m"
        assert (server.counts().calls, server.counts().faults) == (1, {"429": 1})
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait() == 0


def test_a_process_that_cannot_start_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="did not start"), ServerProcess("--fault", "hangs=1"):
        pass
    assert "hangs" in capfd.readouterr().err


def test_many_clients_at_once() -> None:
    with SimulatedServer() as server, ThreadPoolExecutor(16) as pool:
        assert all(said["choices"] for said in pool.map(lambda _: post(server), range(64)))
        assert server.counts.finished == len(server.chats) == 64


def test_it_holds_replies_to_a_form_and_tells_log_probabilities() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}, "required": ["n"]}
    kind = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}

    def said(reply: str, **fields: Any) -> str:
        with SimulatedServer(reply) as server:
            return str(post(server, BODY | fields)["choices"][0]["message"]["content"])

    choices = {"choice": ["red", "blue"]}
    assert said("Rather blue than red.", structured_outputs=choices) == "blue"
    assert said("Green.", structured_outputs=choices) == "red"
    for form in ({"structured_outputs": {"json": schema}}, {"response_format": kind}):
        assert said("Green.", **form) == '{"n": 0}'
        assert said('{"s": "x"}', **form) == '{"n": 0}'
        assert said('{"n": 5, "s": "x"}', **form) == '{"n": 5, "s": "x"}'
    with SimulatedServer("Four words and more.") as server:
        told = post(server, BODY | {"logprobs": True, "top_logprobs": 1, "max_tokens": 2})["choices"][0]
        assert post(server)["choices"][0]["logprobs"] is None
    assert "".join(each["token"] for each in told["logprobs"]["content"]) == told["message"]["content"] == "Four wor"
    assert [each["top_logprobs"][0]["token"] for each in told["logprobs"]["content"]] == ["Four", " wor"]
