"""Storage that fails costs what it would have kept, never the run."""

import logging
import sqlite3
from types import TracebackType

_log = logging.getLogger("longagent")


class Trouble:
    """A context that swallows storage trouble, logs the first, and remembers that there was some.

    `OSError` and `sqlite3.Error` end the block; whatever follows it says what happens then.
    """

    def __init__(self, consequence: str) -> None:
        """Begin without trouble; `consequence` opens the warning, the error's own words end it."""
        self.met = False
        self._consequence = consequence

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        if not isinstance(error, (OSError, sqlite3.Error)):
            return False
        if not self.met:
            _log.warning("%s: %s", self._consequence, error)
        self.met = True
        return True
