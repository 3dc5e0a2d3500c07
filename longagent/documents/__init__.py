"""From bytes to `Document` to `Chunk`: the only room that knows file formats."""

from longagent.documents.chunking import chunk
from longagent.documents.document import Chunk, Document, Page, Span
from longagent.documents.load import Loaded, Source, load

__all__ = ["Chunk", "Document", "Loaded", "Page", "Source", "Span", "chunk", "load"]
