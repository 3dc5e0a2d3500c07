"""The few exceptions a user can meet. Each says what happened and what to do about it, and knows its exit code."""

from typing import ClassVar, Literal, TypeAlias

Trouble: TypeAlias = Literal["rate_limit", "overload", "timeout", "connection", "reply"]
"""What kept a server from answering: too many requests, no capacity, silence, no connection, or a broken reply."""


class LongagentError(Exception):
    """Anything that went wrong in a way we understand; `str()` is one line for people."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class UsageError(LongagentError):
    """The call itself is wrong: an unknown name, a bad value, something that is not implemented yet."""

    exit_code = 2


class SourceError(LongagentError):
    """A document cannot be read: missing, encrypted, empty, scanned, broken, or of a format we do not know."""

    exit_code = 2

    def __init__(self, source: str, problem: str, *, hint: str = "") -> None:
        super().__init__(f"{source}: {problem}", hint=hint)
        self.source = source
        self.problem = problem


class LockedSourceError(SourceError):
    """A document is encrypted, and its password is missing or wrong."""


class WindowTooSmallError(UsageError):
    """The model's window cannot hold the prompts, the reply and a useful piece of document."""


class MissingExtraError(UsageError):
    """An optional part is not installed; the hint names the extra."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed.", hint=f'Install it with: pip install "longagent[{extra}]"')


class BudgetReached(LongagentError):  # noqa: N818 - not a failure: strategies wind down on it
    """A limit of the run would be passed; a strategy answers from what it has read."""

    exit_code = 3


class ModelError(LongagentError):
    """A model call failed."""


class ModelUnavailableError(ModelError):
    """The server cannot be reached, is overloaded, hangs, or died: another attempt may go well."""

    def __init__(
        self, message: str, *, hint: str = "", trouble: Trouble = "connection", retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.trouble: Trouble = trouble
        self.retry_after = retry_after
        """Seconds the server asked us to wait."""
        self.elsewhere = False
        """Whether the server is not called any more, and another address of the model works: it is to be tried at once,
        and this was no attempt."""


class ServerDownError(ModelUnavailableError):
    """One call after the other failed: the run stops, and goes on from there when the same is asked again."""


class ModelRejectedError(ModelError):
    """The server refused the call for good: bad key, unknown model, malformed request."""


class ContextTooLongError(ModelRejectedError):
    """The request is longer than the model's window."""

    def __init__(self, message: str, *, hint: str = "", window: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.window = window
        """Tokens, as the server says; `None` when it does not."""


class UnknownModelError(ModelRejectedError):
    """The server does not serve a model of that name; the hint says which it does serve."""

    exit_code = 2


class ContentRefusedError(ModelError):
    """The model's provider declined this text (a content filter): fails one chunk, never a run."""


class ReplyError(ModelError):
    """A reply came and cannot be used: empty, cut off, or not in the form that was asked for."""


class NotCachedError(ModelError):
    """Only remembered replies may be used, and this one is not among them."""
