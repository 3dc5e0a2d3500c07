"""The role that puts passages in order; of no strategy, so every strategy's ranking may ask it."""

import re

from longagent.agents.agent import Agent
from longagent.agents.lines import read_numbers
from longagent.errors import ReplyError

_NONE = re.compile(r"\W*(?:none|no passage|nothing)\b", re.IGNORECASE)


def numbers(text: str) -> tuple[int, ...]:
    """Return the numbers in a reply; none where it says that none helps.

    Raises:
        ReplyError: it says neither.
    """
    found = read_numbers(text)
    if not found and not _NONE.match(text):
        raise ReplyError("it names no passage by its number.")
    return tuple(found)


order: Agent[tuple[int, ...]] = Agent("reranking/order", parse=numbers, fallback=(), role="rerank")
"""Takes `passages` and `question`; returns the numbers of those that help, the best first."""
