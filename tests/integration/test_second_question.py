"""A second question on the same documents parses, cuts and counts nothing."""

from pathlib import Path
from typing import Any

import pytest

from longagent import Session
from longagent.documents import chunking
from longagent.documents.guard import Pool
from longagent.documents.parsed import Parsed
from longagent.errors import SourceError
from longagent.store.index_store import IndexStore
from longagent.testing import SimulatedServer, closest_sentence

NEEDLE = "The rebuilt harbour of Skagen cost 4.2 million crowns."
SECTIONS = [
    f"## Day {n}\n\n" + f"On day {n} the surveyor walked the dunes and noted the wind. " * 12 for n in range(60)
]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is parsed and cut."""
    done: list[str] = []
    read, units = Pool.read, chunking._units

    async def reading(pool: Pool, form: str, *args: Any, **options: Any) -> Parsed:
        done.append(form)
        return await read(pool, form, *args, **options)

    def cutting(*args: Any) -> Any:
        done.append("cut")
        return units(*args)

    monkeypatch.setattr(Pool, "read", reading)
    monkeypatch.setattr(chunking, "_units", cutting)
    return done


def ask(source: Path, question: str, folder: Path, server: SimulatedServer, **options: Any) -> str | None:
    with Session(
        base_url=server.base_url, strategy="rag", cache_dir=folder, state_dir=folder.parent / "state", **options
    ) as session:
        return session.ask(source, question).text


def test_another_question_finds_text_and_cuts(tmp_path: Path, work: list[str]) -> None:
    source = tmp_path / "survey.md"
    source.write_text("# Survey\n\n" + "\n\n".join([*SECTIONS, NEEDLE]))
    cache = tmp_path / "cache"
    with SimulatedServer(closest_sentence, window=4096) as server:
        for question in ("What did the harbour of Skagen cost?", "How much was the rebuilt harbour of Skagen?"):
            assert "4.2 million" in (ask(source, question, cache, server) or "")
        assert work == ["markdown", "cut"]
        ask(source, "What cost the harbour of Skagen?", cache, server, cache=False)
        assert work == ["markdown", "cut"] * 2
        # Another content is another document.
        source.write_text(source.read_text() + "\n\nThe end.")
        ask(source, "What did the harbour cost in Skagen?", cache, server)
        assert work == ["markdown", "cut"] * 3


def test_what_was_opened_with_a_password_is_not_kept(tmp_path: Path, work: list[str]) -> None:
    import asyncio

    from longagent.documents import load

    source = tmp_path / "survey.md"
    source.write_text("# Survey\n\n" + NEEDLE)

    async def main() -> None:
        store = IndexStore(tmp_path / "cache")
        try:
            for password in ("secret", None, None):
                await load([source], password=password, kept=store.shelf("documents"))
                await store.info()  # waits until it is written
            source.write_bytes(b"")
            with pytest.raises(SourceError):
                await load([source], kept=store.shelf("documents"))
            assert (await store.by_kind())["documents"].entries == 1
        finally:
            await store.aclose()

    asyncio.run(main())
    assert work == ["markdown", "markdown"]
