"""What of a chunk is embedded at once: a few sentences, for a vector of all of it would be about nothing."""

import re
from collections.abc import Iterator

LENGTH = 300
"""Code points, at most. Chosen among 150, 200, 300 and 450 by recall on one half of the questions of
`benchmarks/retrieval.py`; models that read 128 or 256 tokens at once lose nothing either."""

_BORDER = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？؟۔।])|\n+")


def windows(text: str, *, length: int = LENGTH) -> Iterator[str]:
    """Yield the parts of a text, cut between sentences, else between words; none is empty, some may say nothing."""
    start = 0
    while len(text) - start > length:
        cut = _last_border(text, start + length // 3, start + length)
        if text[start:cut].strip():
            yield text[start:cut].strip()
        start = cut
    if rest := text[start:].strip():
        yield rest


def _last_border(text: str, least: int, most: int) -> int:
    borders = [found.end() for found in _BORDER.finditer(text, least, most)]
    return borders[-1] if borders else max(text.rfind(" ", least, most) + 1, 0) or most
