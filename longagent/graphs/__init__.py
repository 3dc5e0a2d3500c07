"""A strategy is one LangGraph graph of agents, one file each; `orchestrator` is the frame around them."""
