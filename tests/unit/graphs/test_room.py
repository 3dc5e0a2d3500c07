"""The window is shared so that half stays document, unless the user's own cap forbids it."""

import asyncio

import pytest

from longagent.documents import Document, Span
from longagent.errors import WindowTooSmallError
from longagent.graphs.room import share_window, shorten


@pytest.mark.parametrize("window", [2048, 4096, 8192, 128_000])
def test_half_of_every_window_stays_document(window: int) -> None:
    room = share_window(window, prompt=120, reply=None)
    assert room.document >= window // 2
    assert room.reply >= 64
    assert room.document + room.reply + 120 <= window


def test_a_cap_the_user_set_is_kept_or_refused() -> None:
    assert share_window(4096, prompt=120, reply=2000).reply == 2000
    with pytest.raises(WindowTooSmallError, match=r"answer_tokens=1900 .* 2048 .*at most \d+"):
        share_window(2048, prompt=120, reply=1900)


def test_a_question_that_fills_the_window_is_refused() -> None:
    with pytest.raises(WindowTooSmallError, match="instructions and question take 3000, so at least"):
        share_window(2048, prompt=3000, reply=None)


def test_shorten_cuts_to_the_budget() -> None:
    async def count(text: str) -> int:
        return len(text)

    document = Document.from_text("a" * 1000)
    whole = Span(document, 100, 900)
    assert asyncio.run(shorten(whole, 800, count)) == whole
    cut = asyncio.run(shorten(whole, 300, count))
    assert cut.start == 100
    assert 200 <= cut.end - cut.start <= 300
