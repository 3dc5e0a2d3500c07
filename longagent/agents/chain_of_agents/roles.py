"""Roles of Chain-of-Agents (Zhang et al. 2024, arXiv 2406.02818): workers, managers and a judge.

What the prompts hold, and in which order, is the paper's: passage, summary so far, question, request. The words are
ours; of the judge the paper says only what it does. Workers of the tasks without a query don't see what was asked, the
managers do: it holds the task's requirements.
"""

import re
from dataclasses import dataclass

from longagent.agents.agent import Agent
from longagent.agents.lines import unlabelled, without_delimiters
from longagent.llm.model import Model

_REPEAT = "If the passage adds nothing, repeat the earlier summary. If neither helps, say: Nothing found yet."
_ABSTAIN = "If it does not hold the answer, say: Not found."

_ANSWER = re.compile(r"^[ *_#>-]*(?:final )?answer[*_]{0,3} ?:[*_]*", re.IGNORECASE | re.MULTILINE)
_CHOICE = re.compile(
    r"^[ *_#>-]*(?:I |my )?cho(?:ice|ose|sen)\b[^\w\n]{0,8}(?:is )?(?:the )?(?:(?:summary|number)\b[^\w\n]{0,8})?"
    r"(\d{1,3})\b[*_.,;:)\]]*",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge decided."""

    answer: str
    choice: int | None
    """Index of the summary it answered from, from 0, as it says; `None` when it does not."""


def verdict(reply: str) -> Verdict:
    """Read a judge's reply, whether or not it keeps to the two lines asked for.

    Raises:
        ReplyError: it holds no answer.
    """
    reply = without_delimiters(reply)
    choice = _CHOICE.search(reply)
    rest = reply[: choice.start()] + reply[choice.end() :] if choice else reply
    answer = _ANSWER.search(rest)
    number = int(choice.group(1)) if choice else 0
    return Verdict(unlabelled(rest[answer.end() :] if answer else rest), number - 1 if number else None)


worker: Agent[str] = Agent("chain_of_agents/worker", parse=unlabelled)
"""Takes `passages`, `summary`, `question` and `otherwise`; returns the summary to pass on."""

worker_brief: Agent[str] = Agent("chain_of_agents/worker_brief", parse=unlabelled, role="worker")
"""The worker for models that never abstain. Takes `passages`, `summary` and `question`; returns one sentence.

Asked for a summary, SmolLM2-135M talks about summaries, or makes an answer up and hands it on. So it is asked what it
can do, and what it says must be checked against passage and summary before it is passed on: see `agents.checking`.
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
