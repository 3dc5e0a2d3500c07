"""The events of one run, marked as its own, and what they tell about the reading."""

from dataclasses import replace

from longagent.events import CallSpared, ChunkFailed, ChunksRead, Emit, Event


class Seen:
    """An `Emit` that marks events with their run and keeps account of chunks and replayed calls."""

    def __init__(self, emit: Emit, run: str) -> None:
        self._emit = emit
        self._run = run
        self.read: set[int] = set()
        self.failed: set[int] = set()
        self.last_failure = ""
        self.replayed = 0
        """Replies taken from the journal."""

    def __call__(self, event: Event) -> None:
        """Take note of an event and pass it on."""
        match event:
            case ChunksRead():
                self.read.update(event.chunks)
            case ChunkFailed():
                self.failed.add(event.chunk)
                self.last_failure = event.reason
            case CallSpared(source="journal"):
                self.replayed += 1
            case _:
                pass
        self._emit(replace(event, run_id=self._run))
