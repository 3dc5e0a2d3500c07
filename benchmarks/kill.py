"""`kill -9` at random moments of a chain of agents, again and again, until it answers: what is lost, what is repeated.

    python benchmarks/kill.py [--kills 20] [--chunks 300] [--direction both] [--forget-checkpoints] [--json]

The model is simulated here and takes 20 ms a call; the question runs in a process of its own, which is killed when a
random number of calls have been answered and a random part of the next has passed, and is then started again. The cache
is off: the run's own file must carry everything. Counted at the server is which prompt was answered how often. Repeated
may be, at each kill, only calls whose reply was on its way: one for each chain. Lost is a call of the undisturbed run
that was never answered. Exits with 1 if more was repeated, anything was lost, or the answer is another one.
"""

import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from longagent import Document, Session
from longagent.events import CallSpared, Event, RunResumed, RunStarted
from longagent.llm.model import Message
from longagent.store.secret import install_secret
from longagent.testing import SimulatedServer, chain_reader

QUESTION = "What did rebuilding the harbour of Skagen cost?"
NEEDLE = "The harbour of Skagen was rebuilt in 1907 for 482,000 crowns."
FILLER = "On day {n} the surveyor walked the northern dunes and noted wind, tide and the colour of the sand. "
CALL = 0.02
"""Seconds."""


@dataclass(frozen=True)
class Killed:
    """What one series of kills came to."""

    direction: str
    kills: int
    chains: int
    calls: int
    """Of the undisturbed run."""
    answered: int
    """Calls the server answered in all."""
    repeated: int
    """Of those, calls that had been answered before a kill."""
    lost: int
    """Calls of the undisturbed run that were never answered."""
    foreign: int
    """Calls answered that the undisturbed run does not make."""
    resumed: int
    """Replies the last process found in the journal."""
    replayed: int
    """Of those, replies it had to read again to come to where the run stood."""
    same_answer: bool
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing was lost and no more repeated than was in flight."""
        return self.same_answer and not self.lost and not self.foreign and self.repeated <= self.kills * self.chains


class Counting:
    """Replies as `chain_reader` does, and counts by prompt; a reply is sent the moment it is counted."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()

    def __call__(self, messages: list[Message]) -> str:
        """Reply."""
        text = chain_reader(messages)
        self.answered[json.dumps(messages)] += 1
        return text


def document(chunks: int) -> Document:
    """Return a document of so many pages, each a chunk, whose answer stands in the middle."""
    pages = [f"Page heading {n}\n\n{FILLER.format(n=n) * 13}" for n in range(chunks)]
    pages[chunks // 2] += NEEDLE
    return Document.from_pages(pages, id="cd" * 32, name="survey.pdf", paged=True)


def ask(base_url: str, state: str, chunks: int, direction: str) -> None:
    """Be the process that is killed; print what it came to, should it get that far."""
    told: dict[str, Any] = {"resumed": 0, "replayed": 0}

    def note(event: Event) -> None:
        match event:
            case RunStarted():
                told["chunks"] = event.chunks
            case RunResumed():
                told["resumed"] = event.calls
            case CallSpared(source="journal"):
                told["replayed"] += 1
            case _:
                pass

    with Session(
        base_url=base_url,
        strategy="chain-of-agents",
        settings={"window": 1024, "direction": direction},
        cache=False,
        state_dir=state,
    ) as session:
        answer = session.ask(document(chunks), QUESTION, on_event=note)
    told |= {"text": answer.text, "citations": [asdict(citation) for citation in answer.citations]}
    told |= {"coverage": asdict(answer.coverage)}
    print(json.dumps(told))


class Child:
    """The process that asks."""

    def __init__(self, server: SimulatedServer, state: Path, chunks: int, direction: str) -> None:
        command = [sys.executable, __file__, "--chunks", str(chunks), "--direction", direction]
        command += ["--child", server.base_url, str(state)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def told(self) -> dict[str, Any]:
        """Wait for its end and return what it printed."""
        out, _ = self._process.communicate(timeout=300)
        if self._process.returncode:
            raise SystemExit(f"the question failed: {self._process.returncode}")
        told: dict[str, Any] = json.loads(out)
        return told


def series(kills: int, chunks: int, direction: str, *, forget_checkpoints: bool, random: Random) -> Killed:
    """Ask once undisturbed, then with kills, and compare."""
    chains = 2 if direction == "both" else 1
    with tempfile.TemporaryDirectory() as folder:
        calm, counting = Counting(), Counting()
        _share_secret(Path(folder) / "calm", Path(folder) / "killed")
        with SimulatedServer(calm, record=False) as server:
            expected = Child(server, Path(folder) / "calm", chunks, direction).told()
        calls = calm.answered.total()
        moments = sorted(random.sample(range(1, calls), kills))
        started, made = time.monotonic(), 0
        with SimulatedServer(counting, delay=CALL, record=False) as server:
            state = Path(folder) / "killed"
            for moment in moments:
                child = Child(server, state, chunks, direction)
                while child.running and counting.answered.total() < moment:
                    time.sleep(0.001)
                time.sleep(random.uniform(0, CALL))
                made += child.running
                child.kill()
                if forget_checkpoints:
                    _forget_checkpoints(state)
            told = Child(server, state, chunks, direction).told()
    resumed, replayed = told.pop("resumed"), told.pop("replayed")
    return Killed(
        direction=direction,
        kills=made,
        chains=chains,
        calls=calls,
        answered=counting.answered.total(),
        # Two chains that end with the same unit ask their managers the same, undisturbed as well.
        repeated=sum((counting.answered - calm.answered)[prompt] for prompt in calm.answered),
        lost=(calm.answered - counting.answered).total(),
        foreign=sum(counting.answered[prompt] for prompt in counting.answered.keys() - calm.answered.keys()),
        resumed=resumed,
        replayed=replayed,
        same_answer=told == {name: value for name, value in expected.items() if name in told},
        seconds=round(time.monotonic() - started, 1),
    )


def _share_secret(one: Path, other: Path) -> None:
    """Make two folders of one installation: prompts hold tags that follow from its secret."""
    install_secret(one)
    other.mkdir(mode=0o700)
    shutil.copy2(one / "secret", other)


def _forget_checkpoints(state: Path) -> None:
    """Leave the journal alone to carry the run."""
    for file in (state / "runs").glob("*.db"):
        with closing(sqlite3.connect(file, timeout=10)) as connection, connection:
            for table in ("checkpoints", "writes"):
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
                    connection.execute(f"DELETE FROM {table}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--chunks", type=int, default=300)
    parser.add_argument("--direction", choices=["forward", "both"])
    parser.add_argument("--forget-checkpoints", action="store_true", help="delete them after each kill")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print a line for each series")
    parser.add_argument("--child", nargs=2, metavar=("URL", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        url, folder = given.child
        ask(url, folder, given.chunks, given.direction)
        return 0
    found = [
        series(
            given.kills,
            given.chunks,
            direction,
            forget_checkpoints=given.forget_checkpoints,
            random=Random(f"{given.seed} {direction}"),
        )
        for direction in ([given.direction] if given.direction else ["forward", "both"])
    ]
    if given.json:
        print(*(json.dumps(asdict(killed) | {"sound": killed.sound}) for killed in found), sep="\n")
    else:
        print("| direction | kills | calls | answered | repeated | allowed | lost | replayed at the last | same | s |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for killed in found:
            print(
                f"| {killed.direction} | {killed.kills} | {killed.calls} | {killed.answered} | {killed.repeated} "
                f"| {killed.kills * killed.chains} | {killed.lost} | {killed.replayed} of {killed.resumed} "
                f"| {'yes' if killed.same_answer else '**no**'} | {killed.seconds:g} |"
            )
    return int(not all(killed.sound for killed in found))


if __name__ == "__main__":
    sys.exit(main())
