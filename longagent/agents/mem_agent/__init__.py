"""Roles of MemAgent: one writes the memory anew with every part of the text, one answers from it."""

from longagent.agents.mem_agent.replies import Update, final_answer, reasoned_answer, update_of
from longagent.agents.mem_agent.roles import (
    answer,
    answer_paper,
    form,
    otherwise,
    update,
    update_brief,
    update_paper,
)

__all__ = [
    "Update",
    "answer",
    "answer_paper",
    "final_answer",
    "form",
    "otherwise",
    "reasoned_answer",
    "update",
    "update_brief",
    "update_of",
    "update_paper",
]
