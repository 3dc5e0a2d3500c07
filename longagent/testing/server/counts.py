"""What a simulated server counts, so that a test can say how many calls were made, and benchmarks how many tokens."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Outcome: TypeAlias = Literal["finished", "failed", "refused", "abandoned"]


@dataclass(slots=True)
class Counts:
    """Chat calls so far. Each that ended is in exactly one of finished, failed, refused and abandoned.

    A call is counted before the last byte of its response is sent, so that whoever has the response finds it counted.
    """

    calls: int = 0
    """That came."""
    finished: int = 0
    """With a whole reply sent."""
    failed: int = 0
    """By a fault, as told, or by an error in the test's own reply function."""
    refused: int = 0
    """As a real server would: too long, unknown model, no room in the queue."""
    abandoned: int = 0
    """The client went away before the reply."""
    peak: int = 0
    """Most that were in flight at once, waiting ones included."""
    prefill_tokens: int = 0
    """Of prompts, computed."""
    cached_tokens: int = 0
    """Of prompts, found in the prefix cache."""
    decode_tokens: int = 0
    """Of replies."""
    faults: dict[str, int] = field(default_factory=dict)
    """By kind."""

    def end(self, outcome: Outcome) -> None:
        """Count a call that ended."""
        setattr(self, outcome, getattr(self, outcome) + 1)

    def fault(self, name: str) -> None:
        """Count a fault that was injected."""
        self.faults[name] = self.faults.get(name, 0) + 1
