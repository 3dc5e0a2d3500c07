"""Whether a server is down, or only some calls are bad."""

from longagent.errors import ModelError, ModelUnavailableError, ServerDownError
from longagent.llm.model import Request
from longagent.llm.replies import Replies

_DOWN_AFTER = 3
"""Calls in a row that failed for good before the server is taken to be down."""


class Health:
    """Takes note of how the calls of a run end, and remembers which of them failed for reasons of their own."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._in_a_row = 0
        self._open: list[tuple[int, bytes, str]] = []
        """Failures of which it is not known yet whether the server was to blame, with the calls begun by then."""

    async def failed(self, key: bytes, request: Request, error: ModelError, *, begun: int) -> None:
        """Take note of a call that failed for good, when so many calls were begun.

        Raises:
            ServerDownError: it was one too many.
        """
        # An answer that could not be written is always tried again.
        if not isinstance(error, ModelUnavailableError) or request.final:
            return
        if self._replies.suspected(key):
            # It failed before when the server seemed down, and now again: it is the call.
            await self._replies.fail(key, error.message)
            return
        self._open.append((begun, key, error.message))
        self._in_a_row += 1
        if self._in_a_row < _DOWN_AFTER:
            return
        for _, suspect, reason in self._open:
            await self._replies.fail(suspect, reason, suspect=True)
        raise ServerDownError(
            f"{self._in_a_row} calls in a row failed, the last because {error.message}",
            hint="What was read is kept: ask the same again to go on from there.",
            trouble=error.trouble,
        ) from error

    async def went_well(self, call: int) -> None:
        """Take note of a call that went well: the server lives."""
        self._in_a_row = 0
        # What failed before it began failed for reasons of its own: a resumed run need not try it again. A call that
        # was under way while another failed proves nothing.
        settled = [failure for failure in self._open if failure[0] < call]
        self._open = [failure for failure in self._open if failure[0] >= call]
        for _, key, reason in settled:
            await self._replies.fail(key, reason)
