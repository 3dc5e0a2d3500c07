"""Which beginnings of prompts were computed before, kept as vLLM keeps them: by block, the oldest forgotten."""

from collections import OrderedDict
from collections.abc import Iterator

from longagent.testing.server.protocol import CHARACTERS_PER_TOKEN, tokens

BLOCK_TOKENS = 16
"""Only whole blocks are shared between prompts."""


class PrefixCache:
    """Remembers the blocks of the prompts used last, up to a number of tokens; 0 remembers nothing."""

    def __init__(self, size: int) -> None:
        self._blocks = size // BLOCK_TOKENS
        self._kept: OrderedDict[int, None] = OrderedDict()

    def cached(self, prompt: str) -> int:
        """Return how many of a prompt's tokens, from its start, need not be computed; never all of them."""
        if not self._kept:
            return 0
        found = 0
        for block in _chain(prompt):
            if block not in self._kept:
                break
            found += BLOCK_TOKENS
        # The last token is always computed, for it is what the first of the reply follows from.
        return min(found, (tokens(prompt) - 1) // BLOCK_TOKENS * BLOCK_TOKENS)

    def keep(self, prompt: str) -> None:
        """Remember a prompt that was computed."""
        if not self._blocks:
            return
        # The end first, so that it is also forgotten first: a block is of no use without those before it.
        for block in reversed(list(_chain(prompt))):
            self._kept[block] = None
            self._kept.move_to_end(block)
        while len(self._kept) > self._blocks:
            self._kept.popitem(last=False)


def _chain(prompt: str) -> Iterator[int]:
    """Yield a hash of each whole block together with all blocks before it."""
    size, before = BLOCK_TOKENS * CHARACTERS_PER_TOKEN, 0
    for at in range(0, len(prompt) - size + 1, size):
        before = hash((before, prompt[at : at + size]))
        yield before
