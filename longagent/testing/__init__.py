"""For tests of strategies and of programs built on longagent: models without weights, a server without a GPU."""

from longagent.testing.models import PromptReader, ScriptedModel, closest_sentence
from longagent.testing.server import SimulatedServer

__all__ = ["PromptReader", "ScriptedModel", "SimulatedServer", "closest_sentence"]
