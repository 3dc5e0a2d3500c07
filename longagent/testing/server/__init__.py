"""An OpenAI-compatible server without a model, for tests and benchmarks: it answers as told, or fails as told."""

from longagent.testing.server.counts import Counts
from longagent.testing.server.faults import QUICK, Canned, Fault, FaultMix
from longagent.testing.server.process import ServerProcess
from longagent.testing.server.protocol import CHARACTERS_PER_TOKEN, Received
from longagent.testing.server.simulated import SimulatedServer
from longagent.testing.server.speed import Speed

__all__ = [
    "CHARACTERS_PER_TOKEN",
    "QUICK",
    "Canned",
    "Counts",
    "Fault",
    "FaultMix",
    "Received",
    "ServerProcess",
    "SimulatedServer",
    "Speed",
]
