"""Text that a model wrote, cut to what there is room for."""

from collections.abc import Awaitable, Callable

_WORD = 40
"""Characters to go back for the end of a word, at most."""


async def fit(text: str, budget: int, count: Callable[[str], Awaitable[int]], *, keep_end: bool) -> str:
    """Return a text, or as much of its beginning or end as fits a budget of tokens, in whole lines or words."""
    whole = text = text.strip()
    while (tokens := await count(text)) > budget and len(text) > 1:
        length = max(1, int(len(text) * budget / tokens * 0.95))
        text = whole[len(whole) - _border(whole[::-1], length) :] if keep_end else whole[: _border(whole, length)]
        text = text.strip()
    return text


def _border(text: str, length: int) -> int:
    """Return where to cut a text to a length: at a line's end, else a word's; between letters where both are far.

    Not all scripts part words, and what a line's end costs may be most of what fits.
    """
    for mark, reach in (("\n", length // 2), (" ", min(_WORD, length // 2))):
        if (found := text.rfind(mark, length - reach, length + 1)) > 0:
            return found
    return length
