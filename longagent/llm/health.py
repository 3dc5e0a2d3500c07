"""Whether a server is down, or only some calls are bad."""

from collections.abc import Awaitable, Callable

from longagent.errors import ModelError, ModelUnavailableError, ServerDownError
from longagent.llm.model import Request
from longagent.llm.replies import Replies

_ASK_AFTER = 3
"""Calls in a row that failed for good before the server is asked whether it still answers; then twice as many, and so
on."""


class Health:
    """Takes note of how the calls of a run end, and remembers which of them failed for reasons of their own."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._in_a_row = 0
        self._well = 0
        self._ask_at = _ASK_AFTER
        self._asking = self._down = False
        self._open: list[tuple[int, bytes, str]] = []
        """Failures of which it is not known yet whether the server was to blame, with the calls begun by then."""

    async def failed(
        self, key: bytes, request: Request, error: ModelError, *, begun: int, answers: Callable[[], Awaitable[bool]]
    ) -> None:
        """Take note of a call that failed for good.

        Args:
            key: Of the call.
            request: The call.
            error: How it failed.
            begun: How many calls were begun by now.
            answers: Asks the server something that has nothing to do with the document.

        Raises:
            ServerDownError: many calls in a row failed, and the server does not answer at all.
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
        if self._asking or self._in_a_row < self._ask_at:
            return
        if not self._down and await self._lives(begun, answers):
            return
        for _, suspect, reason in self._open:
            await self._replies.fail(suspect, reason, suspect=True)
        raise ServerDownError(
            f"{self._in_a_row} calls in a row failed, the last because {error.message}",
            hint="What was read is kept: ask the same again to go on from there.",
            trouble=error.trouble,
        ) from error

    async def _lives(self, begun: int, answers: Callable[[], Awaitable[bool]]) -> bool:
        self._asking, well = True, self._well
        try:
            answered = await answers()
        finally:
            self._asking = False
        if answered:
            # What failed failed for reasons of its own, and the run goes on without.
            self._ask_at = max(_ASK_AFTER, 2 * self._in_a_row)
            await self._settle(begun)
            return True
        # The question may have waited in vain behind calls that the server was busy with, and that went well.
        self._down = self._well == well
        return not self._down

    async def went_well(self, call: int) -> None:
        """Take note of a call that went well: the server lives."""
        self._well += 1
        self._in_a_row, self._ask_at, self._down = 0, _ASK_AFTER, False
        # What failed before it began failed for reasons of its own: a resumed run need not try it again. A call that
        # was under way while another failed proves nothing.
        await self._settle(call - 1)

    async def _settle(self, begun: int) -> None:
        """Hold failures against the calls that failed, those that did when no more calls than these were begun."""
        settled = [failure for failure in self._open if failure[0] <= begun]
        self._open = [failure for failure in self._open if failure[0] > begun]
        for _, key, reason in settled:
            await self._replies.fail(key, reason)
