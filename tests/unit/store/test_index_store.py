"""The index store: entries by key, whatever happens to its file. What it shares with the cache is tested there."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from longagent.store import entries
from longagent.store.index_store import IndexStore


def key(number: int) -> bytes:
    return sha256(str(number).encode()).digest()


def entry(number: int) -> dict[str, Any]:
    return {"facts": [[f"Fact {number}.", ["fact", str(number)]]], "cut": 0}


def with_store(folder: Path, work: Callable[[IndexStore], Awaitable[Any]], **options: int) -> Any:
    async def main() -> Any:
        store = IndexStore(folder, **options)
        try:
            return await work(store)
        finally:
            await store.aclose()

    return asyncio.run(main())


async def fill(store: IndexStore) -> None:
    for number in range(1200):
        await store.put(key(number), entry(number))


def test_many_entries_are_there_at_once_for_the_next_process(tmp_path: Path) -> None:
    with_store(tmp_path, fill)
    keys = [key(number) for number in range(1300)]
    found = with_store(tmp_path, lambda store: store.get_many(keys))
    assert found == {key(number): entry(number) for number in range(1200)}
    assert with_store(tmp_path, lambda store: store.get_many([])) == {}
    info = with_store(tmp_path, lambda store: store.info())
    assert (info.path, info.entries) == (tmp_path / "index.db", 1200)


def test_what_waits_to_be_written_is_found(tmp_path: Path) -> None:
    async def at_once(store: IndexStore) -> None:
        await store.put(key(1), entry(1))
        assert await store.get_many([key(1), key(2)]) == {key(1): entry(1)}

    with_store(tmp_path, at_once)


def test_what_is_being_packed_when_it_is_closed_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packing, go_on = threading.Event(), threading.Event()
    pack = entries.pack

    def slow(record: Any) -> bytes:
        packing.set()
        go_on.wait(5)
        return pack(record)

    monkeypatch.setattr(entries, "pack", slow)

    async def close_meanwhile(store: IndexStore) -> None:
        await store.put(key(1), entry(1))
        await asyncio.to_thread(packing.wait, 5)
        asyncio.get_running_loop().call_later(0.05, go_on.set)

    with_store(tmp_path, close_meanwhile)
    assert with_store(tmp_path, lambda store: store.get(key(1))) == entry(1)


def test_it_keeps_within_its_size_and_can_be_cleared(tmp_path: Path) -> None:
    with_store(tmp_path, fill, max_bytes=128 * 1024)
    assert 100 < with_store(tmp_path, lambda store: store.info()).entries < 1200
    assert with_store(tmp_path, lambda store: store.clear()) > 100
    assert with_store(tmp_path, lambda store: store.info()).entries == 0


def test_an_entry_that_is_damaged_is_dropped_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with_store(tmp_path, fill)
    with closing(sqlite3.connect(tmp_path / "index.db")) as connection, connection:
        connection.execute("UPDATE entries SET record = x'00' WHERE key IN (?, ?)", (key(3), key(4)))
    with caplog.at_level(logging.WARNING):
        found = with_store(tmp_path, lambda store: store.get_many([key(2), key(3), key(4)]))
    assert found == {key(2): entry(2)}
    assert caplog.text.count("cannot be read") == 1
    assert with_store(tmp_path, lambda store: store.info()).entries == 1198


@pytest.mark.parametrize("damage", ["no database", "another version"])
def test_a_file_of_no_use_is_set_aside_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    with_store(tmp_path, fill)
    path = tmp_path / "index.db"
    if damage == "no database":
        path.write_bytes(b"not a database" * 1000)
    else:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA user_version = 99")
    with caplog.at_level(logging.WARNING):
        assert with_store(tmp_path, lambda store: store.get_many([key(1)])) == {}
    assert "index.db.aside" in caplog.text
    with_store(tmp_path, fill)
    assert with_store(tmp_path, lambda store: store.get(key(1))) == entry(1)


def test_a_folder_of_no_use_costs_the_index_and_not_the_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")

    async def try_it(store: IndexStore) -> None:
        await store.put(key(1), entry(1))
        assert await store.get_many([key(2)]) == {}

    with caplog.at_level(logging.WARNING):
        with_store(tmp_path / "file" / "cache", try_it)
    assert caplog.text.count("cannot be used") == 1


def test_kinds_are_told_apart_and_forgotten_one_by_one(tmp_path: Path) -> None:
    async def main(store: IndexStore) -> None:
        await store.put(key(0), entry(0))
        for kind in ("documents", "cuts", "documents"):
            await store.shelf(kind).put(key(0), {kind: 1})
        await store.shelf("documents").put(key(1), {"text": "x" * 10_000})
        counts = {kind: held.entries for kind, held in (await store.by_kind()).items()}
        assert counts == {"documents": 2, "cuts": 1, "words": 0, "embeddings": 0, "strategies": 1}
        shelf = store.shelf("documents")
        assert await shelf.get(key(0)) == {"documents": 1}
        assert await shelf.get_many([key(0), key(5)]) == {key(0): {"documents": 1}}
        assert [await store.clear_kind(kind) for kind in ("documents", "strategies", "words")] == [2, 1, 0]
        assert await shelf.get(key(0)) is None
        assert await store.get(key(0)) is None
        assert await store.shelf("cuts").get(key(0)) == {"cuts": 1}

    with_store(tmp_path, main)


def test_a_record_that_would_fill_the_store_is_not_kept(tmp_path: Path) -> None:
    async def main(store: IndexStore) -> None:
        await store.put(key(0), entry(0))
        await store.put(key(1), {"text": "".join(sha256(str(n).encode()).hexdigest() for n in range(4000))})
        assert (await store.info()).entries == 1
        assert await store.get(key(0)) == entry(0)

    with_store(tmp_path, main, max_bytes=128 * 1024)
