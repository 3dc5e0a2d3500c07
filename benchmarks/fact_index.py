"""The two forms of `graph-reader`'s index: does the graph lead from a question to the passages with its evidence?

    python benchmarks/fact_index.py --data FOLDER [--sets hotpotqa_longhaystack,…] [--n 30] [--chunk 2000]
        [--neighbours 10]
    python benchmarks/fact_index.py --document FILE --model local [--chunk 2000]

A set is a file FOLDER/NAME.jsonl whose lines hold `question`, `documents` (with `path`) and `evidence` (with `quote`
and `passage`, its number). Start nodes are the five key elements of a question, found by code, that have fewest facts.
*Gold at start* is the share of gold passages with a fact of theirs; *one hop* also counts the facts of each one's
strongest neighbours. Beside it stands how many facts that are for a question, of how many: a graph that leads
everywhere leads nowhere.

`model` is simulated: a faithful reader that knows only its prompt, writes a fact for each sentence as far as the cap
holds them, and puts the passage's title for a pronoun that begins one, and beside the key elements, four of those that
code finds. So the two forms differ in what a model is for: what "he" and "the film" are. With --model a real one
indexes one document; there is no gold then, and some of its facts are printed.
"""

import argparse
import dataclasses
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from longagent import Session
from longagent.documents.sentences import sentences
from longagent.events import Event, RunFinished
from longagent.graphs.graph_reader.elements import elements_of
from longagent.graphs.graph_reader.fact_graph import FactGraph
from longagent.llm.model import Reply, Request
from longagent.testing import ScriptedModel
from longagent.testing.readers import read_prompt

START = 5
_TITLE = re.compile(r"Passage (\d+): (.+)")
_PRONOUN = re.compile(r"(?:He|She|It|They|His|Her|Its|Their|The (?:film|album|band|song|book|company|city|town))\b")


class Indexed(NamedTuple):
    """What came of indexing a document."""

    graph: FactGraph
    calls: int
    tokens: int
    seconds: float
    warnings: Sequence[str]


class Reached(NamedTuple):
    """How much of the evidence, and of everything, a question leads to."""

    gold: int
    start: int
    hop: int
    facts_start: int
    facts_hop: int


def faithful(request: Request) -> str:
    """Write a fact for each sentence of a prompt's passage."""
    read = read_prompt(request.messages)
    text = read.passages()[0] if read else ""
    number, title, lines = "?", "", []
    found = [" ".join(text[start:end].split()) for start, end in sentences(text)]
    for sentence, elements in zip(found, elements_of(found), strict=True):
        if named := _TITLE.match(sentence):
            number, title = named[1], " ".join(named[2].split()[:8])
        resolved = _PRONOUN.sub(title, sentence, count=1) if title else sentence
        # Shortened, as a model does so that all facts fit; which key elements a fact has is what counts here.
        fact = f"{' '.join(resolved.replace('|', ' ').split()[:8])} #{number}"
        named_by = [title] if title and title not in elements else []
        # The rarest few: a model names three or four.
        lines.append(" | ".join([f"{len(lines) + 1}. {fact}", *named_by, *elements[:4]]))
    return "\n".join(lines)


class Faithful(ScriptedModel):
    """The simulated reader; its replies end at their cap, as a server's do."""

    name = "faithful"

    def __init__(self) -> None:
        super().__init__(faithful, window=32_768)

    async def complete(self, request: Request) -> Reply:
        """Reply, within the cap."""
        reply = await super().complete(request)
        if (reply.completion_tokens or 0) <= request.max_tokens:
            return reply
        kept = reply.text[: len(reply.text) * request.max_tokens // (reply.completion_tokens or 1)]
        return dataclasses.replace(reply, text=kept, finish="length", completion_tokens=request.max_tokens)


def index(source: Path, *, form: str, size: int, model: Any = None) -> Indexed:
    """Index a document."""
    events: list[Event] = []
    began = time.monotonic()
    settings = {"index": form, "chunk_tokens": size}
    with Session(model=model or Faithful(), strategy="graph-reader", settings=settings, cache=False) as session:
        graph = session.fact_graph(source, on_event=events.append)
    (answer,) = [event.answer for event in events if isinstance(event, RunFinished)]
    tokens = (answer.usage.prompt_tokens or 0) + (answer.usage.completion_tokens or 0)
    return Indexed(graph, answer.usage.calls, tokens, time.monotonic() - began, answer.warnings)


def reach(graph: FactGraph, question: str, evidence: Sequence[dict[str, Any]], *, most: int) -> Reached:
    """Follow the graph from a question."""
    known = {graph.known(element) for element in elements_of([question])[0]} - {None}
    starts = sorted(filter(None, known), key=lambda name: (len(graph.facts_of(name)), name))[:START]
    first = {fact.text for name in starts for fact in graph.facts_of(name)}
    near = {other for name in starts for other in graph.neighbours(name, most)}
    second = first | {fact.text for name in near for fact in graph.facts_of(name)}

    def found(facts: set[str]) -> int:
        """Count the gold passages: by the sentence, or by the number that the simulated reader leaves in its facts."""
        return sum(
            any(fact in " ".join(one["quote"].split()) or fact.endswith(f" #{one['passage']}") for fact in facts)
            for one in evidence
        )

    return Reached(len(evidence), found(first), found(second), len(first), len(second))


def rows(data: Path, name: str, n: int) -> Iterator[dict[str, Any]]:
    """Yield questions about the set's first document."""
    lines = (data / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    read = [json.loads(line) for line in lines]
    path = read[0]["documents"][0]["path"]
    yield from [row for row in read if row["documents"][0].get("path") == path and row.get("evidence")][:n]


def report(made: Indexed, form: str, name: str, found: Sequence[Reached]) -> None:
    """Print a line of the table."""
    gold, n = sum(one.gold for one in found), max(1, len(found))
    at_start, in_hop = (
        f"{100 * sum(values) / gold:.0f} %" if gold else "-"
        for values in ([one.start for one in found], [one.hop for one in found])
    )
    facts_start, facts_hop = sum(one.facts_start for one in found) / n, sum(one.facts_hop for one in found) / n
    print(
        f"| {name} | {form} | {len(found)} | {at_start} | {in_hop} | {facts_start:,.0f} | {facts_hop:,.0f} "
        f"| {len(made.graph.facts):,} | {len(made.graph.names):,} | {made.graph.network.number_of_edges():,} "
        f"| {made.calls} | {made.tokens:,} | {made.seconds:.1f} |",
        flush=True,
    )
    for warning in made.warnings:
        print(f"{name}, {form}: {warning}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", default="hotpotqa_longhaystack,2wikimultihopqa_longhaystack,musique_longhaystack")
    parser.add_argument("--n", type=int, default=30)
    parser.add_argument("--chunk", type=int, default=2000)
    parser.add_argument("--neighbours", type=int, default=10)
    parser.add_argument("--model")
    parser.add_argument("--document", type=Path)
    given = parser.parse_args(arguments)
    print(
        "| document | index | questions | gold at start | one hop | facts at start | one hop | of facts | nodes "
        "| edges | calls | tokens | s |"
    )
    print(f"|{'---|' * 13}")
    if given.document:
        for form in ("code", "model"):
            made = index(given.document, form=form, size=given.chunk, model=given.model)
            report(made, form, given.document.name, [])
            print(*(f"  {fact.text} {fact.elements}" for fact in made.graph.facts[:8]), sep="\n")
        return 0
    for name in given.sets.split(","):
        asked = list(rows(given.data, name, given.n))
        for form in ("code", "model"):
            made = index(given.data / asked[0]["documents"][0]["path"], form=form, size=given.chunk)
            found = [reach(made.graph, row["question"], row["evidence"], most=given.neighbours) for row in asked]
            report(made, form, name.removesuffix("_longhaystack"), found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
