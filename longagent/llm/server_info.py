"""What a server tells about itself: the models it serves and their windows."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from longagent.errors import ModelError, ModelUnavailableError
from longagent.llm.client import Client
from longagent.llm.refusals import refusal
from longagent.llm.wire import Response, exchange
from longagent.llm.wishes import Engine

CHECK_SECONDS = 5.0
"""A list of models needs no thinking: a server slower than this is as good as down."""

_OLLAMA_WINDOW = 4096
"""What Ollama gives a model that is not loaded yet, unless told or able otherwise. It cuts silently what is longer."""

# vLLM and SGLang say max_model_len; the others are names that hosted services use.
_WINDOW_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length")

_ENGINES: dict[str, Engine] = {"vllm": "vllm", "llamacpp": "llamacpp"}


class ServedModel(NamedTuple):
    """A model a server lists."""

    id: str
    """Printable, at most 200 characters; others are not listed."""
    window: int | None
    """Tokens of prompt and reply together; `None` when the server does not say."""
    engine: Engine | None = None
    """What runs it; `None` when the server does not say, or when it makes no difference."""


async def served_models(client: Client, server: str, *, key: str | None = None) -> tuple[ServedModel, ...] | None:
    """Return the models a server lists; `None` when it keeps no list, or keeps it from this key.

    Raises:
        ModelUnavailableError: it cannot be reached, fails, or is no model server.
        ModelRejectedError: it wants another key.
    """
    response = await exchange(client, "GET", f"{server}/models", server=server, key=key, timeout=CHECK_SECONDS)
    if response.status in {403, 404, 405, 501}:
        return None
    if not 200 <= response.status < 300:
        raise refusal(response, server=server, served="", key=key)
    entries = _entries(response, server)
    return tuple([await _served(client, server, entry, key=key) for entry in entries if _usable(entry.get("id"))])


async def answers(client: Client, server: str, *, key: str | None = None) -> bool:
    """Return whether a server answers a simple question, whatever it answers."""
    try:
        await exchange(client, "GET", f"{server}/models", server=server, key=key, timeout=CHECK_SECONDS)
    except ModelError:
        return False
    return True


async def is_well(client: Client, server: str, *, key: str | None = None) -> bool:
    """Return whether a server that failed is ready for calls again, as far as it says."""
    root = server.removesuffix("/v1")
    try:
        # vLLM, SGLang and llama.cpp: while the model is loaded, and when its engine is dead, not 200.
        response = await exchange(client, "GET", f"{root}/health", server=server, key=key, timeout=CHECK_SECONDS)
        if 400 <= response.status < 500:
            # Others do not have that.
            response = await exchange(client, "GET", f"{server}/models", server=server, key=key, timeout=CHECK_SECONDS)
    except ModelError:
        return False
    return response.status < 500


async def _served(client: Client, server: str, entry: Mapping[str, Any], *, key: str | None) -> ServedModel:
    window = next((size for name in _WINDOW_KEYS if (size := _size(entry.get(name)))), None)
    if window is None and (entry.get("owned_by") == "llamacpp" or isinstance(entry.get("meta"), dict)):
        window = await _llama_cpp_window(client, server, entry.get("meta"), key=key)
    if window is None and entry.get("owned_by") == "library":
        window = await _ollama_window(client, server, entry["id"], key=key)
    return ServedModel(entry["id"], window, _ENGINES.get(str(entry.get("owned_by"))))


async def _ollama_window(client: Client, server: str, model: str, *, key: str | None) -> int | None:
    """Return the window Ollama has loaded a model with; `None` if this is no Ollama."""
    try:
        url = f"{server.removesuffix('/v1')}/api/ps"
        response = await exchange(client, "GET", url, server=server, key=key, timeout=CHECK_SECONDS)
        loaded = {each["model"]: each.get("context_length") for each in json.loads(response.body)["models"]}
    except (ModelError, ValueError, RecursionError, KeyError, TypeError):
        return None
    return _size(loaded.get(model)) or _OLLAMA_WINDOW


async def _llama_cpp_window(client: Client, server: str, meta: Any, *, key: str | None) -> int | None:
    """Return the window of one slot; failing that, the length the model was trained for, which is an upper bound."""
    try:
        url = f"{server.removesuffix('/v1')}/props"
        response = await exchange(client, "GET", url, server=server, key=key, timeout=CHECK_SECONDS)
        settings = json.loads(response.body)["default_generation_settings"]
        return _size(settings["n_ctx"])
    except (ModelError, ValueError, RecursionError, KeyError, TypeError):
        return _size(meta.get("n_ctx_train")) if isinstance(meta, dict) else None


def _entries(response: Response, server: str) -> list[dict[str, Any]]:
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        body = None
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        raise ModelUnavailableError(
            f"there is no OpenAI-compatible server at {server}: its list of models cannot be read.",
            hint="Check --base-url.",
        )
    return [entry for entry in data if isinstance(entry, dict)]


def _usable(name: Any) -> bool:
    # A name is shown in the terminal and sent back: nothing unprintable may pass.
    return isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable()


def _size(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None
