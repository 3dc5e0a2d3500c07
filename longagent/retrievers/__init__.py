"""Chunks in, ranked chunks out."""

from longagent.retrievers.bm25 import Bm25, Scores
from longagent.retrievers.retriever import Ranked, Retriever

__all__ = ["Bm25", "Ranked", "Retriever", "Scores"]
