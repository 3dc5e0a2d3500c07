import pytest

from longagent.documents.chunking import chunk
from longagent.documents.document import Chunk, Document
from longagent.documents.parsed import Heading, Parsed, Part
from longagent.documents.tokens import count_tokens

TEXTS = {
    "prose": "The first sentence is here. A second one follows it.\n\nThen a paragraph begins anew. " * 200,
    "no white space": "x" * 100_000,
    "repetition": "All work and no play makes Jack a dull boy. " * 2000,
    "emoji": "😀🤷🏽‍♀️ née. " * 500,
    "chinese": "项目预算为三百五十万元。今天天气很好！" * 500,
    "lines": "\n".join(f"row {i} 12 34" for i in range(3000)),
    "special tokens": "<|endoftext|> and <|im_start|> are words. " * 200,
}


def assert_exact(document: Document, chunks: list[Chunk], limit: int) -> None:
    """Chunks are slices, in order, not empty, not over the limit, and together everything but white space."""
    position = 0
    for piece in chunks:
        assert piece.text == document.text[piece.span.start : piece.span.end]
        assert piece.text.strip() == piece.text != ""
        assert not document.text[position : piece.span.start].strip()
        assert piece.span.start >= position
        assert piece.tokens <= limit
        assert count_tokens(piece.text) <= limit
        position = piece.span.end
    assert not document.text[position:].strip()


@pytest.mark.parametrize("limit", [50, 300, 4000])
@pytest.mark.parametrize("kind", TEXTS)
def test_exact_offsets(kind: str, limit: int) -> None:
    document = Document.from_text(TEXTS[kind])
    chunks = chunk([document], tokens=limit)
    assert_exact(document, chunks, limit)
    assert sum(piece.tokens for piece in chunks) == pytest.approx(count_tokens(document.text), rel=0.08)


def test_ends_at_a_paragraph_rather_than_a_sentence() -> None:
    text = "\n\n".join("Every sentence has six words here. " * 7 for _ in range(20))
    chunks = chunk([Document.from_text(text)], tokens=130)
    assert {len(piece.text.split("\n\n")) for piece in chunks} == {2}


def test_half_full_chunks_end_with_the_page() -> None:
    pages = ["A sentence of about ten tokens stands on this page. " * 7] * 4
    document = Document.from_pages(pages, id="x", name="x", paged=True)
    assert [(c.span.page, c.span.page_end) for c in chunk([document], tokens=120)] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert [(c.span.page, c.span.page_end) for c in chunk([document], tokens=260)] == [(1, 2), (3, 4)]


def test_an_edit_stays_local() -> None:
    pages = [f"Page {number} says something. " * 20 for number in range(30)]
    before = chunk([Document.from_pages(pages, id="x", name="x")], tokens=200)
    pages[3] += "One more sentence was added here. " * 3
    after = chunk([Document.from_pages(pages, id="y", name="x")], tokens=200)
    assert len({piece.text for piece in after} - {piece.text for piece in before}) <= 3


def test_numbers_run_through_all_documents() -> None:
    documents = [Document.from_text("One. " * 300), Document.from_text("Two. " * 300)]
    chunks = chunk(documents, tokens=200)
    assert [piece.index for piece in chunks] == list(range(len(chunks)))
    assert {piece.document.text[:3] for piece in chunks} == {"One", "Two"}


def test_a_limit_below_one_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        chunk([Document.from_text("a")], tokens=0)


def test_counts_like_the_real_vocabulary() -> None:
    assert count_tokens("Hello world, this is a test.") == 8
    assert count_tokens("") == 0
    assert count_tokens("<|endoftext|>") > 1
    assert count_tokens("x" * 100_000) < 30_000


def with_headings(text: str) -> Document:
    """A document of one page, in which lines that begin with # are headings."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:index]) for index in range(len(lines))]
    headings = [
        Heading(start, line.count("#"), line.strip("# "))
        for start, line in zip(starts, lines, strict=True)
        if line.startswith("#")
    ]
    return Document.from_parsed(Parsed((Part(text, headings=tuple(headings)),)), id="x", name="x")


def test_half_full_chunks_end_before_the_next_heading() -> None:
    sections = [f"# Part {n}\n" + "A sentence of about ten tokens stands in this part. " * 7 for n in range(4)]
    chunks = chunk([with_headings("\n".join(sections))], tokens=120)
    assert [piece.text[:8] for piece in chunks] == [f"# Part {n}" for n in range(4)]


def test_a_heading_is_not_left_behind_at_the_end_of_a_chunk() -> None:
    body = "A sentence of about ten tokens stands in this part. "
    for before in range(5, 14):
        text = f"# One\n{body * 2}\n\n{body * before}\n\n## A heading like others\n\n{body * 9}"
        for piece in chunk([with_headings(text)], tokens=120):
            assert not piece.text.endswith("others")


def test_headings_a_chunk_stands_under_take_of_its_tokens() -> None:
    text = "# The annual report of 2023\n## Risks\n" + "A sentence of about ten tokens stands here. " * 60
    first, *others = chunk([with_headings(text)], tokens=100)
    assert first.headings == ()
    for piece in others:
        assert piece.headings == ("The annual report of 2023", "Risks")
        assert count_tokens(f"Under: {piece.span.under}\n{piece.text}") <= piece.tokens <= 100
    assert all(piece.tokens > 80 for piece in others[:-1])


def test_endless_headings_leave_half_of_a_chunk_to_its_text() -> None:
    text = f"# {'漢字' * 200}\n" + "A sentence of about ten tokens stands here. " * 40
    chunks = chunk([with_headings(text)], tokens=60)
    assert all(count_tokens(piece.text) > 20 for piece in chunks[2:-1])
