"""How a model's window is shared between prompt, document and reply."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from longagent.agents.agent import Agent
from longagent.documents import Span
from longagent.errors import WindowTooSmallError
from longagent.llm.model import Model, Profile

_LEAST_DOCUMENT = 256
_LEAST_REPLY = 64
_USUAL_REPLY = 512
_SMALLEST = _LEAST_DOCUMENT + _LEAST_REPLY
_LEAST_CHUNK = 128
_STEP = 64
"""Prompts count in steps of so many tokens, so that most questions find the document cut alike."""

_FOREIGN = 1.3
"""How many tokens of another model one of a writer's may be."""

DELIMITERS = 48
"""Tokens of the lines around a passage and around what a model wrote."""


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


def window_of(profile: Profile, most: int | None = None) -> int:
    """Return the tokens that prompt and reply may have together; `most` is the user's own bound."""
    window = profile.window - profile.thinking_tokens
    return window if most is None else min(most, window)


def as_read_by(reader: Model, tokens: int, *, writer: Model) -> int:
    """Return how many tokens a text of so many of its writer's may be to another model, whose tokenizer differs."""
    return tokens if reader.name == writer.name else int(tokens * _FOREIGN) + 1


async def prompt_tokens(role: Agent[Any], model: Model, **values: str) -> int:
    """Return the tokens of a role's prompt with these values, passages and running memory left empty."""
    tokens = await role.overhead(model, **values) + DELIMITERS
    return -(-tokens // _STEP) * _STEP


def chunk_room(name: str, window: int, *, prompt: int, kept: int, kept_for: str, hint: str) -> int:
    """Return the tokens of a window that are left for a chunk.

    Args:
        name: of the strategy.
        window: tokens of prompt and reply together.
        prompt: tokens of instructions and question.
        kept: tokens of what else stands in prompt and reply.
        kept_for: what that is, in words.
        hint: what to do if it is too much.

    Raises:
        WindowTooSmallError: too little is left.
    """
    # Counts from a foreign tokenizer may be a few percent short.
    room = window - prompt - kept - window // 32
    if room < _LEAST_CHUNK:
        raise WindowTooSmallError(
            f"{name}: of a window of {window} tokens, instructions and question take {prompt} and {kept_for} {kept}; "
            f"{max(0, room)} are left for the document.",
            hint=hint,
        )
    return room


async def shorten(span: Span, budget: int, count: Callable[[str], Awaitable[int]]) -> Span:
    """Return the span, cut at its end until it fits a budget of tokens."""
    while (tokens := await count(span.text)) > budget and span.end - span.start > 1:
        length = max(1, int((span.end - span.start) * budget / tokens * 0.95))
        span = span._replace(end=span.start + length)
    return span
