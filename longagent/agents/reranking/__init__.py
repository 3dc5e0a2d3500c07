"""The role that puts passages in order by reading them."""

from longagent.agents.reranking.roles import order

__all__ = ["order"]
