"""A strategy is one LangGraph graph of agents, one file each; `orchestrator` is the frame around them.

Importing this room loads LangGraph, which takes a second.
"""

from longagent.graphs.forecast import Forecast
from longagent.graphs.means import Means
from longagent.graphs.resolve import resolve
from longagent.graphs.run import Run
from longagent.graphs.strategy import Strategy
from longagent.llm.roles import Models

__all__ = ["Forecast", "Means", "Models", "Run", "Strategy", "resolve"]
