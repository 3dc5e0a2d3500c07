"""Replies held to a form, log-probabilities and cached tokens, over real sockets."""

import asyncio
import json
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from support.openai_backend import ask, complete, connect, fail, run

from longagent.errors import ContextTooLongError, ModelRejectedError
from longagent.llm.model import Profile, Reply
from longagent.llm.open import open_model
from longagent.llm.openai_server import OpenAIServer
from longagent.testing.server import Canned, Received, SimulatedServer

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"kind": {"enum": ["ship", "crane"]}, "count": {"type": "integer"}},
        "required": ["kind", "count"],
        "additionalProperties": False,
    }
)
YES_NO = ("Yes", "No")


def refusing(field: str, said: str = "Extra inputs are not permitted") -> Callable[[Received], Canned | None]:
    """Refuse every request with a field, as strict servers do."""
    answer = {"detail": [{"type": "extra_forbidden", "loc": ["body", field], "msg": said}]}
    return lambda received: Canned(answer, status=422) if field in received.body else None


def test_a_choice_is_kept() -> None:
    with SimulatedServer("I think: No, or rather Yes") as server:
        assert complete(connect(server.base_url, engine="vllm"), ask(choices=YES_NO)).text == "No"
    assert server.chats[0]["structured_outputs"] == {"choice": ["Yes", "No"]}


def test_a_schema_is_kept() -> None:
    with SimulatedServer("It is a ship.") as server:
        reply = complete(connect(server.base_url), ask(schema=SCHEMA))
    assert json.loads(reply.text) == {"kind": "ship", "count": 0}
    fits = '{"count": 3, "kind": "crane"}'
    with SimulatedServer(fits) as server:
        assert complete(connect(server.base_url), ask(schema=SCHEMA)).text == fits


def test_log_probabilities_come_for_every_token() -> None:
    with SimulatedServer("Yes, of course.") as server:
        reply = complete(connect(server.base_url), ask(logprobs=2))
        assert complete(connect(server.base_url), ask()).logprobs is None
    assert reply.logprobs is not None
    assert "".join(each.token for each in reply.logprobs) == reply.text
    assert reply.logprobs[0].top == (("Yes,", -0.125), ("other 1", -1.125))


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("structured_outputs", {"choices": YES_NO}),
        ("response_format", {"schema": SCHEMA}),
        ("logprobs", {"logprobs": 0}),
        ("top_logprobs", {"logprobs": 3}),
    ],
)
def test_what_a_server_does_not_take_is_left_out_from_then_on(field: str, fields: dict[str, Any]) -> None:
    async def twice(model: OpenAIServer) -> list[str]:
        return [(await model.complete(ask(**fields))).text for _ in range(2)]

    with SimulatedServer(faults=refusing(field)) as server:
        assert run(connect(server.base_url), twice) == ["A reply."] * 2
    assert [field in chat for chat in server.chats] == [True, False, False]


def test_a_refusal_that_does_not_name_what_it_minds_costs_one_attempt() -> None:
    async def twice(model: OpenAIServer) -> list[str]:
        return [(await model.complete(ask(choices=YES_NO, logprobs=3))).text for _ in range(2)]

    minds = Canned({"error": {"message": "Cannot be served."}}, status=400)
    with SimulatedServer(faults=lambda got: minds if "structured_outputs" in got.body else None) as server:
        assert run(connect(server.base_url), twice) == ["A reply."] * 2
    assert ["structured_outputs" in chat for chat in server.chats] == [True, False, False]
    assert all("logprobs" not in chat for chat in server.chats[1:])


def test_a_request_refused_either_way_teaches_nothing() -> None:
    async def twice(model: OpenAIServer) -> Reply:
        with pytest.raises(ModelRejectedError):
            await model.complete(ask(choices=YES_NO))
        return await model.complete(ask(choices=YES_NO))

    no = Canned({"error": {"message": "Cannot be served."}}, status=400)
    with SimulatedServer("Yes", faults=[no, no]) as server:
        assert run(connect(server.base_url), twice).text == "Yes"
    assert ["structured_outputs" in chat for chat in server.chats] == [True, False, True]


def test_what_is_too_long_is_not_asked_again_without() -> None:
    with SimulatedServer(faults=repeat("too-long")) as server:
        assert isinstance(fail(connect(server.base_url), ask(choices=YES_NO)), ContextTooLongError)
    assert len(server.chats) == 1


def test_a_model_that_thinks_is_asked_for_no_form() -> None:
    with SimulatedServer("<think>Ships?</think>\n\nYes") as server:
        model = OpenAIServer(
            name="openai/sim",
            served="sim",
            base_urls=[server.base_url],
            profile=Profile(window=8192, thinking_tokens=9),
        )
        assert complete(model, ask(choices=YES_NO, logprobs=1)).text == "Yes"
        # One of which nobody knows that it thinks.
        assert complete(connect(server.base_url), ask(logprobs=1)).logprobs is None
    assert not {"structured_outputs", "logprobs"} & set(server.chats[0])


@pytest.mark.parametrize(
    ("owners", "field"),
    [
        (["vllm"], "structured_outputs"),
        (["llamacpp"], "grammar"),
        (["longagent"], "structured_outputs"),
        (["llamacpp", "vllm"], "structured_outputs"),
    ],
)
def test_the_list_of_models_tells_how_to_ask(owners: list[str], field: str) -> None:
    async def go(urls: list[str]) -> None:
        model = await open_model("openai/sim", base_urls=urls, data_dir=Path("unused"), emit=print)
        try:
            await model.complete(ask(choices=YES_NO))
        finally:
            await model.aclose()

    servers = [SimulatedServer(owned_by=owner) for owner in owners]
    for server in servers:
        server.start()
    try:
        asyncio.run(go([server.base_url for server in servers]))
    finally:
        for server in servers:
            server.close()
    (chat,) = [chat for server in servers for chat in server.chats]
    assert field in chat
    assert len({"grammar", "structured_outputs"} & set(chat)) == 1


def test_a_prefix_that_is_there_is_told() -> None:
    async def twice(model: OpenAIServer) -> list[Reply]:
        text = "The harbour of Vellmar has nine cranes. " * 40
        return [await model.complete(ask(text + question)) for question in ("How many?", "Where?")]

    with SimulatedServer(prefix_cache=10_000) as server:
        first, second = run(connect(server.base_url), twice)
    assert first.cached_prompt_tokens == 0
    assert second.prompt_tokens is not None
    assert second.cached_prompt_tokens is not None
    assert second.cached_prompt_tokens > 0.9 * second.prompt_tokens
