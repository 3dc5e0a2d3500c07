"""The second search cuts nothing, and finds the same."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from longagent import find
from longagent.documents import Document
from longagent.documents.parsed import Heading, Part
from longagent.retrievers import kept_sentences as kept
from longagent.retrievers.sentences import RankedSpan
from longagent.store.index_store import IndexStore

FILLER = "The gulls were many on that day. The wind blew from the west. Nobody spoke of the weather.\n\n" * 40
LONG = Document.from_parts(
    [
        Part(f"Zürich\n\nThe fee is 300 francs. {FILLER}", headings=(Heading(0, 1, "Zürich"),)),
        Part(f"Basel\n\nThe fee is 200 francs. {FILLER}", headings=(Heading(0, 1, "Basel"),)),
    ],
    name="fees",
)
SHORT = Document.from_text("The harbour of Basel.", name="short")


def ranked(folder: Path | None, *documents: Document) -> list[RankedSpan]:
    async def go() -> list[RankedSpan]:
        store = None if folder is None else IndexStore(folder)
        try:
            return (await kept.kept_sentences(documents, store)).rank("fee in Basel", limit=5)
        finally:
            if store is not None:
                await store.aclose()

    return asyncio.run(go())


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the documents whose sentences were found anew."""
    names: list[str] = []
    found = kept.sentenced

    def counted(document: Document) -> Any:
        names.append(document.name)
        return found(document)

    monkeypatch.setattr(kept, "sentenced", counted)
    return names


def test_the_second_time_only_what_is_short_or_new_is_cut(tmp_path: Path, cut: list[str]) -> None:
    expected = ranked(None, LONG, SHORT)
    assert ranked(tmp_path, LONG, SHORT) == expected
    assert ranked(tmp_path, LONG, SHORT) == expected
    assert cut == ["fees", "short", "short"]
    other = Document.from_text(LONG.text, name="without its headings")
    assert ranked(tmp_path, other)[0].span.text != expected[0].span.text
    assert cut[3:] == ["without its headings"]


@pytest.mark.parametrize("spoilt", [{"starts": "AAAAAA=="}, {"ends": "x"}, {"words": {}}, {"words": 7}])
def test_an_entry_that_cannot_be_read_is_made_anew(tmp_path: Path, cut: list[str], spoilt: dict[str, Any]) -> None:
    async def spoil() -> None:
        store = IndexStore(tmp_path)
        await store.shelf("words").put(kept._key(LONG), kept._to_record(kept.sentenced(LONG)) | spoilt)
        await store.aclose()

    asyncio.run(spoil())
    cut.clear()
    assert ranked(tmp_path, LONG) == ranked(None, LONG)
    assert cut == ["fees"]


def kinds(folder: Path) -> Sequence[int]:
    async def go() -> Sequence[int]:
        store = IndexStore(folder)
        held = await store.by_kind()
        await store.aclose()
        return held["documents"].entries, held["words"].entries

    return asyncio.run(go())


def test_with_a_password_no_words_are_kept(tmp_path: Path) -> None:
    source, cache = tmp_path / "fees.txt", tmp_path / "cache"
    source.write_text(LONG.text)
    assert find(source, "fee", cache_dir=cache, password="secret")
    assert kinds(cache)[1] == 0
    assert find(source, "fee", cache_dir=cache)
    assert kinds(cache)[1] == 1
