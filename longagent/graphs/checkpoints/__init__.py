"""LangGraph's checkpoints as the shortcut for going on with a long run; the journal of replies is the truth.

A checkpoint that is missing, old or unusable costs nothing but time: the calls that were made are replayed.
"""

from longagent.graphs.checkpoints.resume import forget, resume_or_start
from longagent.graphs.checkpoints.stores import checkpointer

__all__ = ["checkpointer", "forget", "resume_or_start"]
