"""The body of a chat completion's request."""

import json
import re
from typing import Any

from longagent.llm.model import Request

_THINKING = re.compile(r"o\d|gpt-[5-9]")


def write_request(request: Request, *, served: str, openai: bool = False) -> bytes:
    """Return a request as JSON.

    Args:
        request: what to ask.
        served: the model's name on the server.
        openai: whether it goes to OpenAI itself, which differs from every server that speaks its protocol.
    """
    body: dict[str, Any] = {"model": served, "messages": list(request.messages)}
    # OpenAI's newer models refuse the old name of the cap; other servers do not all know the new one.
    body["max_completion_tokens" if openai else "max_tokens"] = request.max_tokens
    # Its thinking models take no temperature but their own.
    if not (openai and _THINKING.match(served)):
        body["temperature"] = request.temperature
    if request.seed is not None:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    # Text taken from files may hold lone surrogates, which have no encoding: they become question marks.
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
