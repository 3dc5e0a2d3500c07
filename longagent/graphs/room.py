"""How a model's window is shared between prompt, document and reply."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from longagent.documents import Span
from longagent.errors import WindowTooSmallError

_LEAST_DOCUMENT = 256
_LEAST_REPLY = 64
_USUAL_REPLY = 512
_SMALLEST = _LEAST_DOCUMENT + _LEAST_REPLY


def check_window(window: int) -> None:
    """Refuse a window that cannot hold a useful piece of document, whatever the prompts.

    Raises:
        WindowTooSmallError: it is that small.
    """
    if window < _SMALLEST:
        raise WindowTooSmallError(
            f"A window of {window} tokens is too small to read a document with.", hint="Raise --window; 2048 will do."
        )


class Room(NamedTuple):
    """Tokens left for document and reply in one call."""

    document: int
    reply: int


def share_window(window: int, *, prompt: int, reply: int | None) -> Room:
    """Share a window.

    Args:
        window: tokens of prompt and reply together.
        prompt: tokens of the prompt without document: instructions and question.
        reply: the user's cap of the reply; `None` lets us choose, so that half of the window stays document.

    Raises:
        WindowTooSmallError: no useful piece of document fits.
    """
    # Counts from a foreign tokenizer may be a few percent short.
    free = window - prompt - window // 32
    chosen = reply or min(_USUAL_REPLY, max(_LEAST_REPLY, free - window // 2))
    if free - chosen >= _LEAST_DOCUMENT:
        return Room(free - chosen, chosen)
    if reply and free - _LEAST_REPLY >= _LEAST_DOCUMENT:
        raise WindowTooSmallError(
            f"answer_tokens={reply} leaves no room for the document in a window of {window} tokens.",
            hint=f"Use at most {free - _LEAST_DOCUMENT}.",
        )
    least = (prompt + _LEAST_DOCUMENT + _LEAST_REPLY) * 32 // 31 + 1
    raise WindowTooSmallError(
        f"A window of {window} tokens is too small: instructions and question take {prompt}, "
        f"so at least {least} are needed.",
        hint="Shorten the question, raise --window, or use a model with a larger window.",
    )


async def shorten(span: Span, budget: int, count: Callable[[str], Awaitable[int]]) -> Span:
    """Return the span, cut at its end until it fits a budget of tokens."""
    while (tokens := await count(span.text)) > budget and span.end - span.start > 1:
        length = max(1, int((span.end - span.start) * budget / tokens * 0.95))
        span = span._replace(end=span.start + length)
    return span
