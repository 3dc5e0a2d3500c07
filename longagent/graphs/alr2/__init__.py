"""ALR² (Li et al. 2024, arXiv 2410.03227)."""

from longagent.graphs.alr2.graph import alr2

__all__ = ["alr2"]
