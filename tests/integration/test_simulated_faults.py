"""Every fault of the simulated server can be told from a reply: by a plain client, streaming or not, and by ours."""

import asyncio
import json
from time import monotonic
from typing import Any, get_args

import httpx
import pytest
from support.openai_backend import ask, connect, run

from longagent.errors import ModelError
from longagent.llm.model import Reply
from longagent.testing.server import QUICK, Canned, Fault, FaultMix, SimulatedServer
from longagent.testing.server.faults import FaultKind

TEXT = "The heir is named in the second will, which was found behind the clock in the hall."
KINDS: tuple[Fault, ...] = (*get_args(FaultKind), 401, 429, 500, 503)
ENDLESS = ("hang", "drip")
"""Faults that show only in that the reply does not come: one that drips takes more than ten seconds."""


def patience(fault: Fault) -> float:
    """Return how many seconds to wait for a reply; one that comes at all comes within milliseconds."""
    return 0.3 if fault in ENDLESS else 10


def post(server: SimulatedServer, *, stream: bool = False, seconds: float = 10) -> httpx.Response:
    body: dict[str, Any] = {"model": "sim", "messages": [{"role": "user", "content": "Who?"}], "stream": stream}

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, verify=False) as client, asyncio.timeout(seconds):
            return await client.post(f"{server.base_url}/chat/completions", json=body)

    return asyncio.run(send())


def read(response: httpx.Response) -> str:
    """Return the reply, as a client does that checks what there is to check."""
    response.raise_for_status()
    if "event-stream" not in response.headers["content-type"]:
        choice = response.json()["choices"][0]
        text, finish = choice["message"]["content"], choice["finish_reason"]
    else:
        *events, last, rest = response.text.split("\n\n")
        assert (last, rest) == ("data: [DONE]", "")
        choices = [json.loads(event.removeprefix("data: "))["choices"][0] for event in events]
        text, finish = "".join(choice["delta"].get("content", "") for choice in choices), choices[-1]["finish_reason"]
    assert finish == "stop"
    assert text
    return str(text)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_call_that_goes_well(stream: bool) -> None:
    with SimulatedServer(TEXT) as server:
        assert read(post(server, stream=stream)) == TEXT


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("text", [TEXT, "Short"])
@pytest.mark.parametrize("fault", KINDS, ids=str)
def test_a_fault_shows(fault: Fault, text: str, stream: bool) -> None:
    trouble = (httpx.HTTPError, TimeoutError, ValueError, AssertionError)
    with SimulatedServer(text, faults=[fault]) as server:
        with pytest.raises(trouble):
            read(post(server, stream=stream, seconds=patience(fault)))
        assert read(post(server, stream=stream)) == text
        assert server.counts.faults == {str(fault): 1}
        assert (server.counts.calls, server.counts.finished) == (2, 1)


@pytest.mark.parametrize("fault", KINDS, ids=str)
def test_our_client_sees_it(fault: Fault) -> None:
    async def twice(model: Any) -> list[Reply | ModelError]:
        results = []
        for _ in range(2):
            results += await asyncio.gather(model.complete(ask()), return_exceptions=True)
        return results

    with SimulatedServer(TEXT, faults=[fault]) as server:
        first, second = run(connect(server.base_url, timeout=patience(fault)), twice)
    assert isinstance(first, ModelError) or first.finish != "stop" or not first.text
    assert isinstance(second, Reply)
    assert (second.text, second.finish) == (TEXT, "stop")


@pytest.mark.parametrize(("fault", "status"), [("rate-limit", 429), ("overload", 503)])
def test_it_says_how_long_to_wait(fault: Fault, status: int) -> None:
    with SimulatedServer(faults=[fault], retry_after=2.5) as server:
        refused = post(server)
    assert (refused.status_code, refused.headers["retry-after"]) == (status, "2.5")


@pytest.mark.parametrize(("fault", "code"), [("too-long", "context_length_exceeded"), ("refusal", "content_filter")])
def test_refusals_carry_the_code_that_real_servers_send(fault: Fault, code: str) -> None:
    with SimulatedServer(faults=[fault]) as server:
        refused = post(server)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)


def test_a_streamed_reply_that_is_truncated_breaks_and_one_that_ends_early_does_not() -> None:
    with SimulatedServer(TEXT, faults=["truncated", "truncated-stream"]) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            post(server, stream=True)
        ended = post(server, stream=True)
    assert ended.text.endswith("\n\n")
    assert "[DONE]" not in ended.text
    assert '"finish_reason": "stop"' not in ended.text


def test_a_reply_that_drips_arrives_in_the_end() -> None:
    with SimulatedServer("x", faults=["drip"]) as server:
        url, started = f"{server.base_url}/chat/completions", monotonic()
        body = {"model": "sim", "messages": []}
        # Each byte comes in time for a client that only minds the pauses.
        with httpx.stream("POST", url, json=body, timeout=1, trust_env=False) as response:
            pieces = [len(piece) for piece, _ in zip(response.iter_raw(), range(5), strict=False)]
    assert pieces == [1] * 5
    assert monotonic() - started > 0.25


def test_a_mix_fails_its_share_of_the_calls_and_the_same_ones_again() -> None:
    def outcomes(seed: int) -> list[int]:
        with SimulatedServer(faults=FaultMix(0.3, {429: 1, 500: 2}, seed)) as server:
            found = [post(server).status_code for _ in range(40)]
            assert server.counts.failed == sum(server.counts.faults.values()) == 40 - server.counts.finished
        return found

    first = outcomes(seed=1)
    assert set(first) == {200, 429, 500}
    assert 4 <= 40 - first.count(200) <= 20
    assert outcomes(seed=1) == first
    assert outcomes(seed=2) != first


def test_a_function_of_the_request_decides() -> None:
    def decide(request: Any) -> Fault | None:
        return Canned({"error": "no"}, status=418) if "authorization" not in request.headers else None

    with SimulatedServer(faults=decide) as server:
        assert post(server).status_code == 418
        assert server.counts.faults == {"canned": 1}


def test_the_quick_ones_take_no_time() -> None:
    started = monotonic()
    with SimulatedServer(faults=QUICK) as server:
        for _ in QUICK:
            with pytest.raises((httpx.HTTPError, ValueError, AssertionError)):
                read(post(server, stream=True))
    assert monotonic() - started < 5
