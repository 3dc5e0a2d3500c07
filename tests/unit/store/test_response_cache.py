import asyncio
import logging
import sqlite3
import zlib
from collections.abc import Awaitable, Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from time import time
from typing import Any

import pytest

from longagent.store.response_cache import ResponseCache

DAY = 86_400


def key(number: int) -> bytes:
    return sha256(str(number).encode()).digest()


def reply(number: int, size: int = 0) -> dict[str, Any]:
    """A record that does not compress."""
    return {"text": Random(number).randbytes(size // 2).hex(), "number": number}


def with_cache(folder: Path, work: Callable[[ResponseCache], Awaitable[Any]], **options: int) -> Any:
    async def main() -> Any:
        cache = ResponseCache(folder, **options)
        try:
            return await work(cache)
        finally:
            await cache.aclose()

    return asyncio.run(main())


def edit(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "replies.db")) as connection, connection:
        connection.execute(statement, values)


def test_a_reply_is_there_for_the_next_one_who_asks(tmp_path: Path) -> None:
    async def fill(cache: ResponseCache) -> None:
        assert await cache.get(key(1)) is None
        await cache.put(key(1), reply(1))
        await cache.put(key(2), reply(2))
        await cache.put(key(2), reply(3))

    with_cache(tmp_path, fill)
    assert with_cache(tmp_path, lambda cache: cache.get(key(1))) == reply(1)
    assert with_cache(tmp_path, lambda cache: cache.get(key(2))) == reply(3)
    info = with_cache(tmp_path, lambda cache: cache.info())
    assert (info.path, info.entries) == (tmp_path / "replies.db", 2)
    assert info.bytes >= info.path.stat().st_size > 0


def test_the_file_keeps_within_its_size_and_drops_the_oldest(tmp_path: Path) -> None:
    limit = 512 * 1024

    async def fill(cache: ResponseCache) -> None:
        for number in range(400):
            await cache.put(key(number), reply(number, 4000))
            await cache.info()  # waits until it is written
        assert await cache.get(key(0)) is None
        for number in range(340, 400):
            assert await cache.get(key(number)) == reply(number, 4000)

    with_cache(tmp_path, fill, max_bytes=limit)
    size = (tmp_path / "replies.db").stat().st_size
    assert 0.8 * limit < size < 1.05 * limit


def test_what_was_used_lately_outlives_what_was_put_later(tmp_path: Path) -> None:
    async def fill(cache: ResponseCache) -> None:
        for number in range(50):
            await cache.put(key(number), reply(number, 4000))

    with_cache(tmp_path, fill)
    edit(tmp_path, "UPDATE replies SET used = used - ?", 2 * DAY)

    async def use(cache: ResponseCache) -> None:
        for number in range(5):
            assert await cache.get(key(number)) == reply(number, 4000)
        for number in range(100, 160):
            await cache.put(key(number), reply(number, 4000))
            await cache.info()  # waits until it is written
        for number in range(5):
            assert await cache.get(key(number)) == reply(number, 4000)
        assert await cache.get(key(5)) is None

    with_cache(tmp_path, use, max_bytes=280 * 1024)


def test_reading_writes_at_most_once_a_day(tmp_path: Path) -> None:
    with_cache(tmp_path, lambda cache: cache.put(key(1), reply(1)))
    for age, written in [(DAY // 2, False), (2 * DAY, True)]:
        edit(tmp_path, "UPDATE replies SET used = ?", int(time()) - age)
        before = (tmp_path / "replies.db").read_bytes()
        with_cache(tmp_path, lambda cache: cache.get(key(1)))
        assert ((tmp_path / "replies.db").read_bytes() != before) is written


def test_a_reply_larger_than_the_cache_is_let_go(tmp_path: Path) -> None:
    async def main(cache: ResponseCache) -> None:
        await cache.put(key(1), reply(1, 500_000))
        assert await cache.get(key(1)) == reply(1, 500_000)  # not written yet
        await cache.info()
        assert await cache.get(key(1)) is None
        await cache.put(key(2), reply(2))
        assert await cache.get(key(2)) == reply(2)

    with_cache(tmp_path, main, max_bytes=100_000)


def test_clear_counts_and_gives_the_disk_back(tmp_path: Path) -> None:
    async def main(cache: ResponseCache) -> None:
        for number in range(100):
            await cache.put(key(number), reply(number, 10_000))
        assert (await cache.info()).bytes > 800_000
        assert await cache.clear() == 100
        assert await cache.clear() == 0
        assert (await cache.info()).bytes < 100_000
        assert await cache.get(key(1)) is None

    with_cache(tmp_path, main)


@pytest.mark.parametrize("data", [b"garbage", b"", zlib.compress(b"[]"), zlib.compress(b'{"a": '), "text", 7])
def test_a_row_that_is_no_record_is_a_miss_and_goes(tmp_path: Path, data: object) -> None:
    with_cache(tmp_path, lambda cache: cache.put(key(1), reply(1)))
    edit(tmp_path, "UPDATE replies SET record = ?", data)
    assert with_cache(tmp_path, lambda cache: cache.get(key(1))) is None
    assert with_cache(tmp_path, lambda cache: cache.info()).entries == 0


def test_a_cache_that_cannot_be_used_is_empty_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()

    async def main(cache: ResponseCache) -> None:
        assert await cache.get(key(1)) is None
        await cache.put(key(1), reply(1))
        assert await cache.get(key(1)) is None
        assert await cache.clear() == 0
        assert await cache.info() == (tmp_path / "file" / "replies.db", 0, 0)

    with caplog.at_level(logging.WARNING, "longagent"):
        with_cache(tmp_path / "file", main)
    assert len(caplog.records) == 1
    assert "cannot be used" in caplog.text


def test_a_damaged_cache_begins_anew(tmp_path: Path) -> None:
    with_cache(tmp_path, lambda cache: cache.put(key(1), reply(1)))
    (tmp_path / "replies.db").write_bytes(b"damaged" * 5000)

    async def main(cache: ResponseCache) -> None:
        assert await cache.get(key(1)) is None
        await cache.put(key(1), reply(1))
        assert await cache.get(key(1)) == reply(1)

    with_cache(tmp_path, main)
