"""How the reply of a round is read: reasoning, then a summary or a conclusion."""

import re
from dataclasses import dataclass

from longagent.agents.lines import read_lines, unlabelled, without_delimiters
from longagent.errors import ReplyError

_LABELS = ("reasoning", "summary", "conclusion", "final answer")
_THOUGHT = re.compile(r"</?think(?:ing)?>", re.IGNORECASE)
# Models that fill in every label they were shown say so where they have nothing to conclude.
_NOT_YET = re.compile(r"\W*(?:there is )?(?:no|not|none|nothing)\b[^.\n]{0,40}\b(?:yet|reached)\W*", re.IGNORECASE)
_NOTHING = re.compile(r"\W*(?:n/?a|none|nothing|pending|not certain)?\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one round."""

    reasoning: str = ""
    """To be shown, and dropped."""
    summary: str = ""
    """To be carried on; empty if there is none."""
    conclusion: str = ""
    """Empty if there is none. Where there is a summary too, who asked knows which of them counts."""


def turn(reply: str) -> Turn:
    """Read a round's reply. What stands before the first label is reasoning, whether or not it is labelled.

    Raises:
        ReplyError: it holds neither summary nor conclusion.
    """
    thought, rest = _without_thought(reply)
    said = read_lines(rest, _LABELS, main="reasoning", needed=False)
    summary, conclusion = said.get("summary", ""), said.get("conclusion") or said.get("final answer", "")
    # "None" may be an answer, but not beside a summary of what is still to be done.
    if _NOT_YET.fullmatch(conclusion) or (summary and _NOTHING.fullmatch(conclusion)):
        conclusion = ""
    if not (summary or conclusion):
        raise ReplyError("it holds neither a line 'Summary:' nor a line 'Conclusion:'.")
    return Turn("\n".join(filter(None, [thought, said.get("reasoning", "")])), summary, conclusion)


def salvaged(reply: str) -> Turn:
    """Take a reply without summary and conclusion for a summary: where it stopped is where to go on."""
    return Turn(summary=words(reply))


def note(reply: str) -> Turn:
    """Take a reply in free words for the summary.

    Raises:
        ReplyError: it says nothing.
    """
    return Turn(summary=unlabelled(reply))


def conclusion(reply: str) -> str:
    """Read the answer of who must conclude, with or without a label.

    Raises:
        ReplyError: it holds no answer.
    """
    _, rest = _without_thought(reply)
    said = read_lines(rest, (*_LABELS, "answer"), main="reasoning", needed=False)
    for label in ("conclusion", "final answer", "answer"):
        if label in said:
            return said[label]
    if said.get("reasoning") != rest.strip():
        raise ReplyError("it holds no line 'Conclusion:'.")
    return unlabelled(rest, ("conclusion", "answer"))


def words(reply: str) -> str:
    """Return what a reply says where its form is broken, without the labels."""
    thought, rest = _without_thought(reply)
    said = read_lines(rest, _LABELS, main="reasoning", needed=False)
    return said.get("reasoning") or said.get("summary") or thought


def _without_thought(reply: str) -> tuple[str, str]:
    """Part a reply at the end of a thinking block, which may hold labels that are only thought about.

    A block that was never closed is none: what it holds may be all there is.
    """
    reply = without_delimiters(reply)
    tags = [tag.group() for tag in _THOUGHT.finditer(reply)]
    *thoughts, rest = (part.strip() for part in _THOUGHT.split(reply))
    if tags and tags[-1].startswith("</"):
        return "\n".join(filter(None, thoughts)), rest
    return "", "\n".join(filter(None, [*thoughts, rest]))
