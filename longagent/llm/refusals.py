"""What a server that answered with an error status said, turned into one sentence and a hint."""

import json
import re
from collections.abc import Sequence
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

from longagent.errors import ModelError, ModelRejectedError, ModelUnavailableError, UnknownModelError
from longagent.llm.base_url import is_openai
from longagent.llm.wire import Response

_LISTED = 8
"""Model names shown in a message; OpenAI alone serves more than a hundred."""

_PASSING = frozenset({408, 425, 429})
"""Client errors that another attempt may not meet."""

# vLLM and OpenAI: "maximum context length is 4096 tokens"; llama.cpp: "available context size (4096 tokens)".
_TOO_LONG = re.compile(r"context.?(length|size|window)|maximum context|prompt is too long|max_model_len", re.IGNORECASE)
_WINDOW = re.compile(r"(?:maximum context length is |available context size \()(\d{3,8})\b")


def refusal(
    response: Response, *, server: str, served: str, listed: Sequence[str] = (), key: str | None = None
) -> ModelError:
    """Return the error that tells what a response of status 300 or more means.

    Args:
        response: untrusted; of its body at most 200 characters are repeated, printable and without the key.
        server: the base URL.
        served: name of the model that was asked for.
        listed: models the server says it serves; looked at for status 404.
        key: the key that was sent.
    """
    status = response.status
    said = error_message(response.body, key=key)
    where = f"the model server at {server}"
    if status < 400:
        return ModelRejectedError(f"{where} redirects elsewhere ({status}).", hint="Give its final --base-url.")
    if status in {401, 403}:
        return _key_refused(where, server, status, key=key)
    if status == 404:
        return _not_found(where, server, served, listed, said)
    if status in _PASSING or status >= 500:
        return _overloaded(where, status, said)
    if status in {400, 413, 422} and _TOO_LONG.search(said):
        window = _WINDOW.search(said)
        size = window[1] if window else "N, the tokens it was started with"
        return ModelRejectedError(f"{where} says the request is too long: {_ended(said)}", hint=f"Try --window {size}.")
    return ModelRejectedError(
        f"{where} refused the request ({_phrase(status)}){_quoted(said)}", hint="Check --model and --base-url."
    )


def unknown_model(served: str, *, server: str, listed: Sequence[str]) -> UnknownModelError:
    """Return the error for a model the server does not serve, naming close matches or what it does serve."""
    close = get_close_matches(served, listed, n=3, cutoff=0.6)
    if close:
        hint = f"Did you mean {' or '.join(map(repr, close))}?"
    elif listed:
        more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
        hint = f"It serves: {', '.join(listed[:_LISTED])}{more}."
    else:
        hint = "Ask whoever runs it which models it serves."
    return UnknownModelError(f"the model server at {server} does not serve {served!r}.", hint=hint)


def error_message(body: bytes, *, key: str | None) -> str:
    """Return what an error body says, in at most 200 printable characters; empty when it says nothing readable."""
    try:
        said = _find_message(json.loads(body))
    except (ValueError, RecursionError):
        text = body[:4096].decode("utf-8", "replace").strip()
        # A page made for browsers, from a proxy or the wrong port, says nothing that helps.
        said = "" if text.startswith("<") else text
    return plain(said, key=key)


def plain(text: str, *, key: str | None, limit: int = 200) -> str:
    """Return untrusted text on one line, at most `limit` characters, control characters escaped, the key removed."""
    if key:
        text = text.replace(key, "[key]")
    words = " ".join(text[: 4 * limit].split())
    safe = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in words)
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def _find_message(said: Any) -> str:
    """Find the message in the shapes that OpenAI, vLLM, llama.cpp and FastAPI use."""
    while isinstance(said, (dict, list)):
        if isinstance(said, list):
            said = said[0] if said else ""
        else:
            # Only these: FastAPI's entries carry the offending input, that is, the document, beside `msg`.
            inner = (said.get(name) for name in ("error", "message", "detail", "msg"))
            said = next((value for value in inner if value and isinstance(value, (str, dict, list))), "")
    return said if isinstance(said, str) else ""


def _key_refused(where: str, server: str, status: int, *, key: str | None) -> ModelRejectedError:
    # The server's own words are left out: OpenAI's repeat part of the key.
    variable = "OPENAI_API_KEY" if is_openai(server) else "LONGAGENT_API_KEY"
    if key:
        return ModelRejectedError(f"{where} refused the API key ({status}).", hint=f"Check {variable}.")
    return ModelRejectedError(f"{where} wants an API key ({status}).", hint=f"Set {variable}.")


def _not_found(where: str, server: str, served: str, listed: Sequence[str], said: str) -> ModelRejectedError:
    if (listed and served not in listed) or (not listed and "model" in said.lower()):
        return unknown_model(served, server=server, listed=listed)
    return ModelRejectedError(
        f"{where} has no chat completions there (404 Not Found){_quoted(said)}",
        hint="Check --base-url: it usually ends in /v1.",
    )


def _overloaded(where: str, status: int, said: str) -> ModelUnavailableError:
    if status == 429:
        return ModelUnavailableError(
            f"{where} takes no more requests now ({_phrase(status)}){_quoted(said)}",
            hint="Try again later, or with a lower --concurrency.",
        )
    return ModelUnavailableError(f"{where} failed ({_phrase(status)}){_quoted(said)}", hint="Look at its log.")


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _quoted(said: str) -> str:
    return f": {_ended(said)}" if said else "."


def _ended(said: str) -> str:
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."
