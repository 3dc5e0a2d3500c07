"""From bytes to `Document` to `Chunk`: the only room that knows file formats."""

from longagent.documents.chunking import chunk
from longagent.documents.document import Chunk, Document, Page, Span
from longagent.documents.load import load, load_for
from longagent.documents.outcome import Loaded
from longagent.documents.place import place
from longagent.documents.sources import Source

__all__ = ["Chunk", "Document", "Loaded", "Page", "Source", "Span", "chunk", "load", "load_for", "place"]
