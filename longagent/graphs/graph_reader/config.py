"""Settings of `graph-reader`."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from longagent.graphs.reading import Positive


@dataclass(frozen=True)
class GraphReaderConfig:
    """Settings of `graph-reader`. The first ones decide what the index is."""

    index: Literal["auto", "model", "code"] = "auto"
    """Who reads the facts: a `model`, one call per chunk, or `code`, which takes sentences for facts and their names,
    numbers and content words for key elements, without any call. `auto` is `code` for models that never say
    "not found"."""
    chunk_tokens: Positive | None = None
    """Length of a chunk, at most; by default 2,000, as in the paper, as far as the window holds them."""
    facts_tokens: Positive | None = None
    """Cap of the facts of a chunk; by default 1,024, a quarter of small windows."""
    agents: Annotated[int, Field(gt=0, le=25)] = 5
    """Explorers, each with a start node, a notebook and a queue of its own. The paper's best of 1, 3, 5 and 7."""
    steps: Annotated[int, Field(gt=0, le=50)] = 10
    """Functions an explorer calls, at most: the paper's limit."""
    candidates: Positive = 500
    """Nodes that are shown when start nodes are chosen; of more, those whose facts share most words with the question
    and the plan."""
    neighbours: Positive = 40
    """Neighbours of a node that are shown, at most: those that share most facts with it."""
    node_tokens: Positive | None = None
    """Facts of a node that are shown, at most: those that share most words with the question and the plan; by default
    2,000, as far as the window holds them."""
    notebook_tokens: Positive | None = None
    """Cap of a notebook; by default 512, a tenth of small windows."""
    answer_tokens: Positive | None = None
    """Cap of the answer and of the analysis before it; by default 512, an eighth of small windows."""
    window: Positive | None = None
    """Tokens of a prompt and its reply together; by default what the model holds."""
