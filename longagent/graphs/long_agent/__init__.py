"""LongAgent (Zhao et al. 2024, arXiv 2402.11550)."""

from longagent.graphs.long_agent.graph import long_agent

__all__ = ["long_agent"]
