"""Roles of InftyThink (Yan et al. 2025, arXiv 2503.06692): rounds of short reasoning, each ending in a summary.

The paper's models were trained to write a summary, or a conclusion in its place; ours are told how in the prompt. As in
the paper, the question comes before the summary of the round before: what does not change from round to round is the
longer common beginning. The words are ours.
"""

from longagent.agents.agent import Agent
from longagent.agents.infty_think.turn import Turn, conclusion, note, part, salvaged, turn, words
from longagent.llm.model import Model

_FROM_TEXT = (
    "Use only what the passages and the summary say. A conclusion is one short sentence; if they cannot answer the "
    "question, conclude: Not found."
)
_MORE = "More of the text follows: conclude only if nothing in it could change the answer."
_ABSTAIN = "If it does not hold the answer, say: Not found."

thinker: Agent[Turn] = Agent("infty_think/thinker", parse=turn, salvage=salvaged)
"""Goes on with a question. Takes `passages`, `question`, `summary`, `words`, `summary_words` and `rule`."""

thinker_at_end: Agent[Turn] = Agent("infty_think/thinker", parse=part, salvage=salvaged)
"""The thinker over one passage of many, which may hold nothing of use and leave the summary as it was."""

thinker_reading: Agent[Turn] = Agent("infty_think/thinker_reading", parse=part, salvage=salvaged, role="thinker")
"""The thinker over a passage after which more follow, which does not conclude. Takes what it takes, without `rule`."""

thinker_brief: Agent[Turn] = Agent("infty_think/thinker_brief", parse=note, role="thinker")
"""The thinker for models that never abstain, which cannot keep to a form. Takes `passages`, `summary` and `question`.

What it says must be checked against passages and summary before it is carried on.
"""

thinker_brief_alone: Agent[Turn] = Agent("infty_think/thinker_brief_alone", parse=note, role="thinker")
"""The same without a document. Takes `question`."""

concluder: Agent[str] = Agent("infty_think/concluder", parse=conclusion, salvage=words, silence="")
"""Answers a question about a document from the last summary. Takes `summary`, `question` and `otherwise`."""

concluder_alone: Agent[str] = Agent(
    "infty_think/concluder_alone", parse=conclusion, salvage=words, silence="", role="concluder"
)
"""Answers a question without a document, from the last summary if there is one. Takes `summary` and `question`."""


def rule(*, document: bool, more: bool) -> str:
    """Return what a thinker is told about conclusions: whether it has a document, and whether more of it follows."""
    if not document:
        return ""
    return _MORE if more else _FROM_TEXT


def otherwise(model: Model) -> str:
    """Return what a concluder does when the answer is not there. Empty for models that never abstain."""
    return _ABSTAIN if model.profile.abstains else ""
