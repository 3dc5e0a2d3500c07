"""How pieces of a document are shown to a model: delimited, numbered, with their pages, and inert."""

from collections.abc import Sequence
from hashlib import sha256

from longagent.documents import Span


def delimiter(document_id: str) -> str:
    """Return the tag around passages of one document.

    It follows from the document's own hash, so a document cannot contain its own tag and end a passage early; and it
    stays the same between runs, so prefix caches hold.
    """
    return sha256(f"longagent passage {document_id}".encode()).hexdigest()[:16]


def render_passages(spans: Sequence[Span]) -> str:
    """Render spans as delimited passages. Their text is inserted as it is."""
    return "\n\n".join(_render(number, span) for number, span in enumerate(spans, start=1))


def _render(number: int, span: Span) -> str:
    tag = delimiter(span.document.id)
    unit = "page" if span.document.paged else "section"
    where = f"{unit} {span.page}" if span.page == span.page_end else f"{unit}s {span.page}-{span.page_end}"
    return f"[passage {number}, {where}, {tag}]\n{span.text}\n[end {tag}]"
