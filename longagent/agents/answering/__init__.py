"""Roles that answer a question from text at hand."""

from longagent.agents.answering.roles import answer_from_passages, otherwise

__all__ = ["answer_from_passages", "otherwise"]
