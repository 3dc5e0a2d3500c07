"""Whether `longagent find` ranks gold evidence high, and how long it takes.

    python benchmarks/find.py --data FOLDER [--sets chunk_evidence,financebench]

A set is a file FOLDER/NAME.jsonl as in dev_sets.py, with `evidence`: a `quote`, offsets, or only a `page`. A gold place
is found among the first k if one of the k sentences overlaps it by half (of the shorter of the two), or stands on the
page. Beside our ranking: each sentence by its own words alone, with rank-bm25, as one would write it in ten lines.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from longagent.documents import Document, Span, load
from longagent.evidence.words import keys
from longagent.retrievers import Scores, Sentences
from longagent.retrievers.kept_sentences import kept_sentences
from longagent.store.index_store import IndexStore

SETS = "chunk_evidence,hotpotqa_longhaystack,musique_longhaystack,loogle_shortdep_qa,xquad_es,financebench"
FIRST = (1, 5, 10)


class Gold(NamedTuple):
    """A place that carries the answer: a span, or a whole page."""

    start: int
    end: int
    page: int | None

    def holds(self, span: Span) -> bool:
        """Whether a sentence counts as this place."""
        if self.page is not None:
            return span.page <= self.page <= span.page_end
        common = min(self.end, span.end) - max(self.start, span.start)
        return common >= 0.5 * min(self.end - self.start, span.end - span.start)


class Alone:
    """Each sentence by its own words."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._scores = Scores([keys(span.text) for span in spans])

    def first(self, query: str, limit: int) -> list[Span]:
        """Return the best sentences."""
        scores = self._scores.of(query)
        return [self._spans[index] for index in sorted(range(len(scores)), key=lambda at: -scores[at])[:limit]]


def places(document: Document, row: dict[str, Any]) -> Iterator[Gold]:
    """Yield the gold places of a question that can be found in the text."""
    for each in row["evidence"]:
        if each.get("start") is not None:
            yield Gold(each["start"], each["end"], None)
        elif each.get("page") is not None:
            yield Gold(0, 0, each["page"])
        elif found := re.search(r"\s+".join(map(re.escape, each.get("quote", "\0").split())), document.text):
            yield Gold(*found.span(), None)


def measure(data: Path, name: str) -> tuple[int, dict[str, dict[int, list[float]]]]:
    """Return how many questions counted, and the recall of each by ranking and k."""
    rankings: dict[str, tuple[Document, Sentences, Alone]] = {}
    recall: dict[str, dict[int, list[float]]] = {way: {k: [] for k in FIRST} for way in ("alone", "find")}
    for line in (data / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if len(row["documents"]) != 1 or not row.get("evidence"):
            continue
        path = row["documents"][0]["path"]
        if path not in rankings:
            document = asyncio.run(load([data / path])).documents[0]
            ours = Sentences([document])
            rankings[path] = (document, ours, Alone(ours.spans))
        document, ours, alone = rankings[path]
        gold = list(places(document, row))
        if not gold:
            continue
        question = row["question"]
        found = [ranked.span for ranked in ours.rank(question, limit=max(FIRST))]
        for way, spans in (("alone", alone.first(question, max(FIRST))), ("find", found)):
            for k in FIRST:
                recall[way][k].append(mean(any(map(each.holds, spans[:k])) for each in gold))
    return len(recall["find"][1]), recall


def seconds(sources: Sequence[Any], query: str) -> tuple[int, float, float, float, float]:
    """Return characters, and the seconds of reading, of cutting into sentences, of looking these up, and of a query."""
    started = time.perf_counter()
    documents = asyncio.run(load(sources)).documents
    read = time.perf_counter()
    with TemporaryDirectory() as folder:
        asyncio.run(kept(documents, Path(folder)))
        cut = time.perf_counter()
        ranking = asyncio.run(kept(documents, Path(folder)))
        again = time.perf_counter()
    ranking.rank(query, limit=10)
    ended = time.perf_counter()
    characters = sum(len(document.text) for document in documents)
    return characters, read - started, cut - read, again - cut, ended - again


async def kept(documents: Sequence[Document], folder: Path) -> Sentences:
    """Return the sentences of documents, from a store in a folder where they are there."""
    store = IndexStore(folder)
    try:
        return await kept_sentences(documents, store)
    finally:
        await store.aclose()


def million(data: Path) -> str:
    """Return 4 million characters of English prose, no passage of it twice."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sorted((data / "docs").rglob("*.txt"))]
    text = "\n\n".join(text for text in texts if text.isascii() or sum(map(str.isascii, text)) > 0.97 * len(text))
    return text[:4_000_000]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=SETS)
    args = parser.parse_args()
    print("| set | n | alone: first 1 / 5 / 10 | find: first 1 / 5 / 10 |")
    print("|---|---|---|---|")
    for name in args.sets.split(","):
        n, recall = measure(args.data, name)
        cells = (" / ".join(f"{mean(recall[way][k]):.2f}" for k in FIRST) for way in ("alone", "find"))
        print(f"| {name} | {n} | {' | '.join(cells)} |")
        sys.stdout.flush()
    filings = sorted((args.data / "docs/financebench").glob("*.pdf"), key=lambda path: -path.stat().st_size)
    print("\n| source | characters | read, s | cut and kept, s | looked up, s | a query, s |")
    print("|---|---|---|---|---|---|")
    for label, sources in (
        ("two filings, 289 pages", [path for path in filings if path.stem in {"BOEING_2022_10K", "ADOBE_2022_10K"}]),
        ("1M tokens of text", [million(args.data)]),
    ):
        characters, *took = seconds(sources, "What was the total revenue of the company in the fiscal year?")
        print(f"| {label} | {characters:,} | {' | '.join(f'{each:.2f}' for each in took)} |")


if __name__ == "__main__":
    main()
