"""What a session lends to its runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import Any

from longagent.agents.passages import Delimiters
from longagent.answer import Verify
from longagent.graphs.reranking import Reranker
from longagent.llm.budget import Budget, Limits
from longagent.llm.flights import Flights
from longagent.llm.retries import Policy
from longagent.retrievers import Ranking
from longagent.store.index_store import IndexStore
from longagent.store.response_cache import ResponseCache

_OF_THIS_PROCESS = Delimiters(token_bytes(32))


@dataclass(frozen=True, kw_only=True)
class Means:
    """By default nothing is kept, and nothing is limited."""

    budget: Budget = field(default_factory=lambda: Budget(Limits()))
    flights: Flights = field(default_factory=Flights)
    policy: Policy = field(default_factory=Policy)
    scales: dict[tuple[str, str], float] = field(default_factory=dict)
    """How tokenizers compare, by model and sample of text; kept, so that a document is always cut alike."""
    delimiters: Delimiters = field(default_factory=lambda: _OF_THIS_PROCESS)
    """Made from the installation's secret, where replies are to be found again by other processes."""
    cache: ResponseCache | None = None
    ranking: Ranking = field(default_factory=Ranking)
    """How chunks are ranked."""
    reranker: Reranker | None = None
    """Puts the best of them in order once more."""
    index: IndexStore | None = None
    """What was read of chunks for all questions; off together with the cache."""
    cached_only: bool = False
    """Whether a reply that is not in the cache is an error."""
    verify: Verify = "mark"
    """What becomes of what cannot be verified."""
    runs: Path | None = None
    """Folder of the journals; `None`: a run that is interrupted begins anew."""
    checkpoints: str | None = None
    """Postgres URL for checkpoints; `None`: they lie beside the journal."""
    langsmith: bool = False
    """Whether LangGraph sends its steps, with their states, to LangSmith."""
    callbacks: Sequence[Any] = ()
    """LangChain's handlers, which are told the same."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """What was asked, for people who look at the run later, and to ask it again."""
