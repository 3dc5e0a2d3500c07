"""What travels through the graph of `graph-reader` beside each explorer's own state."""

from operator import add
from typing import Annotated, NotRequired

from longagent.graphs.graph_reader.indexing import IndexState
from longagent.graphs.graph_reader.start import Start
from longagent.graphs.graph_reader.walk import Notebook


class State(IndexState):
    """Adds the plan, where explorers begin, and what they bring back."""

    plan: NotRequired[str]
    starts: NotRequired[list[Start]]
    notebooks: NotRequired[Annotated[list[Notebook], add]]
    steps: NotRequired[Annotated[int, add]]
    guessed: NotRequired[Annotated[int, add]]
    """Replies whose function could not be read or called."""
    lost: NotRequired[Annotated[int, add]]
    """Steps that failed, but for those that read a chunk."""
    unread: NotRequired[Annotated[int, add]]
    """Walks that a limit ended, or kept from beginning."""
