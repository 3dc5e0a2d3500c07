"""On any text in any script: chunks are exact slices, in order, within the limit, and leave out only white space."""

from hypothesis import given, settings
from hypothesis import strategies as st

from longagent.documents.chunking import chunk
from longagent.documents.document import Document
from longagent.documents.formats.text import clean
from longagent.documents.parsed import Heading, Parsed, Part
from longagent.documents.tokens import count_tokens

SENTENCES = (
    "The sum was 3.5 million (see p. 4). ",
    "Dr. Smith et al. disagree!\n",
    "项目预算为三百五十万元。今天天气很好！",
    "これはペンです。「本当？」と彼は言った。",
    "هل هذا صحيح؟ نعم، إنه كذلك. ",
    "यह पहला वाक्य है। यह दूसरा है। ",
    "นี่คือประโยคแรก นี่คือประโยคที่สอง ",
    "Первое предложение. Второе? ",
    "👩‍👩‍👧‍👦🤷🏽‍♀️é",
    "row 12 34 5.6\n",
    "\n\n",
    "x" * 700,
    "漢" * 700,
    "a,b;" * 300,
    " " * 50,
)
MIXED = st.lists(st.sampled_from(SENTENCES) | st.text(max_size=40), max_size=12).map("".join).map(clean)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Pages with headings anywhere, even in the middle of a word, on one line, or one after the other."""
    parts = []
    for text in draw(st.lists(MIXED, min_size=1, max_size=3)):
        at = draw(st.lists(st.integers(0, max(0, len(text) - 1)), max_size=4, unique=True)) if text else []
        headings = tuple(Heading(start, draw(st.integers(1, 4)), draw(st.text(max_size=60))) for start in sorted(at))
        parts.append(Part(text, headings=headings))
    return Document.from_parsed(Parsed(tuple(parts)), id="x", name="x")


@settings(max_examples=60, deadline=None, database=None)
@given(document=documents(), limit=st.integers(20, 400), fill=st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_chunks_are_exact(document: Document, limit: int, fill: float) -> None:
    position = 0
    for index, piece in enumerate(chunk([document], tokens=limit, fill=fill)):
        start, end = piece.span.start, piece.span.end
        assert piece.index == index
        assert position <= start < end
        assert piece.text == document.text[start:end] == piece.text.strip()
        assert not document.text[position:start].strip()
        # Sentences that stand side by side without a space may be a token or two less than both together.
        assert count_tokens(piece.text) <= limit + 2
        if not piece.headings:
            assert piece.tokens <= limit
        position = end
    assert not document.text[position:].strip()


def test_the_space_before_a_part_is_counted_with_it() -> None:
    words = ["นี่คือประโยคแรก", "นี่คือประโยคที่สอง"]
    document = Document.from_text(" ".join([*words, *words, "0𐀀"]))
    assert max(count_tokens(piece.text) for piece in chunk([document], tokens=20, fill=0.0)) <= 20
