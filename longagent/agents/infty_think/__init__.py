"""Roles of InftyThink: a thinker that goes on from its last summary, and one that concludes from it."""

from longagent.agents.infty_think.roles import (
    concluder,
    concluder_alone,
    otherwise,
    rule,
    thinker,
    thinker_at_end,
    thinker_brief,
    thinker_brief_alone,
    thinker_reading,
)
from longagent.agents.infty_think.turn import Turn

__all__ = [
    "Turn",
    "concluder",
    "concluder_alone",
    "otherwise",
    "rule",
    "thinker",
    "thinker_at_end",
    "thinker_brief",
    "thinker_brief_alone",
    "thinker_reading",
]
