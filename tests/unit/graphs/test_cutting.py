from longagent.documents import Document, chunk
from longagent.graphs.cutting import _hash


def test_what_was_cut_is_told_by_its_text_too() -> None:
    texts = ["The fee is 300 francs.", "The fee is 200 francs.", "The fee is 300 francs."]
    one, other, again = (chunk([Document.from_pages([text], id="same", name="x")], tokens=99) for text in texts)
    assert _hash(one) == _hash(again) != _hash(other)
