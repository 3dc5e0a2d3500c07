"""How pieces of a document are shown to a model: delimited, numbered, with their pages, and inert."""

from collections.abc import Sequence
from hashlib import sha256

from longagent.documents import Span


def delimiter(document_id: str) -> str:
    """Return the tag around passages of one document.

    It follows from the document's own hash, so that a document does not contain its own tag and end a passage early,
    and it stays the same between runs, so that prefix caches hold. It is short because small models read digits badly:
    at twice the length the embedded one had 7 instead of 8 of 25 look-ups right and held back 10 instead of 12 of 16
    answers that were not there. Against an author who searches for a text with its own tag 32 bits don't help.
    """
    return sha256(f"longagent passage {document_id}".encode()).hexdigest()[:8]


def render_passages(spans: Sequence[Span]) -> str:
    """Render spans as delimited passages. Their text is inserted as it is."""
    return "\n\n".join(_render(number, span) for number, span in enumerate(spans, start=1))


def _render(number: int, span: Span) -> str:
    tag = delimiter(span.document.id)
    unit = "page" if span.document.paged else "section"
    where = f"{unit} {span.page}" if span.page == span.page_end else f"{unit}s {span.page}-{span.page_end}"
    return f"[passage {number}, {where}, {tag}]\n{span.text}\n[end {tag}]"
