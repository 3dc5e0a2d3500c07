"""The role of merge: a reader of one passage, whose reply may be the answer."""

from longagent.agents.merge.roles import reader

__all__ = ["reader"]
