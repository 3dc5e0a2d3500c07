"""Which strategy `auto` means, decided before any call, with a reason one can print."""

from collections.abc import Sequence
from typing import NamedTuple

from longagent.documents import Document
from longagent.documents.tokens import count_tokens
from longagent.llm.model import Profile

_COMFORTABLE = 16_000
"""Above this many tokens models read visibly worse than their window promises, and every question costs real money."""


class Choice(NamedTuple):
    """A strategy's name and why."""

    name: str
    reason: str


def choose(documents: Sequence[Document], profile: Profile) -> Choice:
    """Choose by length alone: everything when it fits comfortably, else what a look-up needs."""
    comfortable = min(profile.window // 2, profile.reading_tokens or _COMFORTABLE, _COMFORTABLE)
    # A token is at least one code point in practice, so a far longer text need not be counted.
    if sum(len(document.text) for document in documents) > 12 * comfortable:
        return Choice("rag", f"the document is far longer than the {comfortable} tokens this model reads well at a time")
    tokens = sum(count_tokens(document.text) for document in documents)
    if tokens <= comfortable:
        return Choice("full-context", f"all {tokens} tokens fit")
    return Choice("rag", f"{tokens} tokens are more than the {comfortable} this model reads well at a time")
