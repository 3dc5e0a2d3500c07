"""Roles of LongAgent (Zhao et al. 2024, arXiv 2402.11550): a leader that sees no text, members that see no question.

What each is shown and asked for is the paper's: the leader's follow-up says that members hold parts that do not overlap
and that a minority may be right; a member first notes what is relevant, then answers. The paper's messages are JSON;
ours are labelled lines, which small models keep to. The words are ours.
"""

from longagent.agents.agent import Agent
from longagent.agents.lines import unlabelled
from longagent.agents.long_agent.replies import (
    Decision,
    Found,
    Order,
    decision,
    found,
    found_brief,
    notes_alone,
    order,
    same,
)
from longagent.llm.model import Model

_ABSTAIN = "If they do not hold the answer, say: Not found."

instruct: Agent[Order] = Agent("long_agent/instruct", parse=order, fallback=Order(""), role="leader")
"""Takes `question`; returns the first instruction. Where none can be read, the question takes its place."""

decide: Agent[Decision] = Agent("long_agent/decide", parse=decision, fallback=Decision("answer"), role="leader")
"""Takes `history`, instructions and answers so far, and `question`; returns what is next.

What cannot be read is a leader that leaves the answer to the last call.
"""

aliases: Agent[tuple[tuple[int, ...], ...]] = Agent("long_agent/aliases", parse=same, fallback=(), role="leader")
"""Takes `answers`, numbered, and `instruction`; returns which of them mean the same."""

answer: Agent[str] = Agent("long_agent/answer", parse=unlabelled, silence="", role="leader")
"""Takes `history`, `question` and `otherwise`; returns the answer. There is no other action."""

member: Agent[Found] = Agent("long_agent/member", parse=found, salvage=notes_alone)
"""Takes `passages`, its own chunk or two that contradict each other, and `instruction`; returns what it found."""

member_brief: Agent[Found] = Agent("answering/from_passages", parse=found_brief, role="member")
"""The member for models that never abstain. Takes `passages`, `question`, which is the instruction, and `otherwise`.

In two lines they fill both, whatever the text holds. So they are asked for a sentence, and what they say must be held
to their chunk: see `agents.checking`.
"""


def otherwise(model: Model) -> str:
    """Return what the leader does when the answer is not there. Empty for models that never abstain."""
    return _ABSTAIN if model.profile.abstains else ""
