"""The simulated server itself, asked by a client that is not ours."""

import gc
import json
import threading
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from longagent.testing.server import SimulatedServer

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
