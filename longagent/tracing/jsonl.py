"""A file with one line of JSON for each event."""

import json
import logging
import os
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from longagent.answer import Answer
from longagent.errors import UsageError
from longagent.events import Event

_log = logging.getLogger("longagent")


class JsonlTrace:
    """An `Emit` that appends events to a file, which holds what was asked, read and answered; no key.

    A new file is readable by its owner only, as it quotes documents; one that exists is appended to and keeps its mode.
    A line is in the file when the call returns. Lines of several runs, threads and processes do not mix.

    Args:
        path: the folders above it are made.

    Raises:
        UsageError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered, so that a line is one write, which a file opened for appending keeps in one piece.
            self._file = open(path, "ab", buffering=0, opener=_private)  # noqa: SIM115 - Path.open has no opener
        except (OSError, ValueError) as error:
            why = (isinstance(error, OSError) and error.strerror) or str(error)
            raise UsageError(f"The trace {path} cannot be written: {why}.", hint="Choose another file.") from None

    def __call__(self, event: Event) -> None:
        """Append an event. Where the file takes no more, that is logged once, and the run goes on without."""
        line = _line(event)
        with self._lock:
            if self._file.closed:
                return
            try:
                written = self._file.write(line)
                if written != len(line):
                    raise OSError("no space is left for it")
            except OSError as error:
                _log.warning("The trace %s ends here: %s", self._path, error.strerror or error)
                self._shut()

    def close(self, _error: BaseException | None = None) -> None:
        """Close the file; events that come later are dropped. Safe to call twice."""
        with self._lock:
            self._shut()

    def _shut(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            _log.warning("The trace %s may lack its end: %s", self._path, error.strerror or error)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _line(event: Event) -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    record = {"event": type(event).__name__, "time": f"{now}Z"}
    record |= {item.name: getattr(event, item.name) for item in fields(event)}
    text = json.dumps(record, ensure_ascii=False, default=_plain)
    # Half a surrogate pair (from a file name that is not UTF-8) becomes `\udc80`, which JSON understands.
    return f"{text}\n".encode(errors="backslashreplace")


def _plain(value: Any) -> Any:
    return value.to_dict() if isinstance(value, Answer) else str(value)
