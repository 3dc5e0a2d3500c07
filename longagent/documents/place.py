"""Where something stands, in the words in which people find it again: `p. 6`, `slide 3`, `sheet “Sales”`, `line 12`."""

from longagent.documents.document import Document, Page, Span

_UNITS = {
    "pptx": "slide",
    "xlsx": "sheet",
    "epub": "chapter",
    "csv": "table",
    "rows": "row",
}
_NAMED = frozenset({"sheet", "table"})
"""Nobody counts these: their pages have a name, or tell their rows."""
_LONGEST_TITLE = 60


def unit(document: Document) -> str:
    """Return what the pages of a document are called."""
    return _UNITS.get(document.format) or ("page" if document.paged else "section")


def size(document: Document) -> tuple[int, str]:
    """Return how many pages a document has, and what they are called; a sheet counts once, however long."""
    kind = unit(document)
    count = len({page.title for page in document.pages}) if kind in _NAMED else len(document.pages)
    return count, kind if count == 1 else f"{kind}s"


def place(span: Span) -> str:
    """Return where a span stands in its document; without the document's name."""
    document = span.document
    first = document.page_at(span.start)
    last = document.page_at(max(span.start, span.end - 1))
    if len(document.pages) == 1 and not document.paged and first.title is None and first.label is None:
        return _lines(span)
    kind = unit(document)
    if kind == "page":
        return _range("p. ", first, last) + _printed(first, last)
    if first is last:
        return heading(document, first)
    if kind in _NAMED:
        return f"{heading(document, first)} – {heading(document, last)}"
    return _range(f"{kind}s ", first, last)


def heading(document: Document, page: Page, *, counted: bool = False) -> str:
    """Return what a page or section is called, such as `page 6`, `section 3 “Results”`; if counted, `page 6 of 9`."""
    kind = unit(document)
    title = " ".join((page.title or "").split())
    quoted = f" “{_shortened(title)}”" if title else ""
    if kind in _NAMED and (title or page.label):
        return ", ".join(filter(None, (f"{kind}{quoted}" if title else "", page.label)))
    called = f"{kind} {page.number}" + (f" of {len(document.pages)}" if counted else "") + quoted
    if document.paged:
        return called + _printed(page, page)
    return f"{called}, {page.label}" if page.label else called


def _range(before: str, first: Page, last: Page) -> str:
    return f"{before}{first.number}" if first.number == last.number else f"{before}{first.number}–{last.number}"


def _printed(first: Page, last: Page) -> str:
    labels = [page.label or str(page.number) for page in (first, last)]
    if labels == [str(first.number), str(last.number)]:
        return ""
    return f" (printed {'–'.join(dict.fromkeys(labels))})"


def _lines(span: Span) -> str:
    text = span.document.text
    first = text.count("\n", 0, span.start) + 1
    last = first + text.count("\n", span.start, span.end)
    return f"line {first}" if first == last else f"lines {first}–{last}"


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1].rstrip() + "…"
