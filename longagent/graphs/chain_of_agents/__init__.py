"""Chain-of-Agents (Zhang et al. 2024, arXiv 2406.02818)."""

from longagent.graphs.chain_of_agents.graph import chain_of_agents

__all__ = ["chain_of_agents"]
