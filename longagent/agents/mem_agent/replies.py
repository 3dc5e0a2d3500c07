"""How MemAgent's replies are read: what a reader decided about the memory, and the answer in a reply that reasons."""

import re
from typing import NamedTuple

from longagent.agents.findings import says_nothing
from longagent.agents.lines import read_choice, read_lines, unlabelled

_MEMORY = r"(?:(?:the|my|your) )?(?:(?:current|old|existing|previous) )?memory"
# Reasons are set off: "No change in rent was agreed." is a memory.
_REASON = r"(?:[:,(–—]| - | because | since | as )(?:(?!,? but )(?:[^\n.;!]|\.(?=\w)|(?<=\b[MD]r)\.|(?<=\bSt)\.))*"
_NO_CHANGE = re.compile(
    r"[\W_]*(?:(?:there (?:is|are|was|were) |i made )?no (?:new |further |memory )?(?:changes?|updates?)"
    rf"(?: (?:to|in|of|for) {_MEMORY})?(?: (?:is|are|was|were))?(?: (?:needed|necessary|required|made))?"
    rf"(?: (?:to|in|of|for) {_MEMORY})?"
    rf"|{_MEMORY} (?:is |was )?(?:(?:stays?|remains?|left|kept) )?(?:the same|unchanged|as (?:it is|it was|before))"
    rf"|(?:keep|leave) {_MEMORY}(?: (?:unchanged|as it is))?|unchanged|nothing (?:new )?to (?:add|change|update))"
    rf"[*_\"'`)\]]*(?:{_REASON})?(?:[.;!][*_\"'`)\]]*|,? but |\s*\n|\s*\Z)",
    re.IGNORECASE,
)
_DECISIONS = {"yes": ("yes", "true"), "no": ("no", "not", "false")}

# "The answer is correct", "the answer is in the memory" name none.
_ANSWER_IS = re.compile(
    r"(?<!\bwhat )\bthe (?:final |correct )?answer is\b"
    r"(?![\s:*]*(?:not|un(?:known|clear|certain|specified)|correct|right|clear|obvious|known|given|stated|found"
    r"|contained|based|supported|in|here|below|above)\b)"
    r"[\s:*]*(?=\w|[^\w\s]+\w)",
    re.IGNORECASE,
)
_BRACE = re.compile(r"[{}]")
_EMPTY_BOX = re.compile(
    r"(?:\b(?:(?:so|thus|hence|therefore),? )?the (?:final |correct )?answer is:? )?"
    r"\$?\\boxed\{\s*\}\$?\.?",
    re.IGNORECASE,
)
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\{([^{}]*)\}")
_ESCAPED = re.compile(r"\{(,)\}|\\([%$])")


class Update(NamedTuple):
    """What a reader decided."""

    memory: str | None
    """The new memory; `None`: it stays as it is."""
    enough: bool | None = False
    """Whether it holds all that is needed; `None` when that cannot be read, and then reading goes on."""
    adds: bool = False
    """Whether it goes after the old memory instead of in its place."""


def update_of(reply: str, *, update_gate: bool, exit_gate: bool, earlier: str = "") -> Update:
    """Read what a reader decided, as far as it was asked to: without gates, its reply is the memory.

    What does not clearly say that the memory stays is a memory. A reply that is nothing but a refusal never takes the
    place of an earlier memory.
    """
    memory, enough = reply, "no"
    if exit_gate:
        said = read_lines(reply, ("memory", "enough"), main="memory", needed=False)
        memory, enough = said.get("memory", ""), said.get("enough", "")
        if not memory:
            # Some write the memory after the decision; with the decision alone there is nothing to replace it with.
            enough, _, memory = enough.partition("\n")
            memory = memory.strip()
    decided = _decision(enough)
    if not memory or (says_nothing(memory) and (update_gate or earlier)):
        return Update(None, decided)
    kept = _NO_CHANGE.match(memory) if update_gate else None
    if kept is None:
        return Update(memory, decided)
    # Mostly nothing follows, but what is new must not be lost.
    while more := _NO_CHANGE.match(memory, kept.end()):
        kept = more
    rest = memory[kept.end() :].strip()
    return Update(None, decided) if says_nothing(rest) else Update(rest, decided, adds=True)


def _decision(text: str) -> bool | None:
    made = read_choice(text, _DECISIONS)
    return None if made is None else made == "yes"


def final_answer(reply: str) -> str:
    r"""Return the answer of a reply: what its last `\boxed{}` holds; else all of it.

    An empty box says nothing.

    Raises:
        ReplyError: nothing was said.
    """
    text = _without_thought(reply)
    return _boxed(text) or _plain(_EMPTY_BOX.sub("", text))


def reasoned_answer(reply: str) -> str:
    r"""Return the answer of a reply that reasons: in its last `\boxed{}`, or after its last "the answer is"; else all.

    So the trained weights end their reasoning.

    Raises:
        ReplyError: nothing was said.
    """
    text = _without_thought(reply)
    if boxed := _boxed(text):
        return boxed
    rest = _EMPTY_BOX.sub("", text)
    ends = list(_ANSWER_IS.finditer(rest))
    if not ends:
        return _plain(rest)
    return _plain(rest[ends[-1].end() :].replace("*", "").strip().removesuffix("."))


def _without_thought(reply: str) -> str:
    return unlabelled(reply.rpartition("</think>")[2].strip() or reply)


def _plain(text: str) -> str:
    """Return a text without what LaTeX puts around words, numbers and signs."""
    return _TEXT.sub(r"\1", _ESCAPED.sub(r"\1\2", text)).strip()


def _boxed(text: str) -> str:
    r"""Return what the last `\boxed{…}` holds whose braces are balanced; empty if none holds anything."""
    opened: list[int] = []
    begin = end = 0
    for brace in _BRACE.finditer(text):
        if brace.group() == "{":
            opened.append(brace.end())
        elif opened and text.endswith("\\boxed{", 0, start := opened.pop()) and brace.start() > start > begin:
            begin, end = start, brace.start()
    return _plain(text[begin:end])
