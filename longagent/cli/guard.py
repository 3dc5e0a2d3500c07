"""What every command does with errors: one sentence on stderr and the right exit code."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

from longagent.errors import LongagentError

INTERRUPTED = 130


@contextmanager
def guard(*, verbose: int = 0) -> Iterator[None]:
    """Turn exceptions into a sentence and an exit code; `-vv` shows the traceback too."""
    _prepare_streams()
    _end_cleanly_when_told_to()
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt as interrupt:
        print(" ".join(["Interrupted.", *map(str, interrupt.args)]), file=sys.stderr)  # noqa: T201
        sys.stderr.flush()
        # Not sys.exit: interpreter shutdown would wait for whatever library import or thread was interrupted.
        os._exit(INTERRUPTED)
    except Exception as error:
        if verbose > 1:
            traceback.print_exc()
        raise typer.Exit(_explain(error)) from None


def _explain(error: Exception) -> int:
    """Say what happened and return the exit code."""
    match error:
        case LongagentError():
            _say(str(error))
            return error.exit_code
        case BrokenPipeError():
            # The reader of our output is gone (`| head`): nothing to say, and nothing more to flush.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        case OSError():
            # Documents and servers have errors of their own; this is our output, or a full disk.
            _say(f"cannot go on: {error.strerror or error}.")
        case RuntimeError() if "home directory" in str(error):
            # As pathlib has it.
            _say("a path begins with ~NAME, and no user of that name has a home here.")
            return 2
        case _:
            _say(f"Unexpected {type(error).__name__}: {error} (run again with -vv for the traceback and report it)")
    return 1


def _prepare_streams() -> None:
    if sys.stderr is None:  # closed by the caller: nobody wants to hear us
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    if sys.stdout is None:
        _say("standard output is closed, so the answer has nowhere to go.")
        raise typer.Exit(1)
    # Text stays printable whatever the locale and whatever a document or argument holds.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _end_cleanly_when_told_to() -> None:
    """Take a request to end, or a closed terminal, as Ctrl-C: no download and no half-written file is left behind."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        # Not where we were told to ignore it, as by nohup.
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), interrupt)


def _say(message: str) -> None:
    from longagent.render.terminal import one_line

    with suppress(OSError):
        typer.echo(f"longagent: {one_line(message)}", err=True)
