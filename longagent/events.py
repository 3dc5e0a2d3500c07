"""The vocabulary of a run, listed once. Progress, traces, reports and streaming read only these."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longagent.answer import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; `seq` counts from 1 within one `ask`, `ask_many` or `astream`."""

    seq: int = 0
    run_id: str = ""
    """The question it belongs to; empty for what several questions share, such as reading the documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLoaded(Event):
    """A source was read."""

    name: str
    document_id: str
    pages: int
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsProgress(Event):
    """The embedded model's weights are being fetched (first use only)."""

    done: int
    """Bytes so far."""
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStarting(Event):
    """A model process is starting."""

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """Documents are chunked, the strategy is chosen, reading begins."""

    strategy: str
    reason: str
    """Why this strategy, in a few words."""
    model: str
    chunks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(Event):
    """A model call began."""

    role: str
    """Name of the agent that calls, such as `answer/from_passages`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFinished(Event):
    """A model call ended."""

    role: str
    seconds: float
    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunksRead(Event):
    """A call has read these chunks."""

    chunks: tuple[int, ...]
    """Indices into the run's chunks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """Something the user should know, not grave enough to stop."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The run is over; the last event."""

    answer: "Answer"


Emit = Callable[[Event], None]
"""Takes an event; must return quickly and never raise."""


class Numbered:
    """An `Emit` that numbers events before passing them on."""

    def __init__(self, emit: Emit | None = None) -> None:
        self._emit = emit
        self._seq = 0

    def __call__(self, event: Event) -> None:
        """Number the event and pass it on."""
        self._seq += 1
        if self._emit:
            self._emit(replace(event, seq=self._seq))
