"""Where documents were cut is kept, and cutting holds up nobody."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from longagent.documents import Document, chunk
from longagent.documents.kept import cut_from, cut_key
from longagent.events import CuttingProgress, Event
from longagent.graphs import pieces
from longagent.graphs.pieces import cut_all

LONG = "\n\n".join("Every sentence has six words here. " * 7 for _ in range(200))


class Memory:
    """Keeps records in memory."""

    def __init__(self) -> None:
        self.records: dict[bytes, dict[str, Any]] = {}

    async def get(self, key: bytes) -> dict[str, Any] | None:
        return self.records.get(key)

    async def put(self, key: bytes, record: Mapping[str, Any]) -> None:
        self.records[key] = dict(record)


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    def pieces_(*_args: object, **_options: object) -> None:
        raise AssertionError("cut again")

    monkeypatch.setattr(pieces, "pieces", pieces_)
    monkeypatch.setattr("longagent.documents.chunking.count_tokens", pieces_)


def test_a_document_is_cut_once_for_each_size(monkeypatch: pytest.MonkeyPatch) -> None:
    documents, kept = [Document.from_text(LONG), Document.from_text("Short. " * 10)], Memory()
    first = asyncio.run(cut_all(documents, tokens=300, fill=0.5, kept=kept))
    assert first == chunk(documents, tokens=300)
    assert len(kept.records) == 1, "the short one is cut faster than looked up"
    forbid(monkeypatch)
    again = asyncio.run(cut_all([Document.from_text(LONG, name="other")], tokens=300, fill=0.5, kept=kept))
    assert [(each.span.start, each.tokens) for each in again] == [
        (each.span.start, each.tokens) for each in first if each.document is documents[0]
    ]
    for other in ({"tokens": 200, "fill": 0.5}, {"tokens": 300, "fill": 1.0}):
        with pytest.raises(AssertionError, match="cut again"):
            asyncio.run(cut_all([documents[0]], **other, kept=kept))  # type: ignore[arg-type]


def test_cuts_that_are_none_of_this_document_are_made_anew() -> None:
    document, kept = Document.from_text(LONG), Memory()
    right = chunk([document], tokens=300)
    whole = len(LONG)
    for nonsense in ([[0, whole + 1, 3]], [[5, 5, 3]], [[0, 9, 3], [8, 12, 3]], [["a", 2, 3]], [[1, 2]], 7, None):
        kept.records = {cut_key(document, tokens=300, fill=0.5): {"pieces": nonsense}}
        assert asyncio.run(cut_all([document], tokens=300, fill=0.5, kept=kept)) == right
        (record,) = kept.records.values()
        assert cut_from(record, document) is not None
    kept.records = {cut_key(document, tokens=300, fill=0.5): {}}
    assert asyncio.run(cut_all([document], tokens=300, fill=0.5, kept=kept)) == right


def test_the_key_tells_texts_pages_and_headings_apart() -> None:
    one = Document.from_pages(["aa", "bb"], id="same", name="x")
    other = Document.from_pages(["aa\n\nbb"], id="same", name="x")
    assert one.text == other.text
    assert cut_key(one, tokens=9, fill=0.5) != cut_key(other, tokens=9, fill=0.5)
    assert cut_key(one, tokens=9, fill=0.5) == cut_key(
        Document.from_pages(["aa", "bb"], id="other", name="y"), tokens=9, fill=0.5
    )


def test_a_long_cut_tells_how_far_it_is_and_does_not_hold_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_PATIENCE", 0.02)
    document, told = Document.from_text(LONG * 10), list[Event]()

    async def main() -> int:
        cutting = asyncio.create_task(cut_all([document], tokens=300, fill=0.5, emit=told.append))
        turns = 0
        while not cutting.done():
            await asyncio.sleep(0.01)
            turns += 1
        return turns

    assert asyncio.run(main()) > 5
    done = [event.done for event in told if isinstance(event, CuttingProgress)]
    assert len(done) > 1
    assert done == sorted(done)
    assert {event.total for event in told if isinstance(event, CuttingProgress)} == {len(document.text)}


def test_a_cut_that_nobody_waits_for_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0
    cut = pieces.pieces

    def counting(*args: Any, **options: Any) -> Any:
        nonlocal taken
        for piece in cut(*args, **options):
            taken += 1
            yield piece

    monkeypatch.setattr(pieces, "pieces", counting)
    document = Document.from_text(LONG * 20)

    async def main() -> None:
        cutting = asyncio.create_task(cut_all([document], tokens=100, fill=0.5))
        while not taken:
            await asyncio.sleep(0.001)
        cutting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cutting

    asyncio.run(main())
    assert taken < 2000
