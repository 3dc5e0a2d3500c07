"""The reader: answers a question from passages. Shared by `rag` and `full-context`."""

from longagent.agents.agent import Agent
from longagent.llm.model import Model

_ABSTAIN = "If they do not hold the answer, say: Not found."

answer_from_passages: Agent[str] = Agent("answering/from_passages", parse=str.strip, silence="")
"""Takes `passages`, `question` and `otherwise`; returns the answer in the model's words."""


def otherwise(model: Model) -> str:
    """Return what to do when the answer is not there.

    Models that never abstain aren't told: of 13 look-ups SmolLM2-135M had 9 right without that sentence, 5 with it.
    """
    return _ABSTAIN if model.profile.abstains else ""
