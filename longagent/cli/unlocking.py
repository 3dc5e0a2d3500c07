"""Asks the person at the terminal for the password of a document."""

import sys
from collections.abc import Callable
from getpass import getpass
from typing import TypeVar

from longagent.errors import LockedSourceError
from longagent.render.terminal import one_line

T = TypeVar("T")

_TRIES = 3


def unlocked(work: Callable[[str | None], T]) -> T:
    """Do something that may need a password; where it does and somebody is there, ask for it, unseen, and do it again.

    Args:
        work: takes the password, `None` at first.

    Raises:
        LockedSourceError: nobody is there, or no password is right.
    """
    password = None
    for _ in range(_TRIES):
        try:
            return work(password)
        except LockedSourceError as error:
            if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
                raise
            print(f"longagent: {one_line(f'{error.source}: {error.problem}')}", file=sys.stderr)  # noqa: T201
            password = getpass("Password (empty to give up): ", stream=sys.stderr)
            if not password:
                raise
    return work(password)
