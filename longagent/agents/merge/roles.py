"""The role of merge, a baseline of Chain-of-Agents (Zhang et al. 2024, arXiv 2406.02818)."""

from longagent.agents.agent import Agent
from longagent.agents.lines import unlabelled

reader: Agent[str] = Agent("answering/from_passages", parse=unlabelled, role="reader")
"""Takes `passages`, `question` and `otherwise`; returns the answer of one chunk.

It is asked what `rag` asks, of one passage. An empty reply is no "not found": twice, it is a chunk that failed.
"""
