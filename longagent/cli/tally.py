"""How far a run has come, in one line."""

from collections import Counter

from longagent.events import (
    BudgetSpent,
    CallFailed,
    CallFinished,
    CallRetried,
    CallSpared,
    CallStarted,
    ChunkFailed,
    ChunksRead,
    Event,
    Reasoned,
    RunResumed,
    RunStarted,
    Stepped,
)


class Tally:
    """Counts what the events of a run tell."""

    def __init__(self) -> None:
        self.chunks = 0
        """Of the source; 0 before the run begins, and where there is none."""
        self.spared: Counter[str] = Counter()
        """Calls that were not made, by where their replies came from."""
        self._read: set[int] = set()
        self._failed: set[int] = set()
        self._made = self._in_flight = self._retries = 0
        self._resumed = False
        """Whether chunks were read before, of which no event tells."""
        self._limit = ""
        self._planned = 0
        self._round = 0
        self._steps = 0

    @property
    def failed(self) -> int:
        """Chunks that could not be read."""
        return len(self._failed)

    def count(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case RunStarted():
                self.chunks = event.chunks
                self._planned = event.calls
            case ChunksRead():
                self._read.update(event.chunks)
            case ChunkFailed():
                self._failed.add(event.chunk)
            case Reasoned():
                self._round = event.round
            case Stepped():
                self._steps += 1
            case RunResumed():
                self._resumed = event.calls > 0
            case BudgetSpent():
                self._limit = event.reason
            case _:
                self._count_call(event)

    def __str__(self) -> str:
        parts = [self._reading()] if self.chunks else [_several(self._round, "round")]
        if self._steps:
            parts.append(f"explored {_several(self._steps, 'step')}")
        cached = self.spared.total()
        if self._made or cached:
            done = self._made + cached
            calls = f"{done} of {self._planned} calls" if self._planned > 1 else _several(done, "call")
            parts.append(calls + (f" ({cached} cached)" if cached else ""))
        if self._in_flight:
            parts.append(f"{self._in_flight} in flight")
        if self._retries:
            parts.append(_several(self._retries, "retry", "retries"))
        if self._limit:
            parts.append(f"answering, since {self._limit.rstrip('.')}")
        return " · ".join(parts)

    def _count_call(self, event: Event) -> None:
        match event:
            case CallStarted():
                self._in_flight += 1
            case CallFinished() | CallFailed():
                self._in_flight -= 1
                self._made += isinstance(event, CallFinished)
            case CallRetried():
                self._retries += 1
            case CallSpared():
                self.spared[event.source] += 1
            case _:
                pass

    def _reading(self) -> str:
        part = f"Read {len(self._read - self._failed)} of {self.chunks} chunks"
        if self._resumed:
            part += " since it was resumed"
        return part + (f", {len(self._failed)} failed" if self._failed else "")


def _several(number: int, one: str, many: str = "") -> str:
    return f"1 {one}" if number == 1 else f"{number} {many or f'{one}s'}"
