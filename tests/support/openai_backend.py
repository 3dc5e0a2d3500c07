"""The backend for OpenAI-compatible servers, as its tests use it."""

import asyncio
import gc
import socket
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from longagent.errors import LongagentError
from longagent.llm.model import Profile, Reply, Request
from longagent.llm.openai_server import OpenAIServer

SECRET = "sk-test-4711-do-not-show"

T = TypeVar("T")


def connect(*base_urls: str, served: str = "sim", **options: Any) -> OpenAIServer:
    return OpenAIServer(
        name=f"openai/{served}", served=served, base_urls=base_urls, profile=Profile(window=8192), **options
    )


def ask(content: str = "Hello", *, max_tokens: int = 64, **fields: Any) -> Request:
    return Request(messages=({"role": "user", "content": content},), max_tokens=max_tokens, **fields)


def run(model: OpenAIServer, work: Callable[[OpenAIServer], Awaitable[T]]) -> T:
    """Run some work on a model and close it; the collection turns a socket left open into a failure."""

    async def main() -> T:
        try:
            return await work(model)
        finally:
            await model.aclose()

    try:
        return asyncio.run(main())
    finally:
        gc.collect()


def complete(model: OpenAIServer, request: Request | None = None) -> Reply:
    return run(model, lambda opened: opened.complete(request or ask()))


def fail(model: OpenAIServer, request: Request | None = None) -> LongagentError:
    """Return the error of a call, after making sure that it is one line without key or document."""
    with pytest.raises(LongagentError) as caught:
        complete(model, request)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(model)
    assert SECRET not in shown
    assert str(caught.value).isprintable()
    return caught.value


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
