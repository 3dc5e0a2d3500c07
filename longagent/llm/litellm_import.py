"""LiteLLM, imported when a model needs it: it takes three seconds, and would otherwise reach out and look around.

What its import does by itself, measured with 1.106: it downloads a table of prices, and reads every variable of the
nearest `.env` file above its own folder into this process. Both are switched off here. What remains: filters for three
warnings of pydantic, log handlers and filters of its own (nothing is logged below a warning), the logger `httpx` at
WARNING, and, at the first call, TIKTOKEN_CACHE_DIR. The latter is taken back.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from threading import Lock
from typing import Any

_SWITCHES = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # Else a stranger's folder with an `.env` in it would choose keys and addresses.
    "LITELLM_MODE": "PRODUCTION",
}
_SET_BY_ITSELF = ("TIKTOKEN_CACHE_DIR",)
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")

_lock = Lock()
_ours: ContextVar[bool] = ContextVar("longagent_litellm_call", default=False)


async def litellm() -> Any:
    """Return the module `litellm`; the first time, after importing it in a thread."""
    ready = sys.modules.get("litellm")
    if ready is not None and getattr(ready, "_longagent_ready", False):
        return ready
    return await asyncio.to_thread(_load)


@contextmanager
def hushed() -> Iterator[None]:
    """Keep what LiteLLM logs about calls made in this block below a warning: it may hold document text and keys."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


def _load() -> Any:
    with _lock:
        # A host that uses LiteLLM itself has imported it its own way, and keeps it.
        with _environment():
            # By name: a type checker would follow an import statement through all of LiteLLM.
            module: Any = import_module("litellm")
            import_module("litellm.litellm_core_utils.default_encoding")
        # It prints on stdout, where the answer goes.
        module.suppress_debug_info = True
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_only_debug)
        module._longagent_ready = True
        return module


@contextmanager
def _environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (*_SWITCHES, *_SET_BY_ITSELF)}
    os.environ.update(_SWITCHES)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _only_debug(record: logging.LogRecord) -> bool:
    return record.levelno <= logging.DEBUG or not _ours.get()
