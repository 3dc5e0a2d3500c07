"""The body of a chat completion, read tolerantly: servers differ, and some break in mid-sentence."""

import json
import re
from typing import Any, Literal

from longagent.errors import ModelUnavailableError
from longagent.llm.model import Reply
from longagent.llm.refusals import error_message, plain
from longagent.llm.wire import Response

_THOUGHT = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)
_OPEN_THOUGHT = re.compile(r"\s*<think>")


def read_reply(response: Response, *, server: str, key: str | None) -> Reply:
    """Return the reply in a response of status 2xx.

    Raises:
        ModelUnavailableError: the body is not a chat completion. Nothing of it is repeated but a message of the
            server's own, since it may hold text of the document.
    """
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        raise _unusable(server, _description(response, key=key)) from None
    if not isinstance(body, dict):
        raise _unusable(server, "JSON that is not an object")
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        # Some gateways answer 200 and put the failure into the body.
        said = error_message(response.body, key=key)
        raise _unusable(server, f"no choices, but this message: {said}" if said else "an object without choices")
    choice = choices[0] if isinstance(choices[0], dict) else {}
    message = choice.get("message")
    if not isinstance(message, dict):
        raise _unusable(server, "a choice without a message")
    finish = _finish(choice.get("finish_reason"))
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    return Reply(
        text=without_thoughts(_text(message.get("content")), finish=finish),
        finish=finish,
        prompt_tokens=_count(usage.get("prompt_tokens")),
        cached_prompt_tokens=_count(details.get("cached_tokens")) if isinstance(details, dict) else None,
        completion_tokens=_count(usage.get("completion_tokens")),
    )


def without_thoughts(text: str, *, finish: str) -> str:
    """Return a reply without the thinking it begins with; empty when it was cut off while still thinking."""
    thought = _THOUGHT.match(text)
    if thought:
        return text[thought.end() :]
    return "" if finish == "length" and _OPEN_THOUGHT.match(text) else text


def _text(content: Any) -> str:
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        content = "".join(part for part in parts if isinstance(part, str))
    # JSON can carry lone surrogates, and Python strings too; but they could neither be printed nor stored.
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _finish(reason: Any) -> Literal["stop", "length", "other"]:
    # Not every server says why it stopped; a reply that came is taken as complete.
    if reason is None or reason == "stop":
        return "stop"
    return "length" if reason == "length" else "other"


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _description(response: Response, *, key: str | None) -> str:
    if not response.body:
        return "an empty body"
    kind = plain(response.content_type.partition(";")[0], key=key, limit=40) or "unknown type"
    return f"{len(response.body)} bytes of {kind} that are not JSON"


def _unusable(server: str, what: str) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"the model server at {server} sent no usable reply: {what}{'' if what.endswith('.') else '.'}",
        hint="Check --base-url, and that the server speaks OpenAI's chat completions.",
    )
