"""Documents as other libraries hand them over, known by their attributes: none of those libraries is imported."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from longagent.documents.document import Document
from longagent.documents.formats.text import clean
from longagent.documents.parsed import Part
from longagent.errors import SourceError, UsageError

_MOST_PAGES = 100_000
"""A page number beyond this is taken for none."""


class LangChainDocument(Protocol):
    """`Document` of LangChain. Those with the same `source` become one document, with pages if they have a `page`."""

    page_content: str
    metadata: dict[Any, Any]


class LlamaIndexNode(Protocol):
    """`Document` or node of LlamaIndex. Those of the same file become one document, with pages by `page_label`."""

    metadata: dict[str, Any]

    def get_content(self) -> str:
        """Return its text."""
        ...


class Column(Protocol):
    """A column of a data frame: a document with a section for each row."""

    name: Any

    def to_list(self) -> list[Any]:
        """Return its values."""
        ...


Handed = LangChainDocument | LlamaIndexNode | Column


class _Piece(NamedTuple):
    """What one object holds."""

    text: str
    source: str | None
    """What it came from; pieces with the same belong together."""
    page: int | None
    """Counted from 1."""
    label: str | None
    title: str | None


def gather(sources: Sequence[Any]) -> list[Any]:
    """Return sources with what other libraries made as documents of ours, each where its first piece stood."""
    gathered: list[Any] = []
    groups: dict[str, list[_Piece]] = {}
    for source in sources:
        piece = _piece(source)
        if piece is None:
            gathered.append(_column(source) if _is_column(source) else source)
        elif piece.source is None:
            gathered.append(_document("document", [piece]))
        elif piece.source in groups:
            groups[piece.source].append(piece)
        else:
            groups[piece.source] = [piece]
            gathered.append(groups[piece.source])
    # A list can only be one of the groups: what a user hands over in a list is no source.
    named = {id(pieces): name for name, pieces in groups.items()}
    return [_document(named[id(each)], each) if id(each) in named else each for each in gathered]


def from_rows(texts: Iterable[Any], *, name: str, titles: Iterable[Any] | None = None) -> Document:
    """Make a document with a section for each row; rows without text keep their number."""
    rows = [clean(_words(text)) for text in texts]
    called = [None] * len(rows) if titles is None else [_words(title).strip() or None for title in titles]
    parts = [Part(row, title=title) for row, title in zip(rows, called, strict=True)]
    if not any(row.strip() for row in rows):
        raise SourceError(name, "holds no text.")
    return Document.from_parts(parts, name=name, format="rows")


def column_of(frame: Any, column: str) -> list[Any]:
    """Return the values of a data frame's column.

    Raises:
        UsageError: it has none of that name.
    """
    columns = getattr(frame, "columns", None)
    if columns is None:
        raise UsageError(f"A {type(frame).__name__} is no data frame.")
    if column not in list(columns):
        raise UsageError(f"There is no column {column!r}.", hint=f"There are: {', '.join(map(str, columns))}.")
    return list(frame[column].to_list())


def refusal(source: object) -> UsageError:
    """Return what to say of something that is no document."""
    kind = type(source).__name__
    if hasattr(source, "columns"):
        return UsageError(
            f"A {kind} is not a document.", hint='Name its column of texts: Document.from_dataframe(df, text="body").'
        )
    if isinstance(source, Iterable):
        return UsageError(f"A {kind} is not a document.", hint="Pass several documents in a list.")
    return UsageError(f"A {kind} is not a document.", hint="Pass a path, bytes, an open file or a Document.")


def _piece(source: Any) -> _Piece | None:
    metadata = getattr(source, "metadata", None)
    if isinstance(source, Document) or not isinstance(metadata, Mapping):
        return None
    if isinstance(text := getattr(source, "page_content", None), str):
        page = metadata.get("page")
        return _Piece(
            text=clean(text),
            source=_named(metadata, "source", "file_path", "file_name"),
            page=page + 1 if isinstance(page, int) and 0 <= page < _MOST_PAGES else None,
            label=_named(metadata, "page_label"),
            title=_named(metadata, "title"),
        )
    # A node that was found comes wrapped, together with its score; it passes on both attributes.
    if callable(content := getattr(source, "get_content", None)):
        label = _named(metadata, "page_label")
        counted = label is not None and label.isascii() and label.isdigit() and 0 < int(label) <= _MOST_PAGES
        return _Piece(
            text=clean(str(content())),
            source=_named(metadata, "file_path", "file_name") or getattr(source, "ref_doc_id", None),
            page=int(label) if label and counted else None,
            label=label,
            title=_named(metadata, "title"),
        )
    return None


def _document(name: str, pieces: list[_Piece]) -> Document:
    numbers = [piece.page for piece in pieces]
    if all(number is not None for number in numbers):
        return _paged(name, pieces)
    parts = [Part(piece.text, title=piece.title, label=piece.label) for piece in pieces]
    return Document.from_parts(parts, name=name)


def _paged(name: str, pieces: list[_Piece]) -> Document:
    """Put each piece on its page; pages that were not handed over are empty."""
    by_page: dict[int, list[_Piece]] = {}
    for piece in pieces:
        by_page.setdefault(piece.page or 1, []).append(piece)
    parts = []
    for number in range(1, max(by_page) + 1):
        on_page = by_page.get(number, [])
        label = next((piece.label for piece in on_page if piece.label), None)
        parts.append(Part("\n\n".join(piece.text for piece in on_page), label=label))
    return Document.from_parts(parts, name=name, paged=True)


def _is_column(source: Any) -> bool:
    return callable(getattr(source, "to_list", None)) and hasattr(source, "name") and not hasattr(source, "read")


def _column(column: Any) -> Document:
    """Rows are called by the column's index, where that says more than their number."""
    values = column.to_list()
    index = getattr(column, "index", None)
    labels = [] if index is None or callable(index) else list(index)
    titles = labels if len(labels) == len(values) and labels != list(range(len(values))) else None
    return from_rows(values, name=_words(column.name) or "column", titles=titles)


def _named(metadata: Mapping[Any, Any], *keys: str) -> str | None:
    return next((str(metadata[key]) for key in keys if metadata.get(key) not in (None, "")), None)


def _words(value: Any) -> str:
    """Return a cell as text; the several ways to say that there is nothing in it are all empty."""
    said = str(value)
    return "" if not isinstance(value, str) and said in {"None", "nan", "NaN", "NaT", "<NA>"} else said
