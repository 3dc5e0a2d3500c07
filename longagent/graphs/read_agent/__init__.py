"""ReadAgent (Lee et al. 2024, arXiv 2402.09727)."""

from longagent.graphs.read_agent.graph import read_agent

__all__ = ["read_agent"]
