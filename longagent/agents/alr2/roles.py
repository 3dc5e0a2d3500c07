"""Roles of ALR² (Li et al. 2024, arXiv 2410.03227). The paper trains one model for both; the words are ours."""

from longagent.agents.agent import Agent
from longagent.agents.alr2.copied import copied
from longagent.agents.lines import unlabelled
from longagent.llm.model import Model

_ABSTAIN = "If they do not hold the answer, say: Not found."
_MARK = "Sentences marked as not found in the text may be wrong."

retrieve: Agent[tuple[str, ...]] = Agent("alr2/retrieve", parse=copied)
"""Takes `passages` and `question`; returns the sentences it copied, as it wrote them."""

retrieve_again: Agent[tuple[str, ...]] = Agent("alr2/retrieve_again", parse=copied, role="retrieve")
"""Takes `passages`, `evidence`, what was copied before, and `question`; returns what it copied beside that."""

retrieve_brief: Agent[str] = Agent("answering/from_passages", parse=unlabelled, role="retrieve")
"""The first role for models that never abstain. Takes `passages`, `question` and `otherwise`; returns an answer.

Code looks for the sentences of the passage that carry it.
"""

reason: Agent[str] = Agent("alr2/reason", parse=unlabelled, silence="")
"""Takes `evidence`, the sentences, `question` and `otherwise`; returns the answer."""

reason_in_context: Agent[str] = Agent("alr2/reason_in_context", parse=unlabelled, silence="", role="reason")
"""The same with `passages`, the chunks in which the sentences stand."""

reason_brief: Agent[str] = Agent("answering/from_passages", parse=unlabelled, silence="", role="reason")
"""The second role for models that never abstain. Takes `passages`, the sentences, `question` and `otherwise`."""


def otherwise(model: Model, *, marked: bool = False) -> str:
    """Return what to do when the answer is not there, and what marks mean, where sentences are marked.

    Empty for models that never abstain.
    """
    if not model.profile.abstains:
        return ""
    return f"{_MARK} {_ABSTAIN}" if marked else _ABSTAIN
