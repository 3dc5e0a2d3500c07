"""Documents of other libraries; those that are installed are used themselves."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from longagent.documents import Document, Loaded, Span, load, place
from longagent.errors import SourceError, UsageError


def read(*sources: Any) -> Loaded:
    return asyncio.run(load(sources))


def pages(document: Document) -> list[str]:
    return [document.page_text(page) for page in document.pages]


class Column(list):
    """A column as polars has it: values and a name, no index."""

    name = "body"

    def to_list(self) -> list[Any]:
        return [*self]


class Node:
    """A node as LlamaIndex has it."""

    def __init__(self, text: str, ref_doc_id: str | None = None, **metadata: Any) -> None:
        self._text, self.metadata, self.ref_doc_id = text, metadata, ref_doc_id

    def get_content(self) -> str:
        return self._text


def test_pages_of_a_langchain_source_are_one_document() -> None:
    documents = pytest.importorskip("langchain_core.documents")
    loaded = read(
        documents.Document("three\r\n", metadata={"source": "a.pdf", "page": 2, "page_label": "iii"}),
        Document.from_text("between", name="between"),
        documents.Document("one", metadata={"source": "a.pdf", "page": 0}),
        documents.Document("one goes on", metadata={"source": "a.pdf", "page": 0}),
        documents.Document("other", metadata={"source": "b.txt"}),
        documents.Document("nameless"),
    )
    assert [document.name for document in loaded.documents] == ["a.pdf", "between", "b.txt", "document"]
    paper = loaded.documents[0]
    assert (paper.paged, pages(paper)) == (True, ["one\n\none goes on", "", "three\n"])
    at = paper.text.index("three")
    assert place(Span(paper, at, at + 5)) == "p. 3 (printed iii)"


def test_pieces_without_pages_are_sections() -> None:
    piece = SimpleNamespace(page_content="first", metadata={"source": "a.html", "title": "One"})
    other = SimpleNamespace(page_content="second", metadata={"source": "a.html", "page": "x"})
    (document,) = read(piece, other).documents
    assert (document.paged, pages(document)) == (False, ["first", "second"])
    assert place(Span(document, 0, 5)) == "section 1 “One”"


def test_a_page_number_beyond_belief_is_none() -> None:
    piece = SimpleNamespace(page_content="first", metadata={"source": "a.pdf", "page": 10**12})
    (document,) = read(piece).documents
    assert pages(document) == ["first"]


def test_nodes_of_a_file_are_one_document() -> None:
    (report, note) = read(
        Node("two", file_path="r.pdf", page_label="2"),
        Node("note", ref_doc_id="n1"),
        Node("one", file_path="r.pdf", page_label="1"),
    ).documents
    assert (report.name, report.paged, pages(report)) == ("r.pdf", True, ["one", "two"])
    assert (note.name, pages(note)) == ("n1", ["note"])
    (front,) = read(
        Node("a", file_name="f.pdf", page_label="iv"), Node("b", file_name="f.pdf", page_label="1")
    ).documents
    assert (front.paged, [page.label for page in front.pages]) == (False, ["iv", "1"])


def test_real_nodes() -> None:
    schema = pytest.importorskip("llama_index.core.schema")
    whole = schema.Document(text="one", metadata={"file_path": "r.pdf", "page_label": "1"})
    found = schema.NodeWithScore(
        node=schema.TextNode(text="two", metadata={"file_path": "r.pdf", "page_label": "2"}), score=0.5
    )
    (document,) = read(whole, found).documents
    assert (document.name, pages(document)) == ("r.pdf", ["one", "two"])


def test_a_column_is_a_document_with_a_section_for_each_row() -> None:
    (document,) = read(Column(["first", None, float("nan"), 4])).documents
    assert (document.name, pages(document)) == ("body", ["first", "", "", "4"])
    assert place(Span(document, 0, 5)) == "row 1"
    with pytest.raises(SourceError, match="body: holds no text"):
        read(Column([None, ""]))


def test_data_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": ["T-1", "T-2"], "body": ["The pump failed.", pandas.NA]}, index=[10, 20])
    tickets = Document.from_dataframe(frame, text="body", title="id", name="tickets")
    assert pages(tickets) == ["The pump failed.", ""]
    assert place(Span(tickets, 0, 8)) == "row 1 “T-1”"
    (column,) = read(frame["body"]).documents
    assert place(Span(column, 0, 8)) == "row 1 “10”"
    with pytest.raises(UsageError, match="no column 'text'. There are: id, body"):
        Document.from_dataframe(frame, text="text")
    with pytest.raises(UsageError, match=r"A DataFrame is not a document. .*from_dataframe\(df"):
        read(frame)
    with pytest.raises(UsageError, match="A list is no data frame"):
        Document.from_dataframe([], text="text")


@pytest.mark.parametrize(
    ("source", "hint"), [((text for text in "ab"), "in a list"), (["a.txt"], "in a list"), (12, "a path, bytes")]
)
def test_what_is_no_document(source: Any, hint: str) -> None:
    with pytest.raises(UsageError, match=rf"A \w+ is not a document.*{hint}"):
        read(source)
