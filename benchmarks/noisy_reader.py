"""How often strategies answer rightly when their model makes things up: `longagent.testing.NoisyReader`, no real model.

    python benchmarks/noisy_reader.py [--documents 20] [--seed 0] [--p 0.1,0.3,0.5] [--pool 1000] [--stated 1]
                                      [--misses 0] [--processes 2] [--json FILE]

Makes documents of 60 pages, each of which is a chunk, whatever the strategy. In half of the runs one page states the
fact that is asked for (`--stated` N: N pages), at places that differ from document to document; in the other half no
page does. Other pages state facts of the same kind about other things. All strategies read the same documents, and who
reads a chunk by itself invents the same there. Verification of answers is off, the cache too. Prints Markdown tables;
shares come with 95 % Wilson intervals.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from longagent.documents import Document, Loaded
from longagent.documents.tokens import count_tokens
from longagent.graphs import Means, Models, Run, resolve
from longagent.testing import NoisyReader

CHUNKS = 60
CHUNK_TOKENS = 200
"""Most tokens of a chunk; a page fills more than three quarters of that, so that no two share a chunk."""
_PAGE = 150

_PLACES = [first + last for first in ("Aver", "Kol", "Nor", "Hav", "Lind", "Skel", "Grim", "Vand", "Ost", "Bram")
           for last in ("by", "sund", "holm", "rup", "vik")]  # fmt: skip
_THINGS = ["toll of the bridge", "rent of the mill", "price of the bell", "fine of the brewers", "fee of the ferry"]
_DOINGS = [
    "The miller of {} sold {} carts of barley before the frost",
    "In {} the council met {} times that winter, and agreed on little",
    "A ship from {} lay at anchor for {} days, waiting for the wind",
    "Of the houses in {} no fewer than {} had new roofs by the summer",
    "The schoolmaster at {} taught {} children, most of them in the mornings",
    "Near {} they counted {} swans on the ice, more than in any year before",
]


@dataclass(frozen=True)
class Variant:
    """A strategy with settings."""

    label: str
    strategy: str
    role: str
    """Who reads chunks."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    sureness: int = 5
    """Of what the reader invents."""


VARIANTS = [
    Variant("merge (vote)", "merge", "reader"),
    Variant("hierarchical", "hierarchical", "worker"),
    Variant("map-reduce", "map-reduce", "map"),
    Variant("map-reduce, inventors less sure", "map-reduce", "map", sureness=3),
    Variant("long-agent, conflicts=false", "long-agent", "member", {"conflicts": False}),
    Variant("long-agent", "long-agent", "member"),
    Variant("alr2, check=off", "alr2", "retrieve", {"check": "off"}),
    Variant("alr2", "alr2", "retrieve"),
]


class Case(NamedTuple):
    """A document, and what is asked about it."""

    document: Document
    question: str
    gold: str
    """Empty if the document does not tell."""


class Task(NamedTuple):
    """Runs of one document."""

    number: int
    seed: int
    p: tuple[float, ...]
    pool: int
    stated: int
    misses: float


class Outcome(NamedTuple):
    """What came of a run."""

    label: str
    p: float
    told: bool
    """Whether the document tells the answer."""
    right: bool
    found: bool
    calls: int


def case(number: int, *, seed: int, stated: int, pool: int) -> Case:
    """Return a document that states the fact on so many of its pages.

    The value is none that the reader may invent.
    """
    random = Random(f"{seed} {number}")
    thing, place = random.choice(_THINGS), random.choice(_PLACES)
    question = f"What was the {thing} at {place}?"
    made_up = set(NoisyReader(0, seed=_reader_seed(seed, number), pool=pool).inventions(question))
    gold = next(value for value in iter(lambda: _crowns(random), "") if value not in made_up)
    where = set(random.sample(range(CHUNKS), max(1, stated)))
    pages = []
    for index in range(CHUNKS):
        fact = f"The {thing} at {place} was {gold}." if stated and index in where else ""
        pages.append(_page(random, fact, (thing, place)))
    return Case(Document.from_pages(pages, id=f"{number:064x}", name="annals", paged=True), question, gold)


def _page(random: Random, fact: str, asked: tuple[str, str]) -> str:
    said = []
    while count_tokens(" ".join(said)) < _PAGE:
        said.append(f"{random.choice(_DOINGS).format(random.choice(_PLACES), random.randint(3, 90))}.")
    other = (random.choice(_THINGS), random.choice(_PLACES))
    if not fact and other != asked:
        # Every third page has a fact of the same kind, about something else.
        fact = f"The {other[0]} at {other[1]} was {_crowns(random)}." if random.random() < 1 / 3 else ""
    at = random.randint(0, len(said))
    return " ".join([*said[:at], *([fact] if fact else [f"Nobody wrote of {other[1]} that year."]), *said[at:]])


def _crowns(random: Random) -> str:
    return f"{random.randint(1000, 9999):,} crowns"


def _reader_seed(seed: int, number: int) -> int:
    return seed * 100_000 + number


def run(task: Task) -> list[Outcome]:
    """Ask every variant, at every p, with and without the fact."""
    return asyncio.run(_run(task))


async def _run(task: Task) -> list[Outcome]:
    outcomes = []
    for stated in (task.stated, 0):
        asked = case(task.number, seed=task.seed, stated=stated, pool=task.pool)
        for p in task.p:
            outcomes += [await _ask(asked, variant, p, task, told=bool(stated)) for variant in VARIANTS]
    return outcomes


async def _ask(asked: Case, variant: Variant, p: float, task: Task, *, told: bool) -> Outcome:
    seed = _reader_seed(task.seed, task.number)

    def reader(reading_tokens: int | None = None) -> NoisyReader:
        return NoisyReader(
            p, seed=seed, pool=task.pool, sureness=variant.sureness, misses=task.misses, reading_tokens=reading_tokens
        )

    models = Models(reader(), {variant.role: reader(CHUNK_TOKENS)})
    made = Run(
        Loaded((asked.document,), ()),
        models,
        resolve(variant.strategy, variant.settings),
        emit=lambda _: None,
        means=Means(verify="off"),
    )
    answer = await made.answer(asked.question, seed=seed)
    coverage = answer.coverage
    if not coverage.chunks == coverage.read == CHUNKS or coverage.failed:
        raise SystemExit(f"{variant.label} did not read {CHUNKS} chunks: {coverage}")
    right = answer.found and asked.gold in (answer.text or "") if told else not answer.found
    return Outcome(variant.label, p, told, right, answer.found, answer.usage.calls)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    z, share = 1.96, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def tables(outcomes: Sequence[Outcome], p: Sequence[float]) -> str:
    """Return Markdown: right answers, calls, and what is made up where the document does not tell."""
    cells: dict[tuple[str, float, bool], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        cells[outcome.label, outcome.p, outcome.told].append(outcome)

    def rows(title: str, cell: Any) -> list[str]:
        head = [f"| {title} |" + "".join(f" p = {each:g} |" for each in p), "|---|" + "---|" * len(p)]
        labels = [variant.label for variant in VARIANTS]
        return head + [f"| {label} |" + "".join(f" {cell(label, each)} |" for each in p) for label in labels]

    def share(label: str, each: float, told: bool, what: Any) -> str:
        some = cells[label, each, told]
        hits = sum(map(what, some))
        low, high = wilson(hits, len(some))
        return f"{hits / len(some):.0%} ({100 * low:.0f}–{100 * high:.0f})"

    def calls(label: str, each: float) -> str:
        of = [sum(outcome.calls for outcome in cells[label, each, told]) for told in (True, False)]
        return " / ".join(f"{total / len(cells[label, each, True]):.0f}" for total in of)

    def of(told: bool, what: Any) -> Any:
        return lambda label, each: share(label, each, told, what)

    blocks = [
        rows("right answers", of(True, lambda one: one.right)),
        rows("said “not found”", of(True, lambda one: not one.found)),
        rows("made-up answers, document does not tell", of(False, lambda one: one.found)),
        rows("calls a question, told / not told", calls),
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--p", default="0.1,0.3,0.5")
    parser.add_argument("--pool", type=int, default=1000, help="values that are invented")
    parser.add_argument("--stated", type=int, default=1, help="pages that state the fact")
    parser.add_argument("--misses", type=float, default=0.0, help="probability to overlook the fact")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    p = tuple(float(each) for each in given.p.split(","))
    tasks = [Task(number, given.seed, p, given.pool, given.stated, given.misses) for number in range(given.documents)]
    started, outcomes = time.perf_counter(), list[Outcome]()
    with ProcessPoolExecutor(given.processes) as pool:
        for done, of_one in enumerate(pool.map(run, tasks), start=1):
            outcomes += of_one
            print(f"{done} of {len(tasks)} documents, {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if given.json:
        given.json.write_text(json.dumps([outcome._asdict() for outcome in outcomes], indent=1))
    pages = "1 page" if given.stated == 1 else f"{given.stated} pages"
    print(f"{given.documents} documents, seed {given.seed}; stated on {pages}; {given.pool} values to invent; ", end="")
    print(f"misses {given.misses:g}\n")
    print(tables(outcomes, p))
    return 0


if __name__ == "__main__":
    sys.exit(main())
