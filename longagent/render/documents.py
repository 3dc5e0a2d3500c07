"""Documents as they were read: their pages, their chunks, or a list of them, as lines of text."""

from collections.abc import Iterator, Sequence
from typing import Any

from longagent.documents import Chunk, Document, Page, place
from longagent.documents.place import heading, size
from longagent.render.columns import columns
from longagent.render.terminal import inert, one_line


def page_lines(document: Document, pages: Sequence[Page]) -> Iterator[str]:
    """Yield pages with a line above each."""
    for page in pages:
        yield f"── {one_line(heading(document, page, counted=True))} ──"
        yield inert(document.page_text(page)) + "\n"


def chunk_lines(chunks: Sequence[Chunk], *, total: int) -> Iterator[str]:
    """Yield chunks with a line above each: number, place, length, and the headings they begin under."""
    for chunk in chunks:
        headings = " › ".join(chunk.document.path_at(chunk.span.start))
        parts = [f"chunk {chunk.index + 1} of {total}", place(chunk.span), f"{chunk.tokens} tokens", headings]
        yield f"── {one_line(' · '.join(part for part in parts if part))} ──"
        yield inert(chunk.text) + "\n"


def chunk_record(chunk: Chunk) -> dict[str, Any]:
    """Return a chunk as plain data."""
    return {
        "chunk": chunk.index + 1,
        "start": chunk.span.start,
        "end": chunk.span.end,
        "tokens": chunk.tokens,
        "page": chunk.span.page,
        "page_end": chunk.span.page_end,
        "where": place(chunk.span),
        "headings": list(chunk.document.path_at(chunk.span.start)),
        "text": chunk.text,
    }


def listing_lines(documents: Sequence[Document]) -> list[str]:
    """Return a line for each document, below a line that says what is what."""
    rows = [["document", "format", "", "", "characters"]]
    for document in documents:
        count, kind = size(document)
        rows.append([document.name, document.format, str(count), kind, f"{len(document.text):,}"])
    return columns(rows, right={2, 4})


def document_record(document: Document) -> dict[str, Any]:
    """Return what is known about a document, without its text."""
    return {
        "document": document.name,
        "document_id": document.id,
        "format": document.format,
        "pages": len(document.pages),
        "characters": len(document.text),
        "warnings": list(document.warnings),
    }
