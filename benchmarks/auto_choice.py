"""What `auto` would choose for the questions of LaRA, beside what their gold labels ask for. No model is called.

    python benchmarks/auto_choice.py --data FOLDER [--window 128000] [--questions]

FOLDER/lara.jsonl holds `question`, `task` (location, comp, reasoning, hallu) and `documents` with `path`, relative to
FOLDER. The documents are split in two halves: one was looked at while the cues were written, the other only counted at
the end. *Right* is what `EXPECTED` says, nothing more: no answer is written here, let alone judged.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from longagent.documents import Document, load
from longagent.graphs.auto import Chooser, question_type
from longagent.graphs.cutting import Cutter
from longagent.graphs.means import Means
from longagent.llm.budget import Limits
from longagent.llm.roles import Models
from longagent.testing import PromptReader

READS_ALL = frozenset(
    {
        "full-context",
        "chain-of-agents",
        "map-reduce",
        "long-agent",
        "hierarchical",
        "read-agent",
        "graph-reader",
        "alr2",
    }
)
EXPECTED = {
    # A fact that stands in one place: one call, or sentences copied.
    "location": frozenset({"rag", "alr2", "full-context"}),
    # Two places or more that a ranking by the question's words may miss one of.
    "comp": READS_ALL,
    # As before, or something to be worked out.
    "reasoning": READS_ALL | {"infty-think"},
    # Not in the document, which nobody can see from the question. That is best said by one call over all that bears on
    # the question, or by a strategy that checks; where each of n readers is asked alone, each may invent an answer.
    "hallu": frozenset({"rag", "alr2", "full-context", "chain-of-agents", "read-agent", "graph-reader", "long-agent"}),
}
"""Strategies that suit the questions of a label."""
KINDS = {
    "location": {"look-up"},
    "comp": {"comparison"},
    "reasoning": {"explanation", "calculation", "multi-hop", "aggregate"},
}
"""Our kinds of questions that mean what a label does."""


class Row(NamedTuple):
    """One question."""

    document: str
    seen: bool
    """Whether its document is of the half that was looked at."""
    label: str
    kind: str
    strategy: str
    question: str

    @property
    def right(self) -> bool:
        """Whether the strategy suits the label."""
        return self.strategy in EXPECTED[self.label]


async def _choices(data: Path, window: int) -> list[Row]:
    records = [json.loads(line) for line in (data / "lara.jsonl").read_text(encoding="utf-8").splitlines()]
    paths = sorted({record["documents"][0]["path"] for record in records})
    model = PromptReader(window=window)
    rows = []
    for index, path in enumerate(paths):
        documents: Sequence[Document] = (await load([data / path])).documents
        models = Models(model)
        cutter = Cutter(documents, models, scales={}, delimiters=Means().delimiters)
        chooser = Chooser(documents, models, cutter, limits=Limits())
        about = [record for record in records if record["documents"][0]["path"] == path]
        rows += [await _row(record, chooser, seen=index % 2 == 1) for record in about]
    return rows


async def _row(record: dict[str, Any], chooser: Chooser, *, seen: bool) -> Row:
    async def begun(_: object) -> bool:
        return False

    question = record["question"]
    chosen = await chooser.choose(question, [question], begun)
    name = Path(record["documents"][0]["path"]).stem
    return Row(name, seen, record["task"], question_type(question).kind, chosen.strategy.name, question)


def choices(data: Path, *, window: int = 128_000) -> list[Row]:
    """Return what is chosen for every question."""
    return asyncio.run(_choices(data, window))


def share(rows: Sequence[Row]) -> str:
    """Return how many are right, in words."""
    return f"{sum(row.right for row in rows)} of {len(rows)}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--window", type=int, default=128_000)
    parser.add_argument("--questions", action="store_true", help="print each question of the half that was looked at")
    given = parser.parse_args(arguments)
    rows = choices(given.data, window=given.window)
    print("| label | half | kinds told | chosen | right |")
    print("|---|---|---|---|---|")
    for label in EXPECTED:
        for seen in (True, False):
            some = [row for row in rows if row.label == label and row.seen == seen]
            kinds = ", ".join(f"{kind} {n}" for kind, n in Counter(row.kind for row in some).most_common())
            names = ", ".join(f"`{name}` {n}" for name, n in Counter(row.strategy for row in some).most_common())
            print(f"| {label} | {'looked at' if seen else 'only counted'} | {kinds} | {names} | {share(some)} |")
    for seen in (True, False):
        some = [row for row in rows if row.seen == seen]
        print(f"| all | {'looked at' if seen else 'only counted'} | | | {share(some)} |")
    unanswerable = [row for row in rows if row.label == "hallu"]
    read = sum(row.strategy in READS_ALL for row in unanswerable)
    print(f"\nOf the unanswerable, {read} of {len(unanswerable)} go to a strategy that reads every page.")
    if given.questions:
        for row in rows:
            if row.seen:
                print(row.label, row.kind, row.strategy, row.question, sep=" | ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
