"""What readers of single passages say: what they found there, or nothing."""

from dataclasses import dataclass

from longagent.agents.lines import unlabelled
from longagent.evidence import is_abstention

_BLANK = frozenset({"nothing", "nothing found", "nothing relevant", "nothing useful", "no relevant information"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What a reader found."""

    text: str
    """As it is shown to who goes on with it; empty where nothing was found."""
    confidence: float | None = None
    """From 0 to 5, as the reader says; `None` where it does not."""


NOTHING = Finding("")


def free_finding(reply: str) -> Finding:
    """Read a reply in free words.

    Raises:
        ReplyError: it holds nothing but a label.
    """
    said = unlabelled(reply)
    return NOTHING if says_nothing(said) else Finding(said)


def says_nothing(text: str) -> bool:
    """Whether a reader says that its passage holds nothing, in whatever words."""
    bare = text.strip(" \n\t[](){}*_\"'.!-")
    return is_abstention(bare) or bare.lower() in _BLANK
