"""A long PDF that is read by several processes is the one that a single process reads."""

import asyncio
from pathlib import Path

import pytest

from longagent.documents import shares
from longagent.documents.formats import pdf
from longagent.documents.guard import Pool
from longagent.documents.parsed import LockedError, Options, Parsed, UnreadableError
from longagent.documents.shares import read_shares

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/logic-lm.pdf"


def read(data: bytes, *, size: int) -> Parsed:
    async def go() -> Parsed:
        async with Pool(size) as pool:
            return await read_shares(pool, "pdf", data, options=Options())

    return asyncio.run(go())


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "_SHARE", 1000)


@pytest.mark.parametrize("size", [2, 3, 8])
def test_shares_make_the_whole(size: int) -> None:
    data = EXAMPLE.read_bytes()
    whole = pdf.read(data)
    assert read(data, size=size) == whole
    assert len(whole.parts) == 19


@pytest.mark.parametrize("count", [2, 5, 25])
def test_every_page_is_in_one_share(count: int) -> None:
    data = EXAMPLE.read_bytes()
    each = [pdf.read(data, Options(share=(number, count))) for number in range(count)]
    assert sum(len(share.parts) for share in each) == 19
    assert max(len(share.parts) for share in each) - min(len(share.parts) for share in each) <= 1


def test_what_cannot_be_read_is_told_once() -> None:
    with pytest.raises(LockedError):
        read((ROOT / "tests/files/encrypted.pdf").read_bytes(), size=2)
    with pytest.raises(UnreadableError, match="not a readable PDF"):
        read(b"%PDF-1.7" + bytes(3000), size=2)
