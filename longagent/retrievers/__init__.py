"""Chunks in, ranked chunks out."""

from longagent.retrievers.bm25 import Bm25, Scores
from longagent.retrievers.building import Built, Kind, Ranking, build
from longagent.retrievers.dense import Dense
from longagent.retrievers.finding import Found, SentenceIndex, sentence_index
from longagent.retrievers.hybrid import Hybrid
from longagent.retrievers.retriever import Ranked, Retriever

__all__ = [
    "Bm25",
    "Built",
    "Dense",
    "Found",
    "Hybrid",
    "Kind",
    "Ranked",
    "Ranking",
    "Retriever",
    "Scores",
    "SentenceIndex",
    "build",
    "sentence_index",
]
