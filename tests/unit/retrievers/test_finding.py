import asyncio
from pathlib import Path

import pytest

from longagent.documents import Document
from longagent.retrievers import SentenceIndex, sentence_index
from longagent.retrievers.finding import blocks_of
from longagent.retrievers.postings import Postings
from longagent.retrievers.windows import cut, windows
from longagent.store.index_store import IndexStore

FILLER = "The gulls were counted again in the morning. There were as many as before. "
ONE = Document.from_pages([FILLER * 40, FILLER * 40 + "The keeper is called Elsa Grimm. " + FILLER], id="1", name="one")
OTHER = Document.from_text("鸬鹚在早上被再次清点。灯塔看守人名叫埃尔莎。", name="other")


def find(query: str, *documents: Document, limit: int = 10) -> list[tuple[str, int, str]]:
    found = asyncio.run(sentence_index(documents)).find(query, limit=limit)
    return [(each.span.document.name, each.span.page, each.span.text) for each in found]


def test_the_sentence_is_found_with_its_document_and_page() -> None:
    assert find("What is the keeper called?", OTHER, ONE)[0] == ("one", 2, "The keeper is called Elsa Grimm.")
    assert find("灯塔看守人", ONE, OTHER) == [("other", 1, "灯塔看守人名叫埃尔莎。")]


def test_only_what_shares_a_word_is_found_and_no_more_than_asked_for() -> None:
    assert find("submarine", ONE) == []
    assert find("the?", ONE) == []
    assert len(find("gulls", ONE, limit=3)) == 3
    assert find("gulls", Document.from_text(" ")) == []


def test_equals_come_in_the_order_of_the_document() -> None:
    starts = [each.span.start for each in asyncio.run(sentence_index([ONE])).find("gulls", limit=30)]
    assert starts == sorted(starts)


def test_an_index_that_is_kept_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> SentenceIndex:
        store = IndexStore(tmp_path)
        made = await sentence_index([ONE, OTHER], store)
        await store.aclose()
        return made

    first = asyncio.run(go())
    monkeypatch.setattr(Postings, "of_texts", None)
    assert asyncio.run(go()).find("keeper") == first.find("keeper")


@pytest.mark.parametrize("text", [FILLER * 30, "a" * 5000, "行".join("天气很好。" * 500), "\n\n" * 900 + "x", "", " "])
@pytest.mark.parametrize("length", [7, 300])
def test_parts_cover_a_text_one_after_the_other(text: str, length: int) -> None:
    parts = [*cut(text, length=length)]
    assert "".join(text[start:end] for start, end in parts) == text
    assert all(end - start <= length for start, end in parts)
    assert all(windows(text, length=length))


def test_parts_end_with_sentences() -> None:
    assert all(part.endswith(".") for part in windows(FILLER * 30))


def test_no_block_spans_pages() -> None:
    assert all(block.page == block.page_end for block in blocks_of([ONE]))
