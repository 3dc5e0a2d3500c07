"""What a person sees on stderr while workers start: who is at what, and since when."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.status import Status

_QUIET_SECONDS = 30.0
"""How long a log shows nothing while a start makes no visible progress."""
_NAMED = 2
"""Workers at the same that are named; more are counted."""


class Starting:
    """A spinner on a terminal; elsewhere a line whenever something changes."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        self._quiet = quiet
        self._console = Console(file=sys.stderr, highlight=False)
        self._status: Status | None = None
        self._told: Sequence[tuple[str, str]] = ()
        self._told_at = float("-inf")

    def __enter__(self) -> "Starting":
        if not self._quiet and self._console.is_terminal:
            self._status = self._console.status("Starting vLLM …")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()
            self._status = None

    def __call__(self, open_: Sequence[tuple[str, str]], seconds: float) -> None:
        """Show those that are not ready yet."""
        if self._quiet:
            return
        from rich.markup import escape

        from longagent.render.terminal import one_line

        at = ", ".join(_grouped(open_))
        line = one_line(f"Starting, {seconds:.0f} s · {at}")
        if self._status:
            self._status.update(f"{escape(line)} …")
        elif list(open_) != self._told or seconds - self._told_at > _QUIET_SECONDS:
            self._told, self._told_at = list(open_), seconds
            with suppress(OSError):  # such as a full disk
                self._console.print(escape(line), soft_wrap=True)


def _grouped(open_: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield who is at what, those together that are at the same."""
    by_stage: dict[str, list[str]] = {}
    for name, stage in open_:
        by_stage.setdefault(stage, []).append(name)
    for stage, names in by_stage.items():
        who = ", ".join(names) if len(names) <= _NAMED else f"{len(names)} workers"
        yield f"{who}: {stage}" if stage else who


def say(message: str) -> None:
    """Print a line to stderr, as every command does that is not at work on an answer."""
    from longagent.render.terminal import one_line

    typer.echo(f"longagent: {one_line(message)}", err=True)
