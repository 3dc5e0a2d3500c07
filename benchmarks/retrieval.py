"""How much of the gold evidence is among the first chunks: our retrievers beside plain chunks with rank-bm25.

    python benchmarks/retrieval.py --data ../shared/data/dev
    python benchmarks/retrieval.py --speed  # needs `pip install bm25s`

Recall at k is the share of the gold evidence among the first k chunks: of a passage, the characters of it that they
hold; of a page, whether one of them lies on it for the most part. Plain chunks are so many tokens each, wherever that
cuts, and rank-bm25 ranks them by words parted at white space, in small letters. Both sides have chunks of the same
number of tokens at most. What was chosen by figures (window, smoothing and weight of the fusion) was chosen on the even
questions, so the table has the odd ones apart.
"""

import argparse
import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any, NamedTuple

from longagent.documents import Chunk, Document, Span, chunk, load
from longagent.evidence.words import keys
from longagent.llm.embedding import Embedder
from longagent.llm.embedding.open import open_embedder
from longagent.retrievers import Ranking, Retriever, build
from longagent.retrievers.postings import Postings

SETS = (
    "financebench",
    "chunk_evidence",
    "hotpotqa_longhaystack",
    "musique_longhaystack",
    "xquad_ar",
    "xquad_es",
    "xquad_ru",
    "xquad_zh",
)
WAYS = ("plain", "bm25", "dense", "hybrid")


class Gold(NamedTuple):
    """Where evidence lies."""

    start: int
    end: int
    page: bool


class Asked(NamedTuple):
    """A question and how much of its evidence each way found, at 5 and at 10."""

    odd: bool
    found: dict[str, tuple[float, float]]


class Plain:
    """What a first try looks like: tokens counted off, rank-bm25 over lower-case words."""

    def __init__(self, document: Document, tokens: int) -> None:
        from rank_bm25 import BM25Okapi

        self._chunks = [
            Chunk(index, Span(document, start, end), tokens)
            for index, (start, end) in enumerate(counted_off(document.text, tokens))
        ]
        self._index = BM25Okapi([each.text.lower().split() for each in self._chunks])

    def rank(self, query: str) -> list[Chunk]:
        """Return the chunks, best first."""
        scores = self._index.get_scores(query.lower().split())
        return [self._chunks[at] for at in sorted(range(len(scores)), key=lambda at: -scores[at])]


class Searched(NamedTuple):
    """A document and what ranks its chunks."""

    document: Document
    chunks: int
    plain: Plain
    ours: dict[str, Retriever]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data/dev")
    parser.add_argument("--tokens", type=int, default=300, help="of a chunk")
    parser.add_argument("--embedder", default="static")
    parser.add_argument("--speed", action="store_true", help="BM25 by size instead, beside rank-bm25 and bm25s")
    parser.add_argument("sets", nargs="*", default=SETS)
    args = parser.parse_args()
    if args.speed:
        print_speed(args.data)
        return
    embedder = asyncio.run(open_embedder(args.embedder))

    @cache
    def searched(path: str) -> Searched:
        return search(args.data / path, args.tokens, embedder)

    print("| set | n | plain | bm25 | dense | hybrid | odd: plain | bm25 | dense | hybrid |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in args.sets:
        lines = (args.data / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [ask(json.loads(line), bool(at % 2), searched) for at, line in enumerate(lines)]
        asked = [row for row in rows if row is not None]
        odd = [row for row in asked if row.odd]
        cells = [figures(part, way) for part in (asked, odd) for way in WAYS]
        print(f"| {name} | {len(asked)} | " + " | ".join(cells) + " |", flush=True)


def search(path: Path, tokens: int, embedder: Embedder) -> Searched:
    """Load and cut a document, and build all that ranks it."""
    (document,) = asyncio.run(load([path])).documents
    chunks = chunk([document], tokens=tokens)
    ours: dict[str, Retriever] = {}
    for kind in ("bm25", "dense", "auto"):
        built = asyncio.run(build(chunks, Ranking(kind=kind, embedder=embedder)))
        ours["hybrid" if kind == "auto" else kind] = built.retriever
    return Searched(document, len(chunks), Plain(document, tokens), ours)


def ask(record: dict[str, Any], odd: bool, searched: Callable[[str], Searched]) -> Asked | None:
    """Rank the chunks for a question; `None` if its evidence stands nowhere in the document."""
    on = searched(record["documents"][0]["path"])
    golds = [gold for entry in record["evidence"] if (gold := place(on.document, entry)) is not None]
    if not golds:
        return None
    question = record["question"]
    ranked = {"plain": on.plain.rank(question)}
    for way, retriever in on.ours.items():
        ranked[way] = [each.chunk for each in retriever.rank(question, limit=10)]
    return Asked(odd, {way: (recall(best[:5], golds), recall(best[:10], golds)) for way, best in ranked.items()})


def place(document: Document, entry: dict[str, Any]) -> Gold | None:
    """Return where a piece of evidence lies."""
    if "page" in entry:
        page = document.pages[entry["page"] - 1]
        return Gold(page.start, page.end, page=True)
    found = re.search(r"\s+".join(map(re.escape, entry["quote"].split())), document.text)
    return None if found is None else Gold(found.start(), found.end(), page=False)


def recall(chunks: Sequence[Chunk], golds: Sequence[Gold]) -> float:
    """Return the share of the evidence that chunks hold."""
    return mean(held(gold, [(each.span.start, each.span.end) for each in chunks]) for gold in golds)


def held(gold: Gold, spans: Sequence[tuple[int, int]]) -> float:
    """Return how much of one piece of evidence lies in spans that don't overlap, 0 to 1."""
    common = [max(0, min(end, gold.end) - max(start, gold.start)) for start, end in spans]
    if gold.page:
        lengths = [min(end - start, gold.end - gold.start) for start, end in spans]
        return float(any(2 * shared >= length for shared, length in zip(common, lengths, strict=True)))
    return min(1.0, sum(common) / (gold.end - gold.start))


def figures(asked: Sequence[Asked], way: str) -> str:
    """Return recall at 5 and at 10, in percent."""
    at_5, at_10 = (mean(row.found[way][at] for row in asked) for at in (0, 1))
    return f"{100 * at_5:.0f} / {100 * at_10:.0f}"


def counted_off(text: str, tokens: int) -> Iterator[tuple[int, int]]:
    """Yield spans of so many tokens each."""
    from longagent.documents.tokens import _encoding

    ids = _encoding().encode_ordinary(text)
    starts = _encoding().decode_with_offsets(ids)[1][::tokens]
    yield from zip(starts, [*starts[1:], len(text)], strict=True)


def print_speed(data: Path) -> None:
    """Print what BM25 takes by number of chunks."""
    text = (data / "docs/musique/haystack_dev.txt").read_text(encoding="utf-8")
    parts = [text[at : at + 1200] for at in range(0, len(text), 1200)]
    queries = [" ".join(part.split()[3:15]) for part in parts[:40]]
    print("| chunks | rank-bm25: build s, query ms | bm25s | ours |\n|---|---|---|---|")
    # Words that were met once are quicker to cut the second time.
    Postings.of_texts(parts)
    for size in (1000, 5000, 20_000, 50_000):
        texts = (parts * (size // len(parts) + 1))[:size]
        cells = []
        for make in (rank_bm25, bm25s, ours):
            started = perf_counter()
            scores = make(texts)
            built = perf_counter() - started
            started = perf_counter()
            for query in queries:
                scores(query)
            cells.append(f"{built:.2f}, {1000 * (perf_counter() - started) / len(queries):.2f}")
        print(f"| {size:,} | " + " | ".join(cells) + " |", flush=True)


def rank_bm25(texts: Sequence[str]) -> Callable[[str], Any]:
    """Return what scores by rank-bm25."""
    from rank_bm25 import BM25Plus

    index = BM25Plus([keys(text) for text in texts], delta=0)
    return lambda query: index.get_scores(keys(query))


def bm25s(texts: Sequence[str]) -> Callable[[str], Any]:
    """Return what scores by bm25s, which is no dependency."""
    import bm25s as library

    index = library.BM25(method="bm25+", k1=1.5, b=0.75, delta=0)
    index.index([keys(text) for text in texts], show_progress=False)
    return lambda query: index.get_scores(keys(query))


def ours(texts: Sequence[str]) -> Callable[[str], Any]:
    """Return what scores by our own arrays."""
    return Postings.of_texts(texts).scores


if __name__ == "__main__":
    main()
