"""A paged document with one needle, and a question for it."""

from longagent.documents import Document

NEEDLE = "The harbour of Skagen was rebuilt in 1907 for 482,000 crowns."
QUESTION = "What did rebuilding the harbour of Skagen cost?"


def long_document(pages: int = 30, *, needle_on: int = 17) -> Document:
    """Make a paged document whose answer stands on one page."""
    filler = (
        "On day {n} the surveyor walked the northern dunes and noted wind, tide and the colour of the sand. "
        "Nothing of importance was recorded, though gull number {n} was seen again near marker {n}. "
    )
    texts = [f"Page heading {n}\n\n" + filler.format(n=n) * 6 for n in range(1, pages + 1)]
    texts[needle_on - 1] += NEEDLE
    return Document.from_pages(texts, id=f"{pages:032x}{needle_on:032x}", name="survey.pdf", paged=True)
