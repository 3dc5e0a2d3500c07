"""Settings of `graph-reader`."""

from dataclasses import dataclass
from typing import Literal

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
    window: Positive | None = None
    """Tokens of a prompt and its reply together; by default what the model holds."""
