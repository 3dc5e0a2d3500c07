"""The body of a chat completion, read tolerantly: servers differ, and some break in mid-sentence."""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from longagent.errors import ContentRefusedError, ModelUnavailableError
from longagent.llm.logprobs import read_logprobs
from longagent.llm.model import Message, Reply
from longagent.llm.refusals import error_message, plain, quote
from longagent.llm.wire import Response

_THOUGHT = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)
# Some servers' templates open the thought in the prompt, so that the reply only closes it.
_CLOSED_THOUGHT = re.compile(r"(?:(?!<think>).)*?</think>\s*", re.DOTALL)
_OPEN_THOUGHT = re.compile(r"\s*<think>")


def read_reply(
    response: Response, *, server: str, key: str | None, messages: Sequence[Message] = (), logprobs: bool = False
) -> Reply:
    """Return the reply in a response of status 2xx; with log-probabilities only where they were asked for.

    Raises:
        ContentRefusedError: the model's provider declined to answer.
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
        said = quote(error_message(response.body, key=key), messages)
        raise _unusable(server, f"no choices, but this message{said}" if said != "." else "an object without choices")
    choice = choices[0] if isinstance(choices[0], dict) else {}
    message = choice.get("message")
    if not isinstance(message, dict):
        raise _unusable(server, "a choice without a message")
    finish = finish_of(choice.get("finish_reason"))
    content = _text(message.get("content"))
    text = without_thoughts(content, finish=finish)
    _refuse_filtered(message, choice.get("finish_reason"), server=server)
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    # Thoughts are part of what the log-probabilities are of, but no part of the reply.
    thought = text != content or any(message.get(name) for name in ("reasoning_content", "reasoning"))
    return Reply(
        text=text,
        finish=finish,
        prompt_tokens=tokens(usage.get("prompt_tokens")),
        cached_prompt_tokens=_cached(usage, body.get("timings")),
        completion_tokens=tokens(usage.get("completion_tokens")),
        logprobs=read_logprobs(choice.get("logprobs")) if logprobs and not thought else None,
    )


def without_thoughts(text: str, *, finish: str) -> str:
    """Return a reply without the thinking it begins with; empty when it was cut off while still thinking."""
    thought = _THOUGHT.match(text) or _CLOSED_THOUGHT.match(text)
    if thought:
        return text[thought.end() :]
    return "" if finish == "length" and _OPEN_THOUGHT.match(text) else text


def encodable(text: str) -> str:
    """Return a text with question marks for lone surrogates: JSON can carry them, files and terminals cannot."""
    return text.encode("utf-8", "replace").decode()


def _refuse_filtered(message: dict[str, Any], reason: Any, *, server: str) -> None:
    # What it says instead of a reply is left out: models that decline repeat what was asked.
    # What a filter cut off midway is worse than nothing: a running summary would go on without its end.
    if reason == "content_filter" or _text(message.get("refusal")).strip():
        raise ContentRefusedError(f"the model server at {server} declines to answer about this text.")


def _cached(usage: dict[str, Any], timings: Any) -> int | None:
    """Return how many tokens of the prompt were found in the server's cache."""
    details = usage.get("prompt_tokens_details")
    told = tokens(details.get("cached_tokens")) if isinstance(details, dict) else None
    if told is None and isinstance(timings, dict):
        # llama.cpp says it there too, and older ones only there.
        return tokens(timings.get("cache_n"))
    return told


def _text(content: Any) -> str:
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        content = "".join(part for part in parts if isinstance(part, str))
    return encodable(content) if isinstance(content, str) else ""


def finish_of(reason: Any) -> Literal["stop", "length", "other"]:
    """Return why a reply ended, as we say it."""
    # Not every server says why it stopped; a reply that came is taken as complete.
    if reason is None or reason == "stop":
        return "stop"
    return "length" if reason == "length" else "other"


def tokens(value: Any) -> int | None:
    """Return a number of tokens as it was reported; `None` for anything else."""
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
        trouble="reply",
    )
