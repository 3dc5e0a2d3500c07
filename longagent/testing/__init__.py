"""For tests of strategies and of programs built on longagent: models without weights, a server without a GPU."""

from longagent.testing.models import PromptReader, ScriptedModel
from longagent.testing.noisy import NoisyReader
from longagent.testing.readers import chain_reader, closest_sentence
from longagent.testing.server import FaultMix, ServerProcess, SimulatedServer, Speed

__all__ = [
    "FaultMix",
    "NoisyReader",
    "PromptReader",
    "ScriptedModel",
    "ServerProcess",
    "SimulatedServer",
    "Speed",
    "chain_reader",
    "closest_sentence",
]
