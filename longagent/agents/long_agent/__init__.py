"""Roles of LongAgent: a leader that instructs, judges aliases, decides and answers; members that read a chunk each."""

from longagent.agents.long_agent.replies import Decision, Found, Order
from longagent.agents.long_agent.roles import aliases, answer, decide, instruct, member, member_brief, otherwise

__all__ = [
    "Decision",
    "Found",
    "Order",
    "aliases",
    "answer",
    "decide",
    "instruct",
    "member",
    "member_brief",
    "otherwise",
]
