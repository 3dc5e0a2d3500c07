"""The embedded model: a small language model that needs neither key nor GPU, run by llama.cpp in a child process."""

from longagent.llm.embedded.embedded import start_embedded
from longagent.llm.embedded.weights import SMOLLM2, Weights, ensure_weights

__all__ = ["SMOLLM2", "Weights", "ensure_weights", "start_embedded"]
