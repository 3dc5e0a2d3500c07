"""What longagent adds to the calls themselves: a chain of agents beside a bare httpx loop with the very same prompts.

    python benchmarks/overhead.py [--rounds 5] [--json]

The model is simulated in a process of its own and takes 50 ms a call. Two shapes: one chain of 300 calls, each of which
waits for the one before; and 16 chains side by side, 640 calls. On longagent's side everything is on: cache (empty at
the start), journal, checkpoints, budget, limits, retries, provenance. Both sides take turns; the table shows medians,
from the start of the run to its answer, without reading and cutting the document, which is shown apart.

The bare loop has a client for each call in flight: httpx's own pool would slow it down.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from typing import Any

import httpx

from longagent import Document, Session
from longagent.events import Event, RunFinished, RunStarted
from longagent.testing import ServerProcess, SimulatedServer

REPLY = "The harbour was rebuilt in 1907. It cost 482,000 crowns. The chairman of the board was Poul Larsen of Skagen."
SENTENCES = 22
"""In a chunk, such that it fills the window but for a little."""
QUESTION = "What did rebuilding the harbour of Skagen cost?"


@dataclass(frozen=True)
class Shape:
    """How calls depend on each other."""

    name: str
    chunks: int
    chains: int
    target: float
    """Times the bare loop's seconds."""


SHAPES = (Shape("chain of 300", 329, 1, 1.10), Shape("16 in flight", 45, 16, 1.35))


@dataclass(frozen=True)
class Cost:
    """What one side took for all calls of a shape."""

    seconds: float
    cpu: float
    """Seconds of this process."""
    apart: float = 0.0
    """Seconds for reading and cutting the document, and opening the model."""


def document(chunks: int) -> Document:
    """Return a text that `open_session` cuts into about that many chunks."""
    lines = (
        f"In the year {1000 + number}, ship number {number} lay in the harbour." for number in range(chunks * SENTENCES)
    )
    paragraphs = zip(*[lines] * SENTENCES, strict=True)
    return Document.from_text("\n\n".join(map(" ".join, paragraphs)))


def open_session(shape: Shape, base_url: str, folder: str) -> Session:
    """Return a session with everything on and nothing remembered."""
    settings = {"window": 1024, "unit_tokens": 128, "paths": shape.chains, "direction": "permuted"}
    return Session(
        model="openai/sim",
        base_url=base_url,
        strategy="chain-of-agents",
        settings=settings if shape.chains > 1 else settings | {"direction": "forward"},
        concurrency=shape.chains,
        max_calls=100_000,
        max_total_tokens=10**9,
        cache_dir=folder,
        state_dir=folder,
        seed=0,
    )


def longagent(shape: Shape, base_url: str) -> Cost:
    """Ask the question."""
    marks: dict[type[Event], tuple[float, float]] = {}

    def mark(event: Event) -> None:
        if isinstance(event, RunStarted | RunFinished):
            marks[type(event)] = time.perf_counter(), time.process_time()

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, open_session(shape, base_url, folder) as session:
        session.ask(document(shape.chunks), QUESTION, on_event=mark)
    (begun, cpu_begun), (ended, cpu_ended) = marks[RunStarted], marks[RunFinished]
    return Cost(ended - begun, cpu_ended - cpu_begun, begun - started)


def bare(shape: Shape, base_url: str, bodies: Sequence[bytes]) -> Cost:
    """Send the same requests, as many at once, and read the replies."""
    started, cpu = time.perf_counter(), time.process_time()
    asyncio.run(_send_all(f"{base_url}/chat/completions", bodies, shape.chains))
    return Cost(time.perf_counter() - started, time.process_time() - cpu)


async def _send_all(url: str, bodies: Sequence[bytes], in_flight: int) -> None:
    left = iter(bodies)
    await asyncio.gather(*(_send(url, left) for _ in range(in_flight)))


async def _send(url: str, bodies: Iterator[bytes]) -> None:
    # Without certificates, which nobody needs here: reading them takes 50 ms for each client.
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=60) as client:
        for body in bodies:
            response = await client.post(url, content=body, headers={"Content-Type": "application/json"})
            assert response.json()["choices"][0]["message"]["content"] == REPLY


def record(shape: Shape) -> list[bytes]:
    """Return the requests that longagent makes; the run also warms up everything that is loaded on first use."""
    with SimulatedServer(REPLY) as server:
        longagent(shape, server.base_url)
        return [json.dumps(body).encode() for body in server.chats]


def measure(shape: Shape, base_url: str, rounds: int) -> dict[str, Any]:
    """Return the medians of both sides."""
    bodies = record(shape)
    sides = {"bare": partial(bare, shape, base_url, bodies), "longagent": partial(longagent, shape, base_url)}
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for turn in range(rounds):
        # The first of a round has the colder machine: they take turns at that, too.
        for name in sorted(sides, reverse=bool(turn % 2)):
            costs[name].append(sides[name]())
    found: dict[str, Any] = {"shape": shape.name, "calls": len(bodies), "target": shape.target}
    for name, runs in costs.items():
        found[f"{name}_seconds"] = median(run.seconds for run in runs)
        found[f"{name}_cpu_ms"] = median(run.cpu for run in runs) / len(bodies) * 1000
    found["ratio"] = found["longagent_seconds"] / found["bare_seconds"]
    found["apart_seconds"] = median(run.apart for run in costs["longagent"])
    found["runs"] = {name: [asdict(run) for run in runs] for name, runs in costs.items()}
    return found


def main() -> None:
    """Measure both shapes and print a table, or with `--json` a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--first-token", type=float, default=0.05, help="seconds a call takes")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with ServerProcess("--first-token", str(given.first_token), "--reply", REPLY) as server:
        found = [measure(shape, server.base_url, given.rounds) for shape in SHAPES]
    if given.json:
        print(*map(json.dumps, found), sep="\n")
        return
    print("| | calls | bare | longagent | ratio | target | CPU a call, bare | longagent | reading, apart |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in found:
        print(
            f"| {row['shape']} | {row['calls']} | {row['bare_seconds']:.2f} s | {row['longagent_seconds']:.2f} s "
            f"| {row['ratio']:.2f} | ≤ {row['target']:.2f} | {row['bare_cpu_ms']:.1f} ms "
            f"| {row['longagent_cpu_ms']:.1f} ms | {row['apart_seconds']:.1f} s |"
        )


if __name__ == "__main__":
    main()
