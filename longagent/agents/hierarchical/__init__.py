"""Roles of the hierarchical baseline: workers that judge and summarize, one that merges summaries, a manager."""

from longagent.agents.hierarchical.roles import collapse, manager, merge_brief, worker, worker_brief

__all__ = ["collapse", "manager", "merge_brief", "worker", "worker_brief"]
