"""How untrusted text is shown to a model: delimited by tags that its author cannot know, numbered, and inert."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from longagent.documents import Span
from longagent.documents.document import UNDER


@dataclass(frozen=True)
class Delimiters:
    """Puts tags around passages of documents and around what models wrote.

    A tag follows from the installation's secret and from what it is put around, so that an author cannot end a passage
    early by writing its tag, while the same text has the same tag in every run, and prefix caches hold.
    """

    secret: bytes

    def tag(self, about: str) -> str:
        """Return the tag of a document, by its id, or of any other text.

        It is short because small models read digits badly: at twice the length the embedded one had 7 instead of 8 of
        25 look-ups right. Nobody can try out which of the 32 bits are right: a document has one guess.
        """
        return _tag(self.secret, about)

    def passages(self, spans: Sequence[Span]) -> str:
        """Return spans as delimited passages, numbered from 1, with their pages. Their text is inserted as it is."""
        return "\n\n".join(self.passage(number, span) for number, span in enumerate(spans, start=1))

    def block(self, title: str, text: str) -> str:
        """Return a text that a model wrote, such as a summary, delimited; empty for an empty one.

        It cannot hold a tag made from itself, although its writer saw the tags of the passages.
        """
        if not text.strip():
            return ""
        tag = self.tag(text)
        return f"[{title}, {tag}]\n{text}\n[end {tag}]"

    def blocks(self, title: str, texts: Sequence[str]) -> str:
        """Return several such texts, numbered from 1."""
        return "\n\n".join(self.block(f"{title} {number}", text) for number, text in enumerate(texts, start=1))

    def passage(self, number: int, span: Span) -> str:
        """Return a span as one delimited passage with a number of its own.

        The headings it stands under come first, within the tags, since they are words of the document.
        """
        tag = self.tag(span.document.id)
        unit = "page" if span.document.paged else "section"
        where = f"{unit} {span.page}" if span.page == span.page_end else f"{unit}s {span.page}-{span.page_end}"
        text = f"{UNDER}{under}\n{span.text}" if (under := span.under) else span.text
        return f"[passage {number}, {where}, {tag}]\n{text}\n[end {tag}]"


@lru_cache(maxsize=256)
def _tag(secret: bytes, about: str) -> str:
    return hmac.digest(secret, about.encode("utf-8", "replace"), "sha256").hex()[:8]
