"""Roles of GraphReader (Li et al. 2024, arXiv 2406.14550): one reads facts, others walk the graph of them."""
