"""Texts in, vectors out: embedders behind one protocol."""

from longagent.llm.embedding.embedder import Embedder, Kind, normalised

__all__ = ["Embedder", "Kind", "normalised"]
