"""Chunks of texts at hand."""

from longagent.documents.document import Chunk, Document, Span


def chunks(*texts: str) -> list[Chunk]:
    """Return a chunk for each text, all of one document."""
    document = Document.from_pages(texts, id="d", name="d")
    return [Chunk(i, Span(document, page.start, page.end), len(texts[i])) for i, page in enumerate(document.pages)]
