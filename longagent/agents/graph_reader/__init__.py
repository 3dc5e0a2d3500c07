"""Roles of GraphReader (Li et al. 2024, arXiv 2406.14550): one reads facts, others walk the graph of them."""

from longagent.agents.graph_reader.facts import Told, facts, read_facts
from longagent.agents.graph_reader.roles import (
    answer,
    answer_brief,
    at_chunk,
    at_facts,
    at_neighbours,
    note_brief,
    otherwise,
    plan,
    start,
)
from longagent.agents.graph_reader.turn import Call, Candidate, Turn

__all__ = [
    "Call",
    "Candidate",
    "Told",
    "Turn",
    "answer",
    "answer_brief",
    "at_chunk",
    "at_facts",
    "at_neighbours",
    "facts",
    "note_brief",
    "otherwise",
    "plan",
    "read_facts",
    "start",
]
