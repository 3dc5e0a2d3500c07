"""What a person sees on stderr while a question is answered. Reads events, nothing else."""

import sys
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from longagent.events import (
    CallFinished,
    CallStarted,
    DocumentLoaded,
    Event,
    ModelStarting,
    RunStarted,
    Warned,
    WeightsProgress,
)
from longagent.render.terminal import one_line

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """A spinner on a terminal, plain lines elsewhere. Called from the run's thread.

    Args:
        level: -1 quiet, 0 normal, 1 and up also documents and calls.
    """

    def __init__(self, level: int) -> None:
        self._level = level
        self._console = Console(file=sys.stderr, highlight=False)
        self._status: Status | None = None
        self._fetching = False
        self._lock = Lock()

    def __enter__(self) -> "Progress":
        if self._level >= 0 and self._console.is_terminal:
            self._status = self._console.status("Reading the source …")
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
            self._show(event)

    def say(self, line: str, *, style: str = "dim") -> None:
        """Print a line, unless quiet."""
        if self._level < 0:
            return
        with suppress(OSError):  # progress that cannot be shown must not cost the answer
            self._console.print(Text(one_line(line), style=style), soft_wrap=not self._console.is_terminal)

    def gap(self) -> None:
        """Leave a line free between what stands on stderr and the answer, for people who see both on one screen."""
        if self._level >= 0 and self._console.is_terminal:
            self._console.print()

    def _show(self, event: Event) -> None:
        match event:
            case DocumentLoaded():
                self._detail(f"read {event.name}: pages {event.pages}, characters {event.characters}")
                self._spin("Waiting for the model …")
            case WeightsProgress():
                self._show_fetch(event)
            case ModelStarting():
                self._spin(f"Starting {event.model} …")
            case RunStarted():
                self.say(f"strategy {event.strategy}: {event.reason}")
                self._spin("Choosing what to read …")
            case CallStarted():
                self._spin("The model is reading …")
            case CallFinished():
                tokens = f"{event.prompt_tokens} + {event.completion_tokens} tokens"
                self._detail(f"call {event.role}: {tokens}, {event.seconds:.1f} s")
            case Warned():
                self.say(f"warning: {event.message}", style="yellow")
            case _:
                pass

    def _show_fetch(self, event: WeightsProgress) -> None:
        if not self._fetching:
            self._fetching = True
            self.say(f"Fetching the embedded model's weights, {event.total // 10**6} MB, once …")
        self._spin(f"Fetching the embedded model: {event.done // 10**6} of {event.total // 10**6} MB")

    def _detail(self, line: str) -> None:
        if self._level > 0:
            self.say(line)

    def _spin(self, text: str) -> None:
        if self._status:
            self._status.update(Text(one_line(text)))
