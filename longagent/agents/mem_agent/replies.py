"""How MemAgent's replies are read: what a reader decided about the memory, and the answer in a reply that reasons."""

import re
from typing import NamedTuple

from longagent.agents.lines import is_reply, read_choice, read_lines, unlabelled
from longagent.documents.sentences import sentences
from longagent.errors import ReplyError
from longagent.evidence import is_abstention

_NO_CHANGE = (
    "no change",
    "no changes",
    "no update",
    "unchanged",
    "memory unchanged",
    "no change needed",
    "no changes needed",
    "no change to the memory",
    "no changes to the memory",
    "the memory is unchanged",
    "the memory remains unchanged",
)
_DECISIONS = {"yes": ("yes", "true"), "no": ("no", "not", "false")}

_ANSWER_IS = re.compile(r"(?<!\bwhat )\bthe (?:final |correct )?answer is\b[\s:*]*", re.IGNORECASE)
_BRACE = re.compile(r"[{}]")
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\{([^{}]*)\}")


class Update(NamedTuple):
    """What a reader decided."""

    memory: str | None
    """The new memory; `None`: it stays as it is."""
    enough: bool | None = False
    """Whether it holds all that is needed; `None` when that cannot be read, and then reading goes on."""


def update_of(reply: str, *, update_gate: bool, exit_gate: bool) -> Update:
    """Read what a reader decided, as far as it was asked to: without gates, its reply is the memory.

    What does not clearly say that the memory stays is a memory.
    """
    memory, enough = reply, "no"
    if exit_gate:
        try:
            said = read_lines(reply, ("memory", "enough"), main="memory")
        except ReplyError:
            # The decision alone: there is nothing to replace the memory with.
            return Update(None, _decision(reply))
        memory, enough = said["memory"], said.get("enough", "")
    keeps = update_gate and (is_reply(memory, _NO_CHANGE) or _finds_nothing(memory))
    return Update(None if keeps else memory, _decision(enough))


def _decision(text: str) -> bool | None:
    made = read_choice(text, _DECISIONS)
    return None if made is None else made == "yes"


def _finds_nothing(memory: str) -> bool:
    # A memory may well begin with what the text does not say; a refusal is all that is said.
    return is_abstention(memory) and len(sentences(memory)) <= 1


def final_answer(reply: str) -> str:
    r"""Return the answer of a reply: in its last `\boxed{}`, or after its last "the answer is"; else all of it.

    So the trained weights end their reasoning, and some other models.

    Raises:
        ReplyError: nothing was said.
    """
    text = unlabelled(reply.rpartition("</think>")[2].strip() or reply)
    boxed = _boxed(text)
    if boxed:
        return boxed
    ends = list(_ANSWER_IS.finditer(text))
    if not ends or is_abstention(text):
        return text
    return text[ends[-1].end() :].replace("*", "").strip().removesuffix(".") or text


def _boxed(text: str) -> str:
    r"""Return what the last `\boxed{…}` holds whose braces are balanced; empty if there is none."""
    opened: list[int] = []
    begin = end = 0
    for brace in _BRACE.finditer(text):
        if brace.group() == "{":
            opened.append(brace.end())
        elif opened and text.endswith("\\boxed{", 0, start := opened.pop()) and start > begin:
            begin, end = start, brace.start()
    return _TEXT.sub(r"\1", text[begin:end]).strip()
