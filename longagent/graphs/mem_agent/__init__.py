"""MemAgent (Yu et al. 2025, arXiv 2507.02259)."""

from longagent.graphs.mem_agent.graph import mem_agent

__all__ = ["mem_agent"]
