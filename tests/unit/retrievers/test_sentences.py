"""Sentences ranked by their words and those around them."""

from longagent.documents import Document
from longagent.documents.parsed import Heading, Part
from longagent.retrievers import Sentences

FILLER = "The gulls were many on that day. The wind blew from the west. Nobody spoke of the weather. "
HARBOUR = Document.from_text(
    f"{FILLER}The harbour of Skagen was rebuilt in 1907. It cost 482,000 crowns. {FILLER}", name="harbour"
)
RAILWAY = Document.from_text(f"{FILLER}The railway cost 913,000 crowns in the end. {FILLER}", name="railway")


def texts(*documents: Document, query: str, limit: int | None = None) -> list[str]:
    return [ranked.span.text for ranked in Sentences(documents).rank(query, limit=limit)]


def test_what_a_sentence_stands_beside_counts() -> None:
    ranked = texts(HARBOUR, RAILWAY, query="What did the harbour of Skagen cost?", limit=3)
    assert set(ranked[:2]) == {"It cost 482,000 crowns.", "The harbour of Skagen was rebuilt in 1907."}
    # Neighbours end with their document.
    assert texts(RAILWAY, HARBOUR, query="railway")[0] == "The railway cost 913,000 crowns in the end."
    assert all("Skagen" not in text for text in texts(RAILWAY, HARBOUR, query="railway"))


def test_headings_above_count() -> None:
    parts = [
        Part(f"{name}\n\nThe fee is {fee} francs.", headings=(Heading(0, 1, name),))
        for name, fee in (("Zürich", 300), ("Basel", 200))
    ]
    document = Document.from_parts([*parts, Part(FILLER)], name="fees")
    assert texts(document, query="fee in Basel", limit=1) == ["The fee is 200 francs."]


def test_repeated_lines_come_once_for_each_document() -> None:
    header = Part("ACME annual report")
    documents = [Document.from_parts([header, Part(FILLER * n), header], name=str(n)) for n in (1, 2)]
    assert texts(*documents, query="annual report").count("ACME annual report") == 2


def test_nothing_in_common_is_not_ranked() -> None:
    assert texts(HARBOUR, query="zeppelin") == []
    assert texts(HARBOUR, query="the of and") == []
    assert texts(query="harbour") == []


def test_scores_fall_and_ties_keep_their_order() -> None:
    same = [Document.from_text(f"{number}. The harbour of Skagen.", name=str(number)) for number in (7, 8, 9)]
    ranked = Sentences(same).rank("harbour of Skagen")
    assert [each.span.document.name for each in ranked][:3] == ["7", "8", "9"]
    assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)


def test_neighbours_end_with_the_document() -> None:
    sentences = Sentences([RAILWAY, HARBOUR])
    first = sentences.rank("gulls")[0].span
    assert first.start == 0
    assert sentences.near(first, 1).text == "The gulls were many on that day. The wind blew from the west."
    assert sentences.near(first, 0) == first
    assert sentences.near(first, 99).text == RAILWAY.text.strip()
