"""What goes over the wire between a client and an OpenAI-compatible server: requests read, bodies written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

CHARACTERS_PER_TOKEN = 4
"""The pretended tokenizer: four characters are a token."""

_PIECE_TOKENS = 4
"""Tokens in one event of a stream."""

_ids = count(1)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as the server got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any
    """Parsed JSON; `None` when there was none."""


class Completion(NamedTuple):
    """A reply, computed."""

    model: str
    text: str
    finish: str
    prompt_tokens: int
    cached_tokens: int
    logprobs: dict[str, Any] | None = None

    @property
    def tokens(self) -> int:
        """Length of the reply in tokens."""
        return tokens(self.text)

    def body(self) -> dict[str, Any]:
        """Return it as the body of an unstreamed call."""
        message = {"role": "assistant", "content": self.text}
        choice = {"index": 0, "message": message, "logprobs": self.logprobs, "finish_reason": self.finish}
        return {
            "id": f"chatcmpl-{next(_ids)}",
            "object": "chat.completion",
            "model": self.model,
            "choices": [choice],
            "usage": self._usage(),
        }

    def events(self, *, usage: bool) -> Iterator[bytes]:
        """Yield it as server-sent events, a few tokens each; then how it ended, its usage if asked, and `[DONE]`."""
        head = {"id": f"chatcmpl-{next(_ids)}", "object": "chat.completion.chunk", "model": self.model}
        size = _PIECE_TOKENS * CHARACTERS_PER_TOKEN
        for at in range(0, max(len(self.text), 1), size):
            delta = {"content": self.text[at : at + size]} if at else {"role": "assistant", "content": self.text[:size]}
            yield _event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        yield _event(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": self.finish}]})
        if usage:
            yield _event(head | {"choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def _usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.tokens,
            "total_tokens": self.prompt_tokens + self.tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        }


def seconds_per_event(decode: float | None) -> float:
    """Return how long one event of a stream takes at so many tokens a second."""
    return _PIECE_TOKENS / decode if decode else 0.0


def tokens(text: str) -> int:
    """Return the length of a text in tokens."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def contents(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the text of each message; its parts joined where it comes in parts."""
    found = (message.get("content") or "" for message in messages)
    return [
        content if isinstance(content, str) else "".join(part.get("text", "") for part in content) for content in found
    ]


def error(message: str, code: str) -> dict[str, Any]:
    """Return an error body."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


def _event(data: Any) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
