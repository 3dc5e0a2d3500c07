"""Roles of GraphReader (Li et al. 2024, arXiv 2406.14550): one reads facts, others walk the graph of them."""

from longagent.agents.graph_reader.facts import Told, facts, read_facts

__all__ = ["Told", "facts", "read_facts"]
