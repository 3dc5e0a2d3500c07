"""Parts of a text, cut quickly and hardly ever within a sentence: what is embedded or ranked at once.

Finding every sentence takes several times as long as all else that ranking a long document needs.
"""

import re
from collections.abc import Iterator

LENGTH = 300
"""Code points of what is embedded: a vector of much more is about nothing. Chosen among 150 to 450 by recall on half
the questions of `benchmarks/retrieval.py`; and models that read 128 or 256 tokens at once lose nothing."""

_BORDER = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？؟۔।])|\n+")


def windows(text: str, *, length: int = LENGTH) -> list[str]:
    """Return the parts of a text without the white space around them; none is empty."""
    return [part for start, end in cut(text, length=length) if (part := text[start:end].strip())]


def cut(text: str, *, length: int) -> Iterator[tuple[int, int]]:
    """Yield where the parts of a text begin and end, one after the other, each of at most `length` code points.

    They end with a sentence or line where one ends in their latter two thirds, else with a word if there is one.
    """
    start = 0
    while len(text) - start > length:
        end = _last_border(text, start + length // 3, start + length)
        yield start, end
        start = end
    yield start, len(text)


def _last_border(text: str, least: int, most: int) -> int:
    borders = [found.end() for found in _BORDER.finditer(text, least, most)]
    return borders[-1] if borders else text.rfind(" ", least, most) + 1 or most
