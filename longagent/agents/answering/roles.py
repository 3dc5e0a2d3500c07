"""The reader: answers a question from passages. Shared by `rag` and `full-context`."""

from longagent.agents.agent import Agent


def _read(reply: str) -> str:
    return reply.strip()


answer_from_passages: Agent[str] = Agent("answering/from_passages", parse=_read)
"""Takes `passages` and `question`; returns the answer in the model's words."""
