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
    well = f"the {comfortable} tokens this model reads well at a time"
    # A token of prose is four or five code points, of any text hardly twelve: no need to count a much longer one.
    if sum(len(document.text) for document in documents) > 12 * comfortable:
        return Choice("rag", f"the document is far longer than {well}")
    tokens = sum(count_tokens(document.text) for document in documents)
    if tokens <= comfortable:
        return Choice("full-context", f"all {tokens} tokens fit")
    return Choice("rag", f"its {tokens} tokens are more than {well}")
