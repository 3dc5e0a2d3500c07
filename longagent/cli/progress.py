"""What a person sees on stderr while a question is answered. Reads events, nothing else."""

import sys
from contextlib import suppress
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from longagent.cli.tally import Tally
from longagent.events import (
    BudgetSpent,
    CallFailed,
    CallFinished,
    CallRetried,
    ChunkFailed,
    Contested,
    CuttingProgress,
    DocumentLoaded,
    Event,
    Instructed,
    ModelStarting,
    PageRecognised,
    Reasoned,
    RunFinished,
    RunResumed,
    RunStarted,
    Stepped,
    WalkPlanned,
    Warned,
    WeightsProgress,
)
from longagent.render.terminal import one_line

if TYPE_CHECKING:
    from rich.status import Status

_LONG_WAIT = 10.0
"""Seconds before another attempt that a person should know the reason of."""
_QUIET_SECONDS = 30.0
"""How long a log shows nothing while a run makes progress."""
_CHUNKS_TOLD = 3
"""Failed chunks that are told one by one; the others are counted."""


class _Console(Console):
    """A console whose reader may go away: what cannot be shown any more must not cost the answer."""

    def on_broken_pipe(self) -> None:
        """Say no more; Rich's own way is to end the program from whatever thread it is in."""
        self.quiet = True


class Progress:
    """A spinner on a terminal, plain lines elsewhere. Called from the run's thread.

    Args:
        level: -1 quiet, 0 normal, 1 and up also documents and calls.
        resuming: the run that is meant to go on, if one is; a warning tells if it is not the one that begins.
        first: what happens before anything is told.
        then: what comes after the documents are read.
    """

    def __init__(
        self,
        level: int,
        *,
        resuming: str | None = None,
        first: str = "Reading the source …",
        then: str = "Waiting for the model …",
    ) -> None:
        self.begun = False
        """Whether a run has begun, so that something of it is kept."""
        self._level = level
        self._resuming = resuming
        self._first = first
        self._then = then
        self._console = _Console(file=sys.stderr, highlight=False)
        self._status: Status | None = None
        self._fetching = False
        self._tally = Tally()
        self._quiet_since = monotonic()
        self._told_to_wait_until = 0.0
        self._lock = Lock()

    def __enter__(self) -> "Progress":
        if self._level >= 0 and self._console.is_terminal:
            self._status = self._console.status(self._first)
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()
            self._status = None

    def __call__(self, event: Event) -> None:
        """Show an event."""
        with self._lock:
            self._tally.count(event)
            self._show(event)
            if self.begun:
                self._show_tally()

    def say(self, line: str, *, style: str = "dim") -> None:
        """Print a line, unless quiet."""
        if self._level < 0:
            return
        self._quiet_since = monotonic()
        with suppress(OSError):  # such as a full disk
            self._console.print(Text(one_line(line), style=style), soft_wrap=not self._console.is_terminal)

    def warn(self, message: str) -> None:
        """Print a warning, unless quiet."""
        self.say(f"warning: {message}", style="yellow")

    def gap(self) -> None:
        """Leave a line free between what stands on stderr and the answer, for people who see both on one screen."""
        if self._level >= 0 and self._console.is_terminal:
            self._console.print()

    def _show_wait(self, event: CuttingProgress | PageRecognised | WeightsProgress | ModelStarting) -> None:
        match event:
            case CuttingProgress():
                self._spin(f"Cutting into chunks: {event.done / max(1, event.total):.0%} …")
            case PageRecognised():
                self._show_ocr(event)
            case WeightsProgress():
                self._show_fetch(event)
            case ModelStarting():
                self._spin(f"Starting {event.model} …")

    def _show(self, event: Event) -> None:
        match event:
            case DocumentLoaded():
                self._show_loaded(event)
            case CuttingProgress() | PageRecognised() | WeightsProgress() | ModelStarting():
                self._show_wait(event)
            case RunStarted():
                self._show_start(event)
            case RunResumed() if event.calls:
                self.say(f"resumed: {_counted(event.calls, 'finished call')} not made again")
            case Warned():
                self.warn(event.message)
            case ChunkFailed() if self._level > 0 or self._tally.failed <= _CHUNKS_TOLD:
                self.warn(f"chunk {event.chunk + 1} of {self._tally.chunks} could not be read: {event.reason}")
            case RunFinished() if self._tally.spared:
                spared = ", ".join(f"{count} {_SPARED[source]}" for source, count in self._tally.spared.items())
                self._detail(f"calls not made: {spared}")
            case _:
                self._show_call(event)

    def _show_loaded(self, event: DocumentLoaded) -> None:
        done = f"{event.done} of {event.total}"
        number = f"{done}, " if event.total > 1 else ""
        self._detail(f"read {number}{event.name}: pages {event.pages}, characters {event.characters}")
        self._spin(self._then if event.done == event.total else f"Reading the sources: {done} …")
        if not self._status and monotonic() - self._quiet_since > _QUIET_SECONDS:
            self.say(f"read {done} sources")

    def _show_start(self, event: RunStarted) -> None:
        self.begun = True
        self.say(f"strategy {event.strategy}: {event.reason}")
        if self._resuming not in {None, event.run_id}:
            self.warn(
                f"this is another run than {self._resuming} and begins from the start, as {event.run_id}: a document, "
                "the configuration or longagent has changed since."
            )

    def _show_call(self, event: Event) -> None:
        match event:
            case CallFinished():
                tokens = f"{_known(event.prompt_tokens)} + {_known(event.completion_tokens)} tokens"
                self._detail(f"call {event.call} {event.role}: {tokens}, {event.seconds:.1f} s")
            case CallFailed():
                self._detail(f"call {event.call} {event.role} failed after {event.seconds:.1f} s: {event.reason}")
            case CallRetried():
                self._show_retry(event)
            case Reasoned() | Instructed() | Contested():
                self._show_round(event)
            case WalkPlanned() | Stepped():
                self._show_walk(event)
            case BudgetSpent():
                self._detail(f"answering from what was read: {event.reason}")
            case _:
                pass

    def _show_round(self, event: Reasoned | Instructed | Contested) -> None:
        if isinstance(event, Instructed):
            self._detail(f"round {event.round}, instruction: {event.instruction}")
            return
        if isinstance(event, Contested):
            said = "nothing usable" if event.said is None else event.said or "not found"
            one, other = event.answers
            self._detail(f"round {event.round}, {one!r} or {other!r}, both chunks together: {said}")
            return
        for name in ("reasoning", "summary", "conclusion"):
            if said := getattr(event, name):
                self._detail(f"round {event.round}, {name}: {said}")

    def _show_walk(self, event: WalkPlanned | Stepped) -> None:
        if isinstance(event, WalkPlanned):
            self._detail(f"plan: {event.plan or 'none'}")
            self._detail(f"explorers begin at: {', '.join(event.nodes)}")
            return
        where = f"passage {event.chunk + 1}" if event.chunk is not None else f"{event.at} of {event.node!r}"
        why = f" - {event.rationale}" if event.rationale else ""
        self._detail(f"explorer {event.agent + 1}, step {event.step}, at {where}: {event.action}{why}")

    def _show_retry(self, event: CallRetried) -> None:
        wait = f"{event.wait:.0f}" if event.wait >= _LONG_WAIT else f"{event.wait:.1f}"
        line = f"call {event.call} {event.role} is made again in {wait} s: {event.reason}"
        now = monotonic()
        if self._level > 0:
            self.say(line)
        elif event.wait >= _LONG_WAIT and now >= self._told_to_wait_until:
            # Once for all calls in flight, which are mostly told the same.
            self._told_to_wait_until = now + event.wait
            self.say(line)

    def _show_tally(self) -> None:
        line = str(self._tally)
        self._spin(line)
        if not self._status and monotonic() - self._quiet_since > _QUIET_SECONDS:
            self.say(line)

    def _show_fetch(self, event: WeightsProgress) -> None:
        done = f"{event.done // 10**6:,} of {event.total // 10**6:,} MB"
        if not self._fetching:
            self._fetching = True
            begun = f", from {event.done // 10**6:,} MB on" if event.done and event.name else ""
            what = event.name or "the embedded model's weights"
            self.say(f"Fetching {what}, {event.total // 10**6:,} MB{begun or ', once'} …")
        self._spin(f"Fetching {event.name or 'the embedded model'}: {done}")
        if not self._status and monotonic() - self._quiet_since > _QUIET_SECONDS:
            self.say(f"fetched {done}")

    def _show_ocr(self, event: PageRecognised) -> None:
        if event.done == 1 and event.total > 1:
            self.say(f"{event.name}: reading {event.total} pages without text by OCR, which takes seconds a page …")
        self._spin(f"OCR of {event.name}: {event.done} of {event.total} pages")

    def _detail(self, line: str) -> None:
        if self._level > 0:
            self.say(line)

    def _spin(self, text: str) -> None:
        if self._status:
            self._status.update(Text(one_line(text)))


_SPARED = {
    "cache": "from the cache",
    "journal": "from earlier attempts at this run",
    "flight": "made by another question",
}


def _counted(number: int, noun: str) -> str:
    return f"1 {noun} is" if number == 1 else f"{number} {noun}s are"


def _known(tokens: int | None) -> str:
    return "?" if tokens is None else str(tokens)
