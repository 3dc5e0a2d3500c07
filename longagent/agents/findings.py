"""What readers of single passages say: what they found there, or nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from longagent.agents.lines import unlabelled
from longagent.documents.sentences import sentences
from longagent.evidence import is_abstention

_BLANK = frozenset(
    {"nothing", "nothing found", "nothing found yet", "nothing relevant", "nothing useful", "no relevant information"}
)
_LEADS_IN = re.compile(
    r"(?:i'm |i am )?(?:very )?sorry|unfortunately|therefore|thus|hence|so"
    r"|(?:based on|according to|in) \w+(?: \w+){1,2}"
)
_NOT = r"(?:does|is|was|has)(?:n['’]t| not)\b"
_ASIDE = re.compile(rf", however, (?={_NOT})", re.IGNORECASE)
_CLAUSE = re.compile(
    r";| [-–—]+ |,? (?:but|(?:even )?though|although|whereas|however)\b,?|, while\b"
    rf"|(?:,|,? and) (?=(?:it|(?:the|this|her|his|its|their) \w+) {_NOT})",
    re.IGNORECASE,
)
_IT = re.compile(r"^it (?=(?:does|did)(?:n['’]t| not)\b)", re.IGNORECASE)
_CONCESSION = re.compile(r"(?:although|though|even though|while|whereas)\b,?", re.IGNORECASE)


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
    """Whether a reader says nothing but that its passage holds nothing, in whatever words.

    A fact beside the remark that something else is missing is a finding. So every clause must be a refusal.
    """
    said = [bare for clause in _clauses(text) if (bare := clause.strip(" [](){}*_\"'.!?,:-"))]
    # "…, and it does not say when": who refuses is named in another clause.
    refusals = [_IT.sub("the passage ", bare) for bare in said if not _LEADS_IN.fullmatch(bare.lower())]
    return all(is_abstention(bare) or bare.lower() in _BLANK for bare in refusals) and bool(refusals or not said)


def _clauses(text: str) -> Iterator[str]:
    """Yield the clauses of a text that can be refusals, or facts, by themselves."""
    for line in text.splitlines():
        for start, end in sentences(line):
            sentence = _ASIDE.sub(" ", " ".join(line[start:end].split()))
            if conceded := _CONCESSION.match(sentence):
                yield from re.split(r"[,;]", sentence[conceded.end() :])
            else:
                yield from _CLAUSE.split(sentence)
