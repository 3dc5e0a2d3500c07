"""What a server that answered with an error status said, turned into one sentence and a hint."""

import json
import re
from collections.abc import Sequence
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

from longagent.errors import (
    ContentRefusedError,
    ContextTooLongError,
    ModelError,
    ModelRejectedError,
    ModelUnavailableError,
    Trouble,
    UnknownModelError,
)
from longagent.llm.base_url import is_openai
from longagent.llm.model import Message
from longagent.llm.wire import Response

_LISTED = 8
"""Model names shown in a message; OpenAI alone serves more than a hundred."""

_RUN = 24
"""Characters in a row that an error may share with the request by chance."""

_PASSING = frozenset({408, 425, 429})
"""Client errors that another attempt may not meet."""

# In the words of vLLM, OpenAI, llama.cpp, SGLang, TGI, Anthropic and Gemini, and as a code.
_TOO_LONG = re.compile(
    r"context.?(length|size|window)|maximum (context|model length)|prompt is too long|max_model_len"
    r"|max_new_tokens. must be <=|token count .{0,30}exceeds",
    re.IGNORECASE,
)
_WINDOW = re.compile(
    r"(?:(?:context|model) length (?:is |of |\()|available context size \(|must be <= |tokens allowed \(|tokens > )"
    r"(\d{3,8})\b"
)
_FILTERED = re.compile(
    r"content_?filter|content_policy_violation|ResponsibleAIPolicyViolation|content management policy", re.IGNORECASE
)


def refusal(
    response: Response,
    *,
    server: str,
    served: str,
    listed: Sequence[str] = (),
    key: str | None = None,
    messages: Sequence[Message] = (),
) -> ModelError:
    """Return the error that tells what a response of status 300 or more means.

    Args:
        response: untrusted; of its body at most 200 characters are repeated, printable and without the key.
        server: the base URL.
        served: name of the model that was asked for.
        listed: models the server says it serves; looked at for status 404.
        key: the key that was sent.
        messages: what was asked, which is not repeated either.
    """
    status = response.status
    said = error_message(response.body, key=key)
    quoted = quote(said, messages)
    where = f"the model server at {server}"
    if status < 400:
        return ModelRejectedError(f"{where} redirects elsewhere ({status}).", hint="Give its final --base-url.")
    about_request = _about_request(where, response, said, quoted)
    if about_request is not None:
        return about_request
    if status in {401, 403}:
        return _key_refused(where, server, status, key=key)
    if status == 404:
        # Either "no such model" or "no such path".
        lacking = served not in listed if listed else "model" in said.lower()
        return unknown_model(served, server=server, listed=listed) if lacking else _no_such_path(where, quoted)
    if status in _PASSING or status >= 500:
        return _overloaded(where, response, quoted)
    return ModelRejectedError(
        f"{where} refused the request ({_phrase(status)}){quoted}", hint="Check --model and --base-url."
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


def error_codes(body: bytes) -> str:
    """Return the machine-readable parts of an error body, separated by spaces: never to be shown."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    found: list[str] = []
    while isinstance(said, (dict, list)) and said:
        if isinstance(said, list):
            said = said[0]
            continue
        location = said.get("loc")  # FastAPI's, whose last part is the name of a field
        ends = location[-1:] if isinstance(location, list) else []
        values = [said.get(name) for name in ("code", "type", "param")] + ends
        found += [value for value in values if isinstance(value, str)]
        said = next((said[name] for name in ("error", "innererror", "detail") if name in said), None)
    return " ".join(found)


def quote(said: str, messages: Sequence[Message]) -> str:
    """Return what a server said as the end of a sentence of ours; only the full stop if it repeats what was asked.

    Errors are shown, logged and kept; what was asked is the document.
    """
    if not said or _repeats(said, messages):
        return "."
    return f": {said}" if said.endswith((".", "!", "?", "…")) else f": {said}."


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


def _about_request(where: str, response: Response, said: str, quoted: str) -> ModelError | None:
    """Return the error for what a status alone does not tell."""
    status, codes = response.status, error_codes(response.body)
    if status in {400, 403, 422, 451} and _FILTERED.search(f"{codes} {said}"):
        return ContentRefusedError(f"{where} declines this text ({_phrase(status)}){quoted}")
    if status == 429 and "insufficient_quota" in codes:
        hint = "Check the plan and the billing of the key's account."
        return ModelRejectedError(f"{where} says the account's quota is used up{quoted}", hint=hint)
    if status in {400, 413, 422} and _TOO_LONG.search(f"{codes} {said}"):
        found = _WINDOW.search(said)
        window = int(found[1]) if found else None
        hint = f"Try --window {window or 'N, the tokens it was started with'}."
        return ContextTooLongError(f"{where} says the request is too long{quoted}", hint=hint, window=window)
    return None


def _key_refused(where: str, server: str, status: int, *, key: str | None) -> ModelRejectedError:
    # The server's own words are left out: OpenAI's repeat part of the key.
    variable = "OPENAI_API_KEY" if is_openai(server) else "LONGAGENT_API_KEY"
    if key:
        return ModelRejectedError(f"{where} refused the API key ({status}).", hint=f"Check {variable}.")
    return ModelRejectedError(f"{where} wants an API key ({status}).", hint=f"Set {variable}.")


def _no_such_path(where: str, quoted: str) -> ModelRejectedError:
    return ModelRejectedError(
        f"{where} has no chat completions there (404 Not Found){quoted}",
        hint="Check --base-url: it usually ends in /v1.",
    )


def _overloaded(where: str, response: Response, quoted: str) -> ModelUnavailableError:
    status, wait = response.status, response.retry_after
    if status == 429:
        return ModelUnavailableError(
            f"{where} takes no more requests now ({_phrase(status)}){quoted}",
            hint="Try again later, or with a lower --concurrency.",
            trouble="rate_limit",
            retry_after=wait,
        )
    trouble: Trouble = "timeout" if status == 408 else "overload"
    said = f"{where} failed ({_phrase(status)}){quoted}"
    return ModelUnavailableError(said, hint="Look at its log.", trouble=trouble, retry_after=wait)


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _repeats(said: str, messages: Sequence[Message]) -> bool:
    # As it was sent, and as servers quote it: in JSON, or as Python shows a string.
    texts = [message["content"] for message in messages]
    asked = "\n".join(shown for text in texts for shown in (" ".join(text.split()), json.dumps(text), repr(text)))
    return any(said[i : i + _RUN] in asked for i in range(max(1, len(said) - _RUN + 1)))
