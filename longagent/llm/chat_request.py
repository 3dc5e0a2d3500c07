"""The body of a chat completion's request."""

import json
import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from longagent.llm.dialect import Feature
from longagent.llm.model import Message, Request
from longagent.llm.wishes import Engine, wishes

_THINKING = re.compile(r"o\d|gpt-[5-9]")


class Written(NamedTuple):
    """A request as it is sent."""

    body: bytes
    used: tuple[Feature, ...]
    """What of it a server may turn out not to accept."""


def write_request(
    request: Request,
    *,
    served: str,
    openai: bool = False,
    engine: Engine | None = None,
    refused: Collection[Feature] = (),
    thinking: int = 0,
) -> Written:
    """Return a request as JSON.

    Args:
        request: what to ask.
        served: the model's name on the server.
        openai: whether it goes to OpenAI itself, which differs from every server that speaks its protocol.
        engine: what runs the model there, where that is known.
        refused: what the server is known not to accept; at most one of the two names of the cap.
        thinking: tokens the model may use before its reply, on top of the request's cap.
    """
    # OpenAI's newer models refuse the old name of the cap; other servers do not all know the new one.
    new_cap = (openai or "max_tokens" in refused) and "max_completion_tokens" not in refused
    cap: Feature = "max_completion_tokens" if new_cap else "max_tokens"
    fields: dict[Feature, Any] = {cap: request.max_tokens + thinking}
    # OpenAI's thinking models take no temperature but their own.
    if not (openai and _THINKING.match(served)):
        fields["temperature"] = request.temperature
    if request.seed is not None:
        fields["seed"] = request.seed
    if request.stop:
        fields["stop"] = list(request.stop)
    # Held to a form from its first token on, a model could not think; and log-probabilities would be of its thoughts.
    if not thinking:
        fields |= wishes(request, engine=engine, openai=openai)
    if "logprobs" in refused:
        fields.pop("top_logprobs", None)
    used = [name for name in fields if name == cap or name not in refused]
    messages = list(request.messages)
    body = {"model": served, "messages": messages, **{str(name): fields[name] for name in used}}
    if any(message["role"] == "system" for message in messages):
        if "system" in refused:
            body["messages"] = without_system(messages)
        else:
            used.append("system")
    # Text taken from files may hold lone surrogates, which have no encoding: they become question marks.
    return Written(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"), tuple(used))


def without_system(messages: Sequence[Message]) -> list[Message]:
    """Return messages with what the system says at the head of the first from the user."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    if not system:
        return others
    if others and others[0]["role"] == "user":
        system.append(others.pop(0)["content"])
    return [{"role": "user", "content": "\n\n".join(system)}, *others]
