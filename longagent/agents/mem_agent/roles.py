"""Roles of MemAgent (Yu et al. 2025, arXiv 2507.02259): the reader that updates the memory, and who answers from it.

What the prompts hold is the paper's, and in `*_paper` also its order: problem, memory, section. The words are ours. The
other layout has the passage first: what two questions, or two calls, have in common is then as long as it can be.
"""

from longagent.agents.agent import Agent
from longagent.agents.lines import unlabelled
from longagent.agents.mem_agent.replies import final_answer, reasoned_answer
from longagent.llm.model import Model

_NOUNS = ("memory", "notes", "summary", "answer")

_PLAIN = "Reply with the memory only."
_MAY_KEEP = "If this part of the text holds nothing that helps, reply only: No change. Else reply with the memory only."
_MAY_END = (
    "Reply in this form:\nMemory: your whole memory\n"
    "Enough: yes, if the memory now holds all that a full answer needs; otherwise no"
)
_KEEP_WITHIN = "\nIf this part of the text holds nothing that helps, write No change. in place of the memory."

_ABSTAIN = "If the memory does not hold the answer, say: Not found."


def _memory(reply: str) -> str:
    return unlabelled(reply, _NOUNS)


update: Agent[str] = Agent("mem_agent/update", parse=_memory)
"""Takes `passages`, `question`, `memory` and `form`; returns the reply: the new memory, and with gates what else `form`
asks for. See `update_of`."""

update_paper: Agent[str] = Agent("mem_agent/update_paper", parse=_memory, role="update")
"""The same in the paper's order: question and memory before the passage."""

update_brief: Agent[str] = Agent("mem_agent/update_brief", parse=_memory, role="update")
"""The reader for models that never abstain. Takes `passages`, `memory` and `question`; returns one sentence.

Like Chain-of-Agents' brief worker: it is asked what such a model can do, and what it says replaces the memory only if
passage or memory carry it (`agents.checking.holds`).
"""

answer: Agent[str] = Agent("mem_agent/answer", parse=final_answer, silence="")
"""Takes `memory`, `question` and `otherwise`; returns the answer."""

answer_paper: Agent[str] = Agent("mem_agent/answer_paper", parse=reasoned_answer, silence="", role="answer")
"""The same in the paper's order, asking for the answer in a box as the trained weights give it."""


def form(*, update_gate: bool, exit_gate: bool) -> str:
    """Return in which form a reader is to reply: its `form`."""
    if exit_gate:
        return _MAY_END + (_KEEP_WITHIN if update_gate else "")
    return _MAY_KEEP if update_gate else _PLAIN


def otherwise(model: Model) -> str:
    """Return what to do when the answer is not in the memory. Empty for models that never abstain."""
    return _ABSTAIN if model.profile.abstains else ""
