"""A scanned page is read by the engine itself, in the guarded process."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from longagent.documents import Document, load
from longagent.events import Event, PageRecognised

HOSTILE = Path(__file__).parents[2] / "../shared/data/hostile"
pytestmark = [
    pytest.mark.skipif(find_spec("rapidocr") is None, reason="the extra `ocr` is not installed"),
    pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile files are not beside the repository"),
]


class Kept(dict[bytes, dict[str, Any]]):
    async def get(self, key: bytes) -> dict[str, Any] | None:  # type: ignore[override]
        return super().get(key)

    async def put(self, key: bytes, record: dict[str, Any]) -> None:
        self[key] = record


def read(name: str, kept: Kept | None = None) -> tuple[Document, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []

    def hear(event: Event) -> None:
        if isinstance(event, PageRecognised):
            told.append((event.done, event.total))

    loaded = asyncio.run(load([HOSTILE / name], emit=hear, kept=kept))
    return loaded.documents[0], told


@pytest.mark.parametrize("name", ["scan_ocr_test.pdf", "scan_ocr_test_rot180.pdf"])
def test_a_scan_is_read_upright_or_upside_down_and_kept(name: str) -> None:
    kept = Kept()
    document, told = read(name, kept)
    assert document.text == (
        "Docling bundles PDF document conversion to\nJSON and Markdown in an easy self contained\npackage"
    )
    assert document.warnings == ("page 1 read by OCR: words may be wrong",)
    assert told == [(1, 1)]
    # Beside the text layer, of which there is none.
    assert ["text"] in [list(record) for record in kept.values()]
    assert read(name, kept)[0] == document
