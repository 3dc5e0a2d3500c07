"""Chunks in, ranked chunks out."""

from longagent.retrievers.bm25 import Bm25, Scores
from longagent.retrievers.building import Built, Kind, Ranking, build
from longagent.retrievers.dense import Dense
from longagent.retrievers.hybrid import Hybrid
from longagent.retrievers.retriever import Ranked, Retriever
from longagent.retrievers.sentences import RankedSpan, Sentences

__all__ = [
    "Bm25",
    "Built",
    "Dense",
    "Hybrid",
    "Kind",
    "Ranked",
    "RankedSpan",
    "Ranking",
    "Retriever",
    "Scores",
    "Sentences",
    "build",
]
