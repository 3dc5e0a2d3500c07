"""A long chain over a server that fails every fifth call, in every way there is."""

import asyncio
from collections import Counter
from pathlib import Path

from support.command import keep_secret
from support.survey import NEEDLE, QUESTION, long_document

from longagent import Answer, Session
from longagent.events import CallRetried, ChunkFailed, Event
from longagent.testing import FaultMix, SimulatedServer, chain_reader
from longagent.testing.server import QUICK, Fault, Received

PAGES, CHUNKS = 474, 300
HANGS: Fault = "hang"


def open_chain(server: SimulatedServer, **options: object) -> Session:
    """Return a session whose chain takes a page and a half a call."""
    return Session(
        base_url=server.base_url, strategy="chain-of-agents", settings={"window": 1024}, cache=False, **options
    )


def test_with_a_fifth_of_all_calls_failing_the_needle_is_found_wherever_it_is(tmp_path: Path) -> None:
    mix = FaultMix(0.2, dict.fromkeys(QUICK, 1.0) | {HANGS: 0.1}, seed=4)
    pages = (1, PAGES // 2, PAGES)
    events: list[Event] = []

    async def find(server: SimulatedServer, page: int) -> Answer:
        # What fails follows from the prompts, and these from the installation's secret.
        keep_secret(tmp_path / str(page))
        # Each for itself: within one session, calls that all three make would be made once.
        session = open_chain(server, call_timeout=2.0, state_dir=tmp_path / str(page))
        try:
            return await session.aask(long_document(PAGES, needle_on=page), QUESTION, on_event=events.append)
        finally:
            await asyncio.to_thread(session.close)

    async def find_all(server: SimulatedServer) -> list[Answer]:
        # Side by side, for what takes long is waiting between attempts.
        return list(await asyncio.gather(*(find(server, page) for page in pages)))

    with SimulatedServer(chain_reader, faults=mix, retry_after=0.05) as server:
        answers = asyncio.run(find_all(server))
        counts = server.counts
    print(f"{counts.calls} calls came, {counts.finished} went well; faults: {counts.faults}")  # noqa: T201 - with -s

    for page, answer in zip(pages, answers, strict=True):
        assert answer.text == NEEDLE
        assert [citation.page for citation in answer.citations] == [page]
        assert answer.citations[0].quote == NEEDLE
        assert (answer.coverage.chunks, answer.coverage.read, answer.coverage.failed) == (CHUNKS, CHUNKS, 0)
        assert not answer.partial
        assert answer.warnings == ()
        # A reply without text has come, and is a call of its own, as is the one that asks again.
        assert CHUNKS + 1 < answer.usage.calls < CHUNKS + 1 + counts.faults["empty-text"]
    assert set(counts.faults) == {*map(str, QUICK), HANGS}
    assert 0.15 < sum(counts.faults.values()) / counts.calls < 0.25
    assert counts.finished == 3 * (CHUNKS + 1)
    retried = sum(isinstance(event, CallRetried) for event in events)
    assert retried == sum(counts.faults.values()) - counts.faults["empty-text"]


def test_chunks_that_cannot_be_read_are_counted_and_do_not_end_the_run() -> None:
    refused: Counter[Fault] = Counter()

    def fault(received: Received) -> Fault | None:
        """Refuse three pages for good, each in its way."""
        said = received.body["messages"][-1]["content"]
        bad: dict[str, Fault] = {"Page heading 4\n": "refusal", "Page heading 9\n": "reset", "Page heading 20\n": 500}
        kind = next((kind for page, kind in bad.items() if page in said), None)
        if kind is not None:
            refused[kind] += 1
        return kind

    events: list[Event] = []
    with SimulatedServer(chain_reader, faults=fault) as server, open_chain(server, retries=1) as session:
        answer = session.ask(long_document(30, needle_on=17), QUESTION, on_event=events.append)
    assert answer.text == NEEDLE
    assert [citation.page for citation in answer.citations] == [17]
    assert (answer.coverage.chunks, answer.coverage.read, answer.coverage.failed) == (19, 16, 3)
    assert any("3 of 19 chunks could not be read" in warning for warning in answer.warnings)
    assert refused == {"refusal": 1, "reset": 2, 500: 2}
    failed = {event.chunk: event.reason for event in events if isinstance(event, ChunkFailed)}
    assert len(failed) == 3
    assert all(failed.values())
