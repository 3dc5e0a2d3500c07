"""The ways in which a simulated server can fail: one by one, as a seeded mix, or decided by the request."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any, Literal, NamedTuple, TypeAlias, cast, get_args

from longagent.testing.server.protocol import Received, error

FaultKind: TypeAlias = Literal[
    # Without the reply being computed.
    "hang",
    "reset",
    "rate-limit",
    "overload",
    "not-json",
    "empty",
    "too-long",
    "refusal",
    # With it, after the time it takes.
    "truncated",
    "truncated-stream",
    "drip",
    "empty-text",
    "filtered",
]


class Canned(NamedTuple):
    """A response given word for word, whatever was asked."""

    body: Any
    """Bytes are sent as they are, anything else as JSON."""
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Fault: TypeAlias = int | FaultKind | Canned
"""How one call goes wrong. A number is a status with an error body, and else:

- `hang`: no answer, until the client gives up
- `reset`: the connection breaks
- `rate-limit`, `overload`: 429 and 503 with `Retry-After`
- `not-json`, `empty`: bodies of status 200
- `too-long`: 400, as for a prompt that does not fit the window
- `refusal`: 400 from a content filter that minds the prompt
- `filtered`: a reply that a content filter ended midway
- `truncated`: the connection ends in the middle of the body
- `truncated-stream`: a stream ends in good order but midway, without `[DONE]`; where none was asked for, as `truncated`
- `drip`: the body comes byte by byte, 20 a second
- `empty-text`: a reply without text
"""

QUICK: tuple[Fault, ...] = (
    "rate-limit",
    "overload",
    500,
    "reset",
    "truncated",
    "truncated-stream",
    "not-json",
    "empty",
    "empty-text",
)
"""Faults that another attempt may cure, and that a client notices at once: without `hang` and `drip`."""


@dataclass(frozen=True)
class FaultMix:
    """Faults for a share of the calls, mixed by weight.

    What becomes of a call depends on the seed, on what it asks and on how often that was asked before, and not on calls
    that came between: calls made side by side meet the same faults whichever comes first.
    """

    share: float = 0.2
    """Of the calls, from 0 to 1."""
    kinds: Mapping[Fault, float] = field(default_factory=lambda: dict.fromkeys(QUICK, 1.0))
    """Each kind's weight."""
    seed: int = 0

    def at(self, body: Any, time: int) -> Fault | None:
        """Return the fault of a call that comes with this body (plain JSON) for the so manieth time, counted from 0."""
        random = Random(f"{self.seed} {time} {json.dumps(body, sort_keys=True)}")  # noqa: S311 - nothing secret
        if random.random() >= self.share:
            return None
        return random.choices(list(self.kinds), weights=list(self.kinds.values()))[0]

    def each(self) -> Callable[[Received], Fault | None]:
        """Return a function that is told of every call and returns its fault."""
        came: Counter[bytes] = Counter()

        def fault_of(received: Received) -> Fault | None:
            asked = sha256(json.dumps(received.body, sort_keys=True).encode()).digest()
            came[asked] += 1
            return self.at(received.body, came[asked] - 1)

        return fault_of


Faults: TypeAlias = Iterable[Fault | None] | Callable[[Received], Fault | None] | FaultMix
"""One for each chat call in turn, `None` for a call that goes well; a function of the request; or a mix."""


def in_turn(faults: Faults) -> Callable[[Received], Fault | None]:
    """Return a function of the request, whichever way the faults were given."""
    if isinstance(faults, FaultMix):
        return faults.each()
    if callable(faults):
        return faults
    queue = iter(faults)
    return lambda _request: next(queue, None)


def fault_name(fault: Fault) -> str:
    """Return what it is counted as."""
    return "canned" if isinstance(fault, Canned) else str(fault)


def canned(fault: Fault, *, retry_after: float) -> Canned | None:
    """Return the response that is the fault; `None` when the fault is in how a response comes, or in the reply."""
    if isinstance(fault, Canned):
        return fault
    if isinstance(fault, int):
        return Canned(error("Told to fail.", "simulated"), status=fault)
    responses: dict[str, Canned] = {
        "rate-limit": _later(429, "Rate limit reached.", "rate_limit_exceeded", retry_after),
        "overload": overload(retry_after),
        "not-json": Canned(b"<html><body>It works!</body></html>", content_type="text/html"),
        "empty": Canned(b""),
        "too-long": Canned(
            error("This model's maximum context length is 1024 tokens.", "context_length_exceeded"), status=400
        ),
        "refusal": Canned(
            error("The prompt was filtered by the content management policy.", "content_filter"), status=400
        ),
    }
    return responses.get(fault)


def overload(retry_after: float) -> Canned:
    """Return what a server says that has no room, and in how many seconds to come back."""
    return _later(503, "The server is overloaded.", "overloaded", retry_after)


def _later(status: int, message: str, code: str, seconds: float) -> Canned:
    return Canned(error(message, code), status=status, headers=(("Retry-After", f"{seconds:g}"),))


def parse_fault(text: str) -> Fault:
    """Return the fault of that name; digits are a status.

    Raises:
        ValueError: there is no such fault.
    """
    if text.isdigit():
        return int(text)
    if text not in get_args(FaultKind):
        raise ValueError(f"no fault is called {text!r}")
    return cast("Fault", text)
