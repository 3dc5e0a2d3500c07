"""Roles of ReadAgent: gists of all pages, a look-up in them, an answer from gists and pages."""

from longagent.agents.read_agent.roles import answer, gist, gist_brief, look_on, look_up, otherwise, passages_named

__all__ = ["answer", "gist", "gist_brief", "look_on", "look_up", "otherwise", "passages_named"]
