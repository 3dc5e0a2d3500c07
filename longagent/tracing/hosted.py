"""LangSmith and Langfuse, through what LangGraph offers them: the steps of a run's graph, with their states.

What they are sent: the question, the reply and what was quoted in it, ids, offsets and numbers of chunks, and where a
strategy has one, its running memory, which is a model's words about the document. The document itself is not in the
state, so it is not sent, and neither are prompts. LiteLLM has callbacks of its own for both services; those would send
every prompt with the text of the document in it, so none is registered. Projects and addresses are read from the
services' own variables (`LANGSMITH_PROJECT`, `LANGSMITH_ENDPOINT`, `LANGFUSE_BASE_URL`, …).
"""

import os
from collections.abc import Collection
from functools import cache
from importlib import import_module
from typing import Any

from longagent.errors import MissingExtraError, UsageError

HOSTED = ("langsmith", "langfuse")

_LANGSMITH_KEYS = ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY", "LANGSMITH_RUNS_ENDPOINTS")
_LANGFUSE_KEYS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")


def callbacks(names: Collection[str]) -> list[Any]:
    """Return the LangChain callback handlers that the named services need.

    LangSmith needs none: LangGraph adds its own wherever `langsmith.tracing_context(enabled=True)` holds.

    Raises:
        UsageError: a service's key is not in the environment.
        MissingExtraError: a service's package is not installed.
    """
    if "langsmith" in names and not any(map(os.environ.get, _LANGSMITH_KEYS)):
        raise UsageError("LangSmith needs an API key.", hint=f"Set {_LANGSMITH_KEYS[0]}.")
    return [_langfuse()] if "langfuse" in names else []


def _langfuse() -> Any:
    try:
        # By name: the package is optional, for type checkers too.
        handlers = import_module("langfuse.langchain")
    except ImportError:
        raise MissingExtraError("Langfuse", "langfuse") from None
    if missing := [name for name in _LANGFUSE_KEYS if not os.environ.get(name)]:
        raise UsageError("Langfuse needs a public and a secret key.", hint=f"Set {' and '.join(missing)}.")
    key = os.environ[_LANGFUSE_KEYS[0]]
    _langfuse_client(key)
    return handlers.CallbackHandler(public_key=key)


@cache
def _langfuse_client(key: str) -> Any:
    """Make Langfuse's client for a public key, unless the program made one before: then Langfuse returns that."""
    # Left to itself, it would make its own provider the one of the whole program.
    provider = import_module("opentelemetry.sdk.trace").TracerProvider()
    return import_module("langfuse").Langfuse(public_key=key, tracer_provider=provider)
