"""The few exceptions a user can meet. Each says what happened and what to do about it, and knows its exit code."""

from typing import ClassVar


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


class WindowTooSmallError(UsageError):
    """The model's window cannot hold the prompts, the reply and a useful piece of document."""


class MissingExtraError(UsageError):
    """An optional part is not installed; the hint names the extra."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed.", hint=f'Install it with: pip install "longagent[{extra}]"')


class ModelError(LongagentError):
    """A model call failed."""


class ModelUnavailableError(ModelError):
    """The server cannot be reached, hangs, or died."""


class ModelRejectedError(ModelError):
    """The server refused the call for good: bad key, unknown model, malformed or too long request."""


class UnknownModelError(ModelRejectedError):
    """The server does not serve a model of that name; the hint says which it does serve."""

    exit_code = 2
