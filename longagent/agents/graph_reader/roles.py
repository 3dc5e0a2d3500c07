"""Roles of GraphReader (Li et al. 2024, arXiv 2406.14550): one plans, explorers walk the graph, one answers.

An explorer is one agent at three stages, each with functions of its own: at a node's facts, at a passage, and at the
neighbours of a node. How its replies are read depends on what it was shown: `Agent.reading`.
"""

from longagent.agents.agent import Agent
from longagent.agents.graph_reader.turn import (
    Candidate,
    Turn,
    candidates,
    chunk_turn,
    facts_turn,
    neighbours_turn,
    salvaged,
)
from longagent.agents.lines import read_lines, unlabelled, without_delimiters
from longagent.llm.model import Model

_ABSTAIN = "If they do not hold the answer, answer: Not found."
_LABELS = ("analysis", "answer")


def _answered(reply: str) -> str:
    return read_lines(reply, _LABELS, main="answer")["answer"]


def _words(reply: str) -> str:
    """Take what was said for the answer where there is none: an analysis that its cap cut off says the most of it."""
    said = read_lines(reply, _LABELS, main="answer", needed=False)
    return said.get("answer") or said.get("analysis") or without_delimiters(reply).strip()


plan: Agent[str] = Agent("graph_reader/plan", parse=lambda reply: unlabelled(reply, ("plan", "rational plan")))
"""Takes `question` and `words`, how long it may be; returns the plan."""

start: Agent[tuple[Candidate, ...]] = Agent("graph_reader/start", parse=candidates, fallback=())
"""Takes `nodes`, `question`, `plan` and `least`; returns nodes with scores, as named."""

at_facts: Agent[Turn] = Agent("graph_reader/at_facts", parse=facts_turn, salvage=salvaged, role="explorer")
"""Takes `facts`, `question`, `plan`, `actions`, `notebook` and `words`."""

at_chunk: Agent[Turn] = Agent("graph_reader/at_chunk", parse=chunk_turn, salvage=salvaged, role="explorer")
"""Takes `passages`, `question`, `plan`, `actions`, `notebook` and `words`."""

at_neighbours: Agent[Turn] = Agent(
    "graph_reader/at_neighbours", parse=neighbours_turn, salvage=salvaged, role="explorer"
)
"""Takes `names`, `question`, `plan`, `actions` and `notebook`."""

note_brief: Agent[str] = Agent("graph_reader/note_brief", parse=unlabelled, role="explorer")
"""An explorer at a passage, for models that never abstain and keep to no form. Takes `passages` and `question`.

What it says must be checked against the passage before it is noted.
"""

answer: Agent[str] = Agent("graph_reader/answer", parse=_answered, salvage=_words, silence="")
"""Takes `notebooks`, `question`, `words` and `otherwise`; returns the answer."""

answer_brief: Agent[str] = Agent("graph_reader/answer_brief", parse=unlabelled, silence="", role="answer")
"""The same for models that never abstain. Takes `notebooks` and `question`."""


def otherwise(model: Model) -> str:
    """Return what to do when the answer is not there. Empty for models that never abstain."""
    return _ABSTAIN if model.profile.abstains else ""
