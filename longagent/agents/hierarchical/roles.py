"""Roles of the hierarchical baseline of Chain-of-Agents (Zhang et al. 2024, arXiv 2406.02818).

What they do is the paper's; the words are ours.
"""

import re
from collections.abc import Mapping

from longagent.agents.agent import Agent
from longagent.agents.findings import NOTHING, Finding, free_finding, says_nothing
from longagent.agents.lines import read_choice, read_lines, unlabelled
from longagent.errors import ReplyError

_LABELS = ("useful", "summary")
_CHOICES = {"yes": ("yes", "true", "partly", "partially", "somewhat"), "no": ("no", "not", "false", "useless")}
_DECISION = re.compile(r"\W*(?:yes|no)\b\W*", re.IGNORECASE)


def unit(reply: str) -> Finding:
    """Read a worker's reply, whether or not it keeps to the two lines asked for.

    Raises:
        ReplyError: it does not say whether the passage is useful, or what is useful in it.
    """
    said = _said(reply)
    if "useful" not in said:
        return _unlabelled_unit(said["summary"])
    choice = read_choice(said["useful"], _CHOICES)
    if choice is None:
        raise ReplyError("it does not say whether the passage is useful, yes or no.")
    return NOTHING if choice == "no" else _unit(said)


def useful_unit(reply: str) -> Finding:
    """Read a reply whose decision cannot be read as if it said yes.

    Raises:
        ReplyError: it says nothing else.
    """
    said = _said(reply)
    return _unit(said) if "useful" in said else _unlabelled_unit(said["summary"])


def _said(reply: str) -> dict[str, str]:
    try:
        return read_lines(reply, _LABELS, main="summary")
    except ReplyError:
        # "Useful: no" needs no summary, and some write it on the same line.
        return read_lines(reply, _LABELS, main="useful")


def _unit(said: Mapping[str, str]) -> Finding:
    text = said.get("summary") or _DECISION.sub("", said.get("useful", ""), count=1).strip()
    if not text:
        raise ReplyError("it says nothing under 'Summary'.")
    return NOTHING if says_nothing(text) else Finding(text)


def _unlabelled_unit(text: str) -> Finding:
    """Read a reply without a decision: it is a unit, unless it is but a decision without its label."""
    if not _DECISION.fullmatch(text):
        return free_finding(text)
    if read_choice(text, _CHOICES) == "no":
        return NOTHING
    raise ReplyError("it says nothing under 'Summary'.")


worker: Agent[Finding] = Agent("hierarchical/worker", parse=unit, salvage=useful_unit)
"""Takes `passages` and `question`; returns the communication unit, or nothing where the passage is not useful.

One call decides and writes. Where the decision cannot be read even when asked again, the passage is taken to be useful.
"""

worker_brief: Agent[Finding] = Agent("answering/from_passages", parse=free_finding, role="worker")
"""The worker for models that never abstain. Takes `passages`, `question` and `otherwise`; returns one sentence.

They call every passage useful. So they are asked what they can do, and code decides: see `agents.checking`.
"""

collapse: Agent[Finding] = Agent("hierarchical/collapse", parse=free_finding)
"""Takes `notes`, units that stand next to each other, and `question`; returns one unit for all of them."""

manager: Agent[str] = Agent("answering/from_notes", parse=unlabelled, silence="", role="manager")
"""Takes `notes`, the units of all useful passages, `question` and `otherwise`; returns the answer."""

merge_brief: Agent[Finding] = Agent("answering/from_notes", parse=free_finding, role="manager")
"""What `collapse` is for models that never abstain: the manager's question, asked of some of the units."""
