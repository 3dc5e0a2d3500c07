"""Chunks in, ranked chunks out."""

from longagent.retrievers.bm25 import Bm25, Scores
from longagent.retrievers.retriever import Ranked, Retriever
from longagent.retrievers.sentences import RankedSpan, Sentences

__all__ = ["Bm25", "Ranked", "RankedSpan", "Retriever", "Scores", "Sentences"]
