"""GraphReader (Li et al. 2024, arXiv 2406.14550)."""

from longagent.graphs.graph_reader.graph import graph_reader

__all__ = ["graph_reader"]
