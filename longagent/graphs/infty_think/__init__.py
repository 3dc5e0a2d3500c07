"""InftyThink (Yan et al. 2025, arXiv 2503.06692), and our forms of it for documents."""

from longagent.graphs.infty_think.graph import infty_think

__all__ = ["infty_think"]
