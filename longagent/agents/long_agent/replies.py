"""How replies of leader and members are read."""

import re
from dataclasses import dataclass
from typing import Literal

from longagent.agents.findings import says_nothing
from longagent.agents.lines import read_choice, read_lines, read_numbers, unlabelled, without_delimiters
from longagent.errors import ReplyError
from longagent.evidence import is_abstention

Action = Literal["answer", "instruct", "contest"]

_ACTIONS: dict[str, Action] = {"n": "instruct", "c": "contest", "a": "answer"}
_ALL = ("all", "every", "each", "many", "several", "both")
_ONE = ("one", "single", "any")
_NAMED = re.compile(
    r"[\s*_#>`\"-]*(?:action\W*)?(?P<action>new[_ -]?state|conflict|answer)\b[\s*_`\"]*(?:[:.,;(–-]|\n|\Z)"
    r"\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SPEAKER = re.compile(r"^(?:member|passage|part|chunk|document)\s*#?\d{1,6}\s*(?:\([^)\n]{0,40}\))?\s*[:–-]\s*", re.I)
_NONE = re.compile(r"\W*(?:none|no\b|nothing|0\b|there are no\b)", re.IGNORECASE)
# "Not found. The text is about ships."; what is told after a "but" is a finding.
_NOT_FOUND = re.compile(r"\W*not found\W*[.!;](?!\W*(?:but|however|though|yet|still)\b)", re.IGNORECASE)
_GROUP = re.compile(
    r"^[\s*_#>\[(-]*(?:answers? )?(?:\d{1,3}\s*[,=&]|\d{1,3} and \d)[^\n]*$", re.MULTILINE | re.IGNORECASE
)
# "1, 2; 3, 4" are two groups; in "1 and 3, but not 2" and "1, 3 - both 4 July" the last number belongs to none.
_RUN = re.compile(r"\d{1,6}(?:[\s,&=+#]*(?:(?:and|or|to|through|answers?)\b\s*|[-–]\s*)*#?\d{1,6}\b)*")
_REASON = re.compile(r"\((?![\s\d,&=]+\))[^()\n]{0,200}\)")
"""In brackets stand reasons, in which numbers are years and amounts; numbers alone are a group."""
_SAME = re.compile(r"^[\s*_#>-]*same\b[^:\n]{0,20}:[*_\s]*(.*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Order:
    """What a leader has members do."""

    instruction: str
    """On one line; empty where nothing could be read."""
    parts: Literal["one", "all"] | None = None
    """Whether the answers of all parts are to be put together; `None` where it does not say."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a leader does after a round."""

    action: Action
    answer: str = ""
    """With `answer`; empty where it left that to the last call."""
    order: Order | None = None
    """With `instruct`."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a member found in its part."""

    answer: str
    """On one line; empty where it found nothing."""
    notes: str = ""


NOTHING = Found("")


def order(reply: str) -> Order:
    """Read a leader's instruction; without labels all of it is that.

    Raises:
        ReplyError: there is none.
    """
    said = read_lines(reply, ("instruction", "parts"), main="instruction")
    text = " ".join(said["instruction"].split())
    if is_abstention(text):
        raise ReplyError("it gives no instruction.")
    return Order(text, _parts(said.get("parts", "")))


def decision(reply: str) -> Decision:
    """Read what a leader does. An answer without an action is `ANSWER`, an instruction without one `NEW_STATE`.

    Raises:
        ReplyError: it names no action, or a new instruction without any words.
    """
    said = read_lines(reply, ("action", "answer", "instruction", "parts"), main="action", needed=False)
    action, rest = _action(said.get("action", ""))
    if action is None:
        if "answer" in said and "instruction" in said:
            raise ReplyError("it holds an answer and an instruction, and no action.")
        action = "answer" if "answer" in said else "instruct" if "instruction" in said else None
    if action is None:
        raise ReplyError("it names none of the actions ANSWER, NEW_STATE and CONFLICT.")
    if action == "answer":
        return Decision(action, said.get("answer", rest).strip())
    if action == "contest":
        return Decision(action)
    instruction = " ".join(said.get("instruction", rest).split())
    if is_abstention(instruction):
        raise ReplyError("it holds no instruction.")
    return Decision(action, order=Order(instruction, _parts(said.get("parts", ""))))


def _action(text: str) -> tuple[Action | None, str]:
    """Return the action that a text begins with, and what follows it."""
    if not (named := _NAMED.match(text)):
        return None, ""
    return _ACTIONS[named["action"][0].lower()], named["rest"]


def _parts(text: str) -> Literal["one", "all"] | None:
    chosen = read_choice(text, {"all": _ALL, "one": _ONE})
    return "all" if chosen == "all" else "one" if chosen == "one" else None


def found(reply: str) -> Found:
    """Read what a member found: notes and an answer, or an answer alone. A refusal, in whatever words, is nothing.

    Raises:
        ReplyError: it holds notes, and no answer.
    """
    said = read_lines(reply, ("notes", "answer"), main="answer")
    return _found(said["answer"], " ".join(said.get("notes", "").split()))


def notes_alone(reply: str) -> Found:
    """Take the notes of a member that did not come to its answer for it."""
    return _found(read_lines(reply, ("notes",), main="notes", needed=False).get("notes", ""), "")


def found_brief(reply: str) -> Found:
    """Read a member's reply in free words.

    Raises:
        ReplyError: it holds nothing but a label.
    """
    return _found(unlabelled(reply), "")


def _found(answer: str, notes: str) -> Found:
    # Who speaks is no part of what is said: equal answers of two members must be equal.
    bare = _SPEAKER.sub("", " ".join(answer.split())).strip(" *_`")
    return NOTHING if says_nothing(bare) or _NOT_FOUND.match(bare) else Found(bare, notes)


def same(reply: str) -> tuple[tuple[int, ...], ...]:
    """Read which answers mean the same: groups of their numbers, none where no two do.

    Raises:
        ReplyError: it says neither.
    """
    reply = without_delimiters(reply)
    lines = _SAME.findall(reply) or _GROUP.findall(reply) or ([reply] if _NONE.match(reply) else [])
    if not lines:
        raise ReplyError("it names no numbers of answers, and does not say none.")
    runs = (run for line in lines if not _NONE.match(line) for run in _RUN.findall(_REASON.sub("", line)))
    groups = (tuple(read_numbers(run)) for run in runs)
    return tuple(group for group in groups if len(group) > 1)
