"""The vocabulary of a run, listed once. Progress, traces, reports and streaming read only these."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

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
    """A source was read. Several are read at once, so they may come in another order than they were given."""

    name: str
    document_id: str
    pages: int
    characters: int
    done: int
    """Sources that are dealt with, this one and those that cannot be read included."""
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CuttingProgress(Event):
    """Long documents are being cut into chunks; told only where that takes more than a moment."""

    done: int
    """Characters so far."""
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecognised(Event):
    """A page without text of its own was read by OCR, or taken from where it was kept."""

    name: str
    """The document's."""
    done: int
    """Pages so far."""
    total: int
    """Pages of the document that OCR is to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsProgress(Event):
    """The embedded model's weights are being fetched (first use only), or a model file that was asked for."""

    done: int
    """Bytes so far."""
    total: int
    name: str = ""
    """Of the file; empty for the embedded model's."""


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
    calls: int
    """That the strategy is going to make, as estimated; replies that are there already are among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(Event):
    """A model call began; a reply taken from cache or journal begins no call."""

    role: str
    """Name of the agent that calls, such as `answer/from_passages`."""
    model: str
    call: int
    """Counts the calls of one run from 1; its end carries the same number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRetried(Event):
    """An attempt failed in a way that may pass; the next follows after a pause."""

    role: str
    call: int
    kind: str
    """`rate_limit`, `overload`, `timeout`, `connection` or `reply`."""
    reason: str
    """In words, some of which may be the server's."""
    wait: float
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFinished(Event):
    """A model call ended well."""

    role: str
    model: str
    call: int
    seconds: float
    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed(Event):
    """A model call ended without a reply: refused, given up after several attempts, or cancelled."""

    role: str
    model: str
    call: int
    seconds: float
    kind: str
    """As in `CallRetried`, or the error's name, or `cancelled`."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSpared(Event):
    """A reply was there already."""

    role: str
    source: Literal["cache", "journal", "flight"]
    """`flight`: the same call was being made for someone else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed(Event):
    """An interrupted run goes on."""

    calls: int
    """Finished calls that are not made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSpent(Event):
    """A limit was reached; the strategy answers from what was read."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkFailed(Event):
    """A chunk could not be read, for good."""

    chunk: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitWritten(Event):
    """A reader wrote down what goes on to others: its communication unit, a result, an answer of its chunk."""

    path: int
    """Which of several chains, from 0."""
    chunk: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoned(Event):
    """A round of reasoning ended. Its reasoning is dropped; its summary goes on, or its conclusion ends the rounds."""

    round: int
    """Counts from 1; passages that had to be read in parts are one round."""
    chunks: tuple[int, ...]
    """What it had before it, if anything."""
    reasoning: str
    summary: str
    conclusion: str
    """Empty unless it ends the rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructed(Event):
    """Who leads others, which read a chunk each, told them what to answer."""

    round: int
    """Counts from 1."""
    instruction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested(Event):
    """Two answers contradict each other; their chunks were read together to see which of them stands."""

    round: int
    chunks: tuple[int, int]
    """One that gave the first answer, one that gave the second."""
    answers: tuple[str, str]
    said: str | None
    """What the two chunks answer together; empty where they hold no answer, `None` where that could not be told."""
    kept: tuple[str, ...]
    """What is left of the two, or what has taken their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkPlanned(Event):
    """Explorers are about to walk through a graph of the source, each from a node of its own."""

    plan: str
    """Empty where there is none."""
    nodes: tuple[str, ...]
    """Where they begin, in the order of the explorers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped(Event):
    """An explorer looked at something and called a function."""

    agent: int
    """Counts from 0."""
    step: int
    """Of this explorer, from 1."""
    at: Literal["facts", "chunk", "neighbours"]
    node: str
    chunk: int | None
    """What it read in full, if `at` is `chunk`."""
    action: str
    """Such as `read_chunk(3, 7)`; passages count from 1."""
    rationale: str
    notebook: str
    """As it is now."""


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
