"""Roles of Chain-of-Agents: workers that pass a summary on, a manager that answers from the last one, a judge."""

from longagent.agents.chain_of_agents.roles import (
    Verdict,
    judge,
    manager,
    manager_code,
    manager_summary,
    otherwise,
    pass_on,
    worker,
    worker_brief,
    worker_code,
    worker_summary,
)

__all__ = [
    "Verdict",
    "judge",
    "manager",
    "manager_code",
    "manager_summary",
    "otherwise",
    "pass_on",
    "worker",
    "worker_brief",
    "worker_code",
    "worker_summary",
]
