"""What a file becomes: one immutable text with pages, and chunks that are slices of it."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from longagent.documents.formats.text import clean
from longagent.documents.outline import Outline, line
from longagent.documents.parsed import Heading, Parsed, Part

PAGE_BREAK = "\n\n"
"""Pages are joined by a blank line."""
UNDER = "Under: "
"""Stands before the headings of a chunk where a model is shown it."""


class Page(NamedTuple):
    """A page (or, in formats without pages, a section) as a range of code points in the document's text."""

    number: int
    """Counted from 1 in the file, whatever is printed on the page."""
    start: int
    end: int
    title: str | None = None
    """Heading of a section, name of a sheet, where there is one."""
    label: str | None = None
    """What is printed on the page as its number, where the file tells; of a sheet or table, its rows."""


@dataclass(frozen=True)
class Document:
    """A source that was read. `text` is the pages joined by a blank line; offsets everywhere are code points in it."""

    id: str
    """sha256 of the source's bytes, hexadecimal."""
    name: str
    """As the user gave it; a label, never opened again."""
    text: str
    pages: tuple[Page, ...]
    paged: bool = False
    """Whether `pages` are real pages; else they are sections."""
    warnings: tuple[str, ...] = ()
    """What the reader of the file noticed, such as pages without text."""

    headings: tuple[Heading, ...] = ()
    """In order."""
    format: str = "text"
    """What it was read from, such as `pdf`."""

    @classmethod
    def from_parsed(cls, parsed: Parsed, *, id: str, name: str, format: str = "text") -> "Document":  # noqa: A002
        """Join the parts of a file into a document; what is shown beside its text is cleaned here for all readers."""
        pages: list[Page] = []
        headings: list[Heading] = []
        start = 0
        for number, part in enumerate(parsed.parts, start=1):
            title, label = (said and (clean(said) or None) for said in (part.title, part.label))
            pages.append(Page(number, start, start + len(part.text), title, label))
            headings += [Heading(start + at, level, clean(name)) for at, level, name in part.headings]
            start += len(part.text) + len(PAGE_BREAK)
        return cls(
            id=id,
            name=name,
            text=PAGE_BREAK.join(part.text for part in parsed.parts),
            pages=tuple(pages),
            paged=parsed.paged,
            warnings=tuple(map(clean, parsed.warnings)),
            headings=tuple(headings),
            format=format,
        )

    @classmethod
    def from_pages(
        cls,
        pages: Sequence[str],
        *,
        id: str,  # noqa: A002
        name: str,
        paged: bool = False,
        warnings: Sequence[str] = (),
        format: str = "text",  # noqa: A002
    ) -> "Document":
        """Join page texts into a document."""
        parsed = Parsed(tuple(map(Part, pages)), paged, tuple(warnings))
        return cls.from_parsed(parsed, id=id, name=name, format=format)

    @classmethod
    def from_text(cls, text: str, *, name: str = "text") -> "Document":
        """Make a document of one section from text at hand."""
        return cls.from_pages([text], id=sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), name=name)

    @classmethod
    def from_parts(
        cls,
        parts: Sequence[Part],
        *,
        name: str,
        paged: bool = False,
        format: str = "text",  # noqa: A002
    ) -> "Document":
        """Make a document of pages or sections at hand; equal ones have the same id, whatever the name."""
        said = repr([(part.text, part.title, part.label) for part in parts])
        hash_ = sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
        return cls.from_parsed(Parsed(tuple(parts), paged), id=hash_, name=name, format=format)

    @classmethod
    def from_dataframe(cls, frame: Any, *, text: str, title: str | None = None, name: str = "data frame") -> "Document":
        """Make a document of a data frame (pandas, polars), with a section for each row.

        Args:
            frame: has columns under their names.
            text: the column that holds the texts.
            title: the column that tells rows apart, such as an id; without it rows have numbers, counted from 1.
            name: of the document.

        Raises:
            UsageError: there is no such column.
            SourceError: the column holds no text.
        """
        from longagent.documents.handed import column_of, from_rows

        titles = None if title is None else column_of(frame, title)
        return from_rows(column_of(frame, text), name=name, titles=titles)

    @cached_property
    def outline(self) -> Outline:
        """The headings, ready to be asked for places."""
        return Outline(self.headings)

    @cached_property
    def _starts(self) -> list[int]:
        return [page.start for page in self.pages]

    def page_at(self, offset: int) -> Page:
        """Return the page that holds a code point; a point in the gap between pages belongs to the page before it."""
        return self.pages[max(0, bisect_right(self._starts, offset) - 1)]

    def path_at(self, offset: int) -> tuple[str, ...]:
        """Return the headings that a code point stands under, the highest first."""
        return tuple(heading.title for heading in self.outline.path(offset))

    def page_text(self, page: Page) -> str:
        """Return the text of one page."""
        return self.text[page.start : page.end]

    def to_dict(self) -> dict[str, Any]:
        """Return what `longagent show --json` prints."""
        return {
            "document": self.name,
            "document_id": self.id,
            "format": self.format,
            "text": self.text,
            "pages": [page._asdict() | {"text": self.page_text(page)} for page in self.pages],
            "headings": [heading._asdict() for heading in self.headings],
            "warnings": list(self.warnings),
        }


class Span(NamedTuple):
    """A range of code points in a document."""

    document: Document
    start: int
    end: int

    @property
    def text(self) -> str:
        """The text of the range."""
        return self.document.text[self.start : self.end]

    @property
    def page(self) -> int:
        """Number of the first page it touches."""
        return self.document.page_at(self.start).number

    @property
    def page_label(self) -> str | None:
        """What is printed on the first page as its number, where the file tells."""
        return self.document.page_at(self.start).label

    @property
    def page_end(self) -> int:
        """Number of the last page it touches."""
        return self.document.page_at(max(self.start, self.end - 1)).number

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings it stands under, the highest first, without those it begins with or holds."""
        path = self.document.outline.path(self.start)
        return tuple(heading.title for heading in path if heading.start < self.start)

    @property
    def under(self) -> str:
        """These headings as one short line, of the document's words; empty where there are none."""
        return line(self.headings)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document, small enough for one call."""

    index: int
    """Counted from 0 over all documents of a run."""
    span: Span
    tokens: int
    """Length in tokens, with the headings it stands under, as counted when the document was cut."""

    @property
    def text(self) -> str:
        """The text of the chunk: exactly a slice of the document's text."""
        return self.span.text

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings it stands under, the highest first, without those in it."""
        return self.span.headings

    @property
    def search_text(self) -> str:
        """What retrieval should see of it: its text, and before it the headings it stands under."""
        return f"{under}\n{self.text}" if (under := self.span.under) else self.text

    @property
    def document(self) -> Document:
        """The document it was cut from."""
        return self.span.document
