"""Roles of Chain-of-Agents (Zhang et al. 2024, arXiv 2406.02818): workers, managers and a judge.

What the prompts hold, and in which order, is the paper's: passage, summary so far, question, request. The words are
ours; of the judge the paper says only what it does. Workers of the tasks without a query don't see what was asked, the
managers do: it holds the task's requirements.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from longagent.agents.agent import Agent
from longagent.agents.passages import delimiter
from longagent.errors import ReplyError
from longagent.llm.model import Model

_REPEAT = "If the passage adds nothing, repeat the earlier summary. If neither helps, say: Nothing found yet."
_ABSTAIN = "If it does not hold the answer, say: Not found."

# "**Summary:**", "Here is the new summary of both parts:", "## Final answer" on a line of its own
_LABEL = re.compile(
    r"\A[\s*_#>]*(?:(?:here|this) is |here[’']s )?(?:(?:the|my|your|an?|one|new|updated|final|short|combined)\s+)*"
    r"(?:summary|answer)(?:\s+(?:of|for|to|that)\b[^\n:.]{0,60})?[*_]*[^\S\n]*(?::[*_]*|\n|\Z)\s*",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"^[ *_#>-]*(?:final )?answer[*_]{0,3} ?:[*_]*", re.IGNORECASE | re.MULTILINE)
_CHOICE = re.compile(
    r"^[ *_#>-]*(?:I |my )?cho(?:ice|ose|sen)\b[^\w\n]{0,8}(?:is )?(?:the )?(?:(?:summary|number)\b[^\w\n]{0,8})?"
    r"(\d{1,3})\b[*_.,;:)\]]*",
    re.IGNORECASE | re.MULTILINE,
)
# Small models copy the delimiters along with what stands between them.
_DELIMITER = re.compile(r"^\[(?:(?:summary|passage)\b[^\]\n]*|end) [0-9a-f]{8}\][^\S\n]*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge decided."""

    answer: str
    choice: int | None
    """Index of the summary it answered from, from 0, as it says; `None` when it does not."""


def unlabelled(reply: str) -> str:
    """Return a summary or an answer without what models put around it: a label, delimiters of the prompt.

    Raises:
        ReplyError: nothing else was said.
    """
    return _said(_LABEL.sub("", _DELIMITER.sub("", reply)))


def verdict(reply: str) -> Verdict:
    """Read a judge's reply, whether or not it keeps to the two lines asked for.

    Raises:
        ReplyError: it holds no answer.
    """
    reply = _DELIMITER.sub("", reply)
    choice = _CHOICE.search(reply)
    rest = reply[: choice.start()] + reply[choice.end() :] if choice else reply
    answer = _ANSWER.search(rest)
    number = int(choice.group(1)) if choice else 0
    return Verdict(_said(rest[answer.end() :]) if answer else unlabelled(rest), number - 1 if number else None)


def _said(text: str) -> str:
    if not text.strip():
        raise ReplyError("the reply holds nothing but a label.")
    return text.strip()


worker: Agent[str] = Agent("chain_of_agents/worker", parse=unlabelled)
"""Takes `passages`, `summary`, `question` and `otherwise`; returns the summary to pass on."""

worker_brief: Agent[str] = Agent("chain_of_agents/worker_brief", parse=unlabelled, role="worker")
"""The worker for models that never abstain. Takes `passages`, `summary` and `question`; returns one sentence.

Asked for a summary, SmolLM2-135M talks about summaries, or makes an answer up and hands it on. So it is asked what it
can do, and what it says must be checked against passage and summary before it is passed on: see `holds`.
"""

worker_summary: Agent[str] = Agent("chain_of_agents/worker_summary", parse=unlabelled, role="worker")
"""Takes `passages` and `summary`; returns the summary to pass on."""

worker_code: Agent[str] = Agent("chain_of_agents/worker_code", parse=unlabelled, role="worker")
"""Takes `passages` and `summary`; returns the summary to pass on."""

manager: Agent[str] = Agent("chain_of_agents/manager", parse=unlabelled, silence="")
"""Takes `summary`, `question` and `otherwise`; returns the answer."""

manager_summary: Agent[str] = Agent("chain_of_agents/manager_summary", parse=unlabelled, role="manager")
"""Takes `summary` and `question`, what was asked in the user's words; returns the summary of the whole."""

manager_code: Agent[str] = Agent("chain_of_agents/manager_code", parse=unlabelled, role="manager")
"""Takes `summary` and `question`, what was asked in the user's words; returns the answer."""

judge: Agent[Verdict] = Agent("chain_of_agents/judge", parse=verdict)
"""Takes `summaries`, `question` and `otherwise`; returns the answer and from which summary it is."""


def pass_on(model: Model) -> str:
    """Return what a worker does that finds nothing: its `otherwise`. Empty for models that never abstain."""
    return _REPEAT if model.profile.abstains else ""


def otherwise(model: Model) -> str:
    """Return what manager and judge do when the answer is not there. Empty for models that never abstain."""
    return _ABSTAIN if model.profile.abstains else ""


def render_summary(unit: str) -> str:
    """Render a communication unit, delimited; the first worker's empty one is left out."""
    return _render("summary", unit) if unit.strip() else ""


def render_summaries(units: Sequence[str]) -> str:
    """Render the last units of several chains for the judge, numbered from 1."""
    return "\n\n".join(_render(f"summary {number}", unit) for number, unit in enumerate(units, start=1))


def _render(title: str, unit: str) -> str:
    # A unit cannot hold a tag made from itself, although its writer saw the tags of the passages.
    tag = delimiter(unit)
    return f"[{title}, {tag}]\n{unit}\n[end {tag}]"
