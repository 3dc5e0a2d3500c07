"""What explorers reply: a notebook, a rationale, and the call of one function; and which nodes to begin with."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from longagent.agents.findings import says_nothing
from longagent.agents.lines import read_lines, read_numbers, without_delimiters
from longagent.errors import ReplyError

READ_CHUNK = "read_chunk"
STOP_AND_READ_NEIGHBOR = "stop_and_read_neighbor"
SEARCH_MORE = "search_more"
READ_PREVIOUS_CHUNK = "read_previous_chunk"
READ_SUBSEQUENT_CHUNK = "read_subsequent_chunk"
READ_NEIGHBOR_NODE = "read_neighbor_node"
TERMINATION = "termination"

AT_FACTS = (READ_CHUNK, STOP_AND_READ_NEIGHBOR)
AT_CHUNK = (SEARCH_MORE, READ_PREVIOUS_CHUNK, READ_SUBSEQUENT_CHUNK, TERMINATION)
AT_NEIGHBOURS = (READ_NEIGHBOR_NODE, TERMINATION)

_SPELLINGS = {"chunk": "chunks?", "neighbor": "neighbou?rs?", "node": "nodes?", "termination": "terminat(?:ion|e)"}
_NOTEBOOK = ("notebook", "notes")
_RATIONALE = ("rationale", "rationale for next action", "rationale for the next action", "reason")
_ACTION = ("action", "chosen action", "next action", "function", "function call", "call")
_LABELS = (*_NOTEBOOK, *_RATIONALE, *_ACTION)
_MARKS = " \t\n*_`\"'[]{}<>"
_BULLET = re.compile(r"^\s*(?:[-*•>]\s+|\d{1,3}[.)]\s+)?(?:\**(?:node|name)\**\s*:\s*)?", re.IGNORECASE)
_SCORE = re.compile(
    r"(?:\s*[|:;,(\t–—-]+\s*|\s+)\**(?:(?:relevance|score)\W*)?(\d{1,3}(?:\.\d+)?)\s*(?:/\s*100|%)?[\s)|*.]*$",
    re.IGNORECASE,
)


class Call(NamedTuple):
    """The call of a function."""

    function: str
    argument: str = ""
    """As it was written, without quotes and brackets."""

    @property
    def numbers(self) -> list[int]:
        """The numbers in the argument."""
        return read_numbers(self.argument.replace("_", " "))


class Turn(NamedTuple):
    """What an explorer says at one stage."""

    call: Call | None
    """`None` where none could be read."""
    notebook: str = ""
    """Written anew; empty leaves it as it was."""
    rationale: str = ""


class Candidate(NamedTuple):
    """A node to begin with."""

    name: str
    score: float
    """Relevance from 0 to 100; 0 where none is told."""


def facts_turn(reply: str) -> Turn:
    """Read what is said at the facts of a node; see `_turn`."""
    return _turn(reply, AT_FACTS)


def chunk_turn(reply: str) -> Turn:
    """Read what is said at a passage; see `_turn`."""
    return _turn(reply, AT_CHUNK)


def neighbours_turn(reply: str) -> Turn:
    """Read what is said at the neighbours of a node; see `_turn`."""
    return _turn(reply, AT_NEIGHBOURS)


def salvaged(reply: str) -> Turn:
    """Keep notebook and rationale of a reply that calls no function there is."""
    said = _said(reply)
    notebook = _first(said, _NOTEBOOK)
    if not notebook and not said.keys() - {"action"}:
        # Without any label it is the notebook, but for the call that could not be made.
        notebook = _without_call(said.get("action", ""))
    return Turn(None, _noted(notebook), _first(said, _RATIONALE))


def candidates(reply: str) -> tuple[Candidate, ...]:
    """Read nodes with their scores, one to a line, as they are named; other lines are among them, with score 0.

    Raises:
        ReplyError: there is no line.
    """
    found = []
    for line in without_delimiters(reply).splitlines():
        text = _BULLET.sub("", line).strip()
        if not text.strip(_MARKS):
            continue
        score = _SCORE.search(text)
        name = text[: score.start()] if score else text.partition("|")[0]
        # A name may end in a number: then the whole line is one.
        found.append(Candidate(name.strip(_MARKS), min(100.0, float(score[1])) if score else 0.0))
    if not found:
        raise ReplyError("it names no node.")
    return tuple(found)


def _turn(reply: str, functions: Collection[str]) -> Turn:
    """Read a reply whose labels may be missing.

    Raises:
        ReplyError: it calls none of the stage's functions, or another one.
    """
    said = _said(reply)
    action = _first(said, _ACTION)
    call = _call(action) or _call(_first(said, _RATIONALE)) or _call(_first(said, _NOTEBOOK))
    if call is None:
        raise ReplyError(f"it has no line 'Action:' with one of {_listed(functions)}.")
    if call.function not in functions:
        raise ReplyError(f"{call.function} cannot be called here; there are {_listed(functions)}.")
    notebook = _first(said, _NOTEBOOK)
    if not said.keys() - {"action"}:
        notebook = _without_call(action)
    return Turn(call, _noted(notebook), _first(said, _RATIONALE))


def _said(reply: str) -> dict[str, str]:
    return read_lines(reply, _LABELS, main="action", needed=False)


def _first(said: Mapping[str, str], labels: Collection[str]) -> str:
    return next((said[label] for label in labels if label in said), "")


def _noted(text: str) -> str:
    text = text.strip()
    return "" if text.strip("()[]. ").lower() in {"unchanged", "empty", "no change"} or says_nothing(text) else text


def _listed(functions: Collection[str]) -> str:
    return ", ".join(f"{name}()" for name in functions)


def _call(text: str) -> Call | None:
    """Return the first call in a text."""
    found = min(
        ((match.start(), match.end(), name) for name, pattern in _PATTERNS.items() if (match := pattern.search(text))),
        default=None,
    )
    if found is None:
        return None
    _, end, name = found
    return Call(name, _argument(text[end:]))


def _argument(rest: str) -> str:
    """Return what stands between the parentheses, or up to the end of the clause where there are none."""
    rest = rest.partition("\n")[0].lstrip("*_` \t:")
    if not rest.startswith("("):
        return re.split(r"[.;:]|\bbecause\b|\bsince\b", rest, maxsplit=1)[0].strip(_MARKS)
    depth = 0
    for at, sign in enumerate(rest):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return _bare(rest[1:at])
    return _bare(rest[1:])


def _bare(argument: str) -> str:
    return re.sub(r"^\s*\w+\s*=\s*", "", argument).strip(_MARKS)


def _without_call(text: str) -> str:
    """Return a text without the lines that call a function."""
    return "\n".join(line for line in text.splitlines() if _call(line) is None).strip()


def _pattern(function: str) -> re.Pattern[str]:
    words = [_SPELLINGS.get(word, word) for word in function.split("_")]
    return re.compile(r"\b" + r"[_\s-]{0,2}".join(words) + r"(?![a-z])", re.IGNORECASE)


_PATTERNS = {name: _pattern(name) for name in dict.fromkeys([*AT_FACTS, *AT_CHUNK, *AT_NEIGHBOURS])}
