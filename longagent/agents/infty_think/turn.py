"""How the reply of a round is read: reasoning, then a summary or a conclusion."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from longagent.agents.lines import read_lines, unlabelled, without_delimiters
from longagent.errors import ReplyError
from longagent.evidence import is_abstention

_CONCLUSIONS = ("conclusion", "final answer", "answer")
_LABELS = ("reasoning", "summary", *_CONCLUSIONS)
# The first of the summary's own labels, for replies that leave out the label above them.
_PARTS = re.compile(
    r"^[ \t*_#>-]{0,12}(?:\d{1,2}[.)][ \t]*)?[*_]{0,3}(?:established|open|next)[ \t]*[*_]{0,3}[ \t]*(?::|$)",
    re.IGNORECASE | re.MULTILINE,
)
_BOXED = re.compile(r"\\boxed\{((?:[^{}\n]|\{(?:[^{}\n]|\{[^{}\n]*\})*\}){1,500})\}")
_THOUGHT = re.compile(r"</?think(?:ing)?>", re.IGNORECASE)
# Models that fill in every label they were shown say so where they have nothing to conclude.
_NOT_YET = re.compile(r"\W*(?:there is )?(?:no|not|none|nothing)\b[^.\n]{0,40}\b(?:yet|reached)\W*", re.IGNORECASE)
_NOTHING = re.compile(r"\W*(?:n/?a|none|nothing|pending|not certain)?\W*", re.IGNORECASE)
_PUT_OFF = re.compile(
    r"\b(?:no|not|none|nothing|never|cannot|can['’]t|unable|(?:is|are|has|have|do|does)n['’]t)\b"
    r"[^.\n]{0,60}(?<!and )\byet\b"
    r"|\byet (?:to be|un\w+)|\bto be (?:determined|decided|settled|concluded|continued|given)\b|\btbd\b"
    r"|\bnot (?:been )?(?:settled|reached|concluded|decided)\b|\bremains? (?:open|to be)\b"
    r"|\bno (?:\w+ )?(?:conclusion (?:can|could|is|has|at|so)|answer (?:can|could) be)\b"
    r"|\b(?:cannot|can['’]t|can not|unable to) (?:\w+ )?(?:be )?(?:yet )?"
    r"(?:conclude|concluded|decide|decided|determine|determined|drawn|given|reached|settled|answer|answered|tell|say)\b"
    r"|\b(?:in|to|for|until|after) the (?:next|following|later) (?:round|step|part|passage)s?\b"
    r"|\b(?:further|more) (?:\w+ )?(?:is|are) (?:needed|required|necessary)\b",
    re.IGNORECASE,
)
"""What says that the answer is still to come. To miss one costs the answer, to see one too many costs a round."""


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
    if "summary" not in said and (begins := _PARTS.search(rest)):
        rest = f"{rest[: begins.start()]}Summary:\n{rest[begins.start() :]}"
        said = read_lines(rest, _LABELS, main="reasoning", needed=False)
    summary = said.get("summary", "")
    conclusion = _concluded(said) or _boxed(rest, at_end=bool(summary))
    # "None" may be an answer, but not beside a summary of what is still to be done.
    beside = summary and (_NOTHING.fullmatch(conclusion) or _PUT_OFF.search(conclusion[:1000]))
    if beside or _NOT_YET.fullmatch(conclusion):
        conclusion = ""
    if not (summary or conclusion):
        raise ReplyError("it holds neither a line 'Summary:' nor a line 'Conclusion:'.")
    return Turn("\n".join(filter(None, [thought, said.get("reasoning", "")])), summary, conclusion)


def part(reply: str) -> Turn:
    """Read what a round says of one part of a text; the plain word that it holds nothing of use leaves nothing.

    Raises:
        ReplyError: it holds neither summary nor conclusion, nor says so.
    """
    try:
        return turn(reply)
    except ReplyError:
        if is_abstention(unlabelled(_without_thought(reply)[1], ("reasoning",))):
            return Turn(reasoning=reply.strip())
        raise


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
    said = read_lines(rest, _LABELS, main="reasoning", needed=False)
    if concluded := _concluded(said):
        return concluded
    if said.get("reasoning") != rest.strip():
        raise ReplyError("it holds no line 'Conclusion:'.")
    return unlabelled(rest, ("conclusion", "answer"))


def words(reply: str) -> str:
    """Return what a reply says where its form is broken, without the labels."""
    thought, rest = _without_thought(reply)
    said = read_lines(rest, _LABELS, main="reasoning", needed=False)
    return said.get("reasoning") or said.get("summary") or thought


def _concluded(said: Mapping[str, str]) -> str:
    return next((said[label] for label in _CONCLUSIONS if label in said), "")


def _boxed(text: str, *, at_end: bool) -> str:
    """Return what stands in the last box, in which models that were trained on mathematics put their answers.

    Beside a summary a box may hold a step, unless nothing follows it.
    """
    boxes = list(_BOXED.finditer(text))
    if not boxes or (at_end and text[boxes[-1].end() :].strip(" \t\n.*$")):
        return ""
    return boxes[-1][1].strip()


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
