"""What a chain of agents over very many chunks leaves on disk, and what a step of it takes, all of it on.

    python benchmarks/many_chunks.py [--chunks 10000] [--unit-tokens 500] [--json]

The model is simulated here, in the same process, and takes no time: seconds are those of longagent, of the local HTTP
call and of the pretended model's own work. It rewrites a unit as a reader would: most of what came in stays, and a few
sentences of the chunk come on top, up to the length asked for (a token taken as 4 characters). Its words are drawn from
3,000 made-up ones, so that it compresses no better than prose. Journal and checkpoints are on; the cache, whose size
has a cap of its own, is off. Exits with 1 if more than 50 MB were under the state folder at any moment.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from longagent import Document, Session
from longagent.documents.sentences import sentences
from longagent.events import Event, UnitWritten
from longagent.llm.model import Message
from longagent.testing import SimulatedServer
from longagent.testing.readers import read_prompt
from longagent.testing.server import CHARACTERS_PER_TOKEN

LIMIT = 50 * 10**6
QUESTION = "What did rebuilding the harbour of Skagen cost?"
CHUNK = 1_000
"""Characters of document in a chunk, about: what is read is not stored, so it does not matter."""
NEW = 3
"""Sentences of its chunk that a worker takes into the unit."""


def document(chunks: int) -> Document:
    """Return a text of so many chunks, each a page."""
    random = Random(0)
    letters = "aaabcdeeeefghiiijklmnnooopqrrsstttuuvwxyz"
    words = ["".join(random.choices(letters, k=random.randint(2, 10))) for _ in range(3_000)]

    def sentence() -> str:
        return " ".join(random.choices(words, k=random.randint(8, 24))).capitalize() + "."

    def page() -> str:
        said: list[str] = []
        while sum(map(len, said)) < CHUNK:
            said.append(sentence())
        return " ".join(said)

    return Document.from_pages([page() for _ in range(chunks)], id="ef" * 32, name="long.pdf", paged=True)


class Reader:
    """Rewrites units of a given length."""

    def __init__(self, unit_tokens: int) -> None:
        self._length = unit_tokens * CHARACTERS_PER_TOKEN
        self.written = 0
        """Characters of all units."""

    def __call__(self, messages: list[Message]) -> str:
        """Reply."""
        read = read_prompt(messages)
        assert read is not None
        if "passages" not in read.slots:
            return "Not found."
        earlier = read.passages("summary") if read.slots["summary"] else []
        found = _sentences(earlier) + _sentences(read.passages())[:NEW]
        while sum(map(len, found)) + len(found) > self._length:
            del found[0]
        unit = " ".join(found)
        self.written += len(unit)
        return unit


def _sentences(texts: Sequence[str]) -> list[str]:
    return [text[start:end].strip() for text in texts for start, end in sentences(text)]


class Size:
    """Watches how much lies in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.most = 0

    @property
    def now(self) -> int:
        """Bytes."""
        total = 0
        for file in self._folder.rglob("*"):
            try:
                total += file.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            self.most = max(self.most, self.now)

    def __enter__(self) -> "Size":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.most = max(self.most, self.now)


def measure(chunks: int, unit_tokens: int) -> dict[str, Any]:
    """Run the question once."""
    steps: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, UnitWritten):
            steps.append(time.perf_counter())
            if len(steps) % 1_000 == 0:
                print(f"{len(steps)} steps", file=sys.stderr, flush=True)

    # The prompt takes about 250 tokens, and such words a lot more than prose; room for about one page a chunk.
    window = int((250 + 2 * unit_tokens + 2.4 * CHUNK / CHARACTERS_PER_TOKEN) * 32 / 31)
    reader, text = Reader(unit_tokens), document(chunks)
    with tempfile.TemporaryDirectory() as folder, SimulatedServer(reader, record=False) as server:
        with (
            Size(Path(folder)) as size,
            Session(
                base_url=server.base_url,
                strategy="chain-of-agents",
                settings={"window": window, "unit_tokens": unit_tokens},
                cache=False,
                state_dir=folder,
            ) as session,
        ):
            started = time.perf_counter()
            answer = session.ask(text, QUESTION, on_event=note)
            ended = time.perf_counter()
        left = size.now
        calls = server.counts.calls
    if answer.coverage.read != answer.coverage.chunks:
        raise SystemExit(f"not everything was read: {answer.coverage}")
    quarter = len(steps) // 4
    return {
        "chunks": answer.coverage.chunks,
        "calls": calls,
        "unit_tokens": round(reader.written / len(steps) / CHARACTERS_PER_TOKEN),
        "megabytes_left": left / 1e6,
        "megabytes_most": size.most / 1e6,
        "seconds": ended - started,
        "before_first_step": steps[0] - started,
        "ms_per_step": 1000 * (steps[-1] - steps[0]) / (len(steps) - 1),
        "ms_per_step_first_quarter": 1000 * (steps[quarter] - steps[0]) / quarter,
        "ms_per_step_last_quarter": 1000 * (steps[-1] - steps[-1 - quarter]) / quarter,
        "answering_and_ending": ended - steps[-1],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--unit-tokens", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.chunks, given.unit_tokens)
    if given.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(
                f"{name.replace('_', ' '):28} {value:10,.1f}" if isinstance(value, float) else f"{name:28} {value:8,}"
            )
    return int(found["megabytes_most"] * 1e6 > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
