"""One question to a worker over HTTP on this machine, quickly answered or not at all."""

import json
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple

from longagent.llm.workers.ports import port_of

_SECONDS = 5.0
_MOST_BYTES = 8 * 2**20


class Said(NamedTuple):
    """What came back."""

    status: int
    body: str


def ask(url: str, path: str, *, seconds: float = _SECONDS) -> Said | None:
    """Return what a worker answers at a path beside `/v1`, such as `/health`; `None` if it does not."""
    # The standard library's client: no event loop, and it knows nothing of proxies.
    connection = HTTPConnection("127.0.0.1", port_of(url), timeout=seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Said(response.status, response.read(_MOST_BYTES).decode("utf-8", "replace"))
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def healthy(url: str) -> bool:
    """Whether a worker says that it can serve."""
    said = ask(url, "/health")
    return said is not None and said.status == 200


class Serves(NamedTuple):
    """A model in a worker's list."""

    window: int | None
    """Tokens; `None` when it does not say."""


def serves(url: str, served: str) -> Serves | None:
    """Return what a worker says about the model it should serve; `None` if it does not serve it."""
    said = ask(url, "/v1/models")
    if said is None or said.status != 200:
        return None
    try:
        entries = json.loads(said.body)["data"]
        entry = next(entry for entry in entries if entry["id"] == served)
        window = entry.get("max_model_len")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, StopIteration):
        return None
    return Serves(window if type(window) is int and window > 0 else None)
