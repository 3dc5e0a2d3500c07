"""`longagent.find`: what comes back, and what is refused."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from longagent import Document, afind, find
from longagent.errors import SourceError, UsageError
from longagent.events import DocumentLoaded, Event

PAGES = [
    "1 Fees\n\nThe gulls were many on that day. The wind blew.",
    "The harbour of Skagen was rebuilt in 1907. It cost 482,000 crowns. Nobody complained.",
]
REPORT = Document.from_pages(PAGES, id="r", name="report.pdf", paged=True)


def test_what_is_found_is_a_slice_with_its_place() -> None:
    events: list[Event] = []
    found = find([REPORT, "another text\nabout gulls"], "What did Skagen cost?", limit=2, on_event=events.append)
    assert {each.text for each in found} == {"The harbour of Skagen was rebuilt in 1907.", "It cost 482,000 crowns."}
    for each in found:
        assert REPORT.text[each.start : each.end] == each.text
        assert (each.document, each.document_id, each.page, each.page_end) == ("report.pdf", "r", 2, 2)
        assert (each.where, each.before, each.after) == ("p. 2", "", "")
    assert found[0].score >= found[1].score > 0
    assert [event.done for event in events if isinstance(event, DocumentLoaded)] == [1, 2]
    assert json.loads(json.dumps(found[0].to_dict()))["where"] == "p. 2"


def test_neighbours_come_on_request() -> None:
    (found,) = find(REPORT, "482,000", limit=1, context=1)
    assert (found.before, found.text, found.after) == (
        "The harbour of Skagen was rebuilt in 1907.",
        "It cost 482,000 crowns.",
        "Nobody complained.",
    )


def test_awaited_in_a_running_loop() -> None:
    async def both() -> tuple[Any, Any]:
        return await afind(REPORT, "Skagen"), find(REPORT, "Skagen")

    awaited, called = asyncio.run(both())
    assert awaited == called


def test_mistakes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The harbour.")
    (tmp_path / "b.txt").write_text("")
    assert len(find(tmp_path, "harbour")) == 1
    with pytest.raises(SourceError, match=r"b.txt: is empty"):
        find(tmp_path, "harbour", strict_sources=True)
    for query, options, message in [
        ("  ", {}, "is empty"),
        (12, {}, "is not text"),
        ("x", {"limit": 0}, "limit=0 is too small"),
        ("x", {"context": -1}, "context=-1 is too small"),
        ("x", {"strict": True}, "There is no option 'strict'"),
    ]:
        with pytest.raises(UsageError, match=message):
            find(REPORT, query, **options)


def test_a_query_of_common_words_only_is_refused() -> None:
    with pytest.raises(UsageError, match="'who is it' has only words that stand in every text"):
        find("One line.\nAnother line.", "who is it")
