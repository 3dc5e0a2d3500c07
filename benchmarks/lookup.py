"""Look-up questions: what the model gets right, beside the best BM25 sentence without any model.

    python benchmarks/lookup.py benchmarks/lookup.jsonl --documents FOLDER

One row a question; right means that one of the gold strings stands in the answer. Questions whose document is not there
are skipped and counted.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from longagent import Answer, LongagentError, Session
from longagent.documents import Chunk, Document, Span, load
from longagent.documents.sentences import sentences
from longagent.retrievers import Bm25

ROOT = Path(__file__).parents[1]


class Row(NamedTuple):
    """One question and how it went."""

    question: str
    answerable: bool
    answer: str
    right: bool
    page_right: bool | None
    """Whether a citation lies on a gold page; `None` where there is no gold page."""
    baseline: str
    baseline_right: bool
    seconds: float


def main() -> None:
    """Run the questions and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--documents", type=Path, default=ROOT)
    parser.add_argument("--model")
    parser.add_argument("--base-url")
    parser.add_argument("--strategy", default="auto")
    parser.add_argument("--retriever", default="auto")
    args = parser.parse_args()
    records = [json.loads(line) for line in args.questions.read_text(encoding="utf-8").splitlines()]
    rows: list[Row] = []
    skipped = 0
    with Session(model=args.model, base_url=args.base_url, strategy=args.strategy, retriever=args.retriever) as session:
        for record in records:
            path = next(
                (base / record["path"] for base in (ROOT, args.documents) if (base / record["path"]).exists()), None
            )
            if path is None:
                skipped += 1
                continue
            rows.append(run(session, record, path))
            print(as_line(rows[-1]), flush=True)
    print("\n".join(summary(rows)), f"skipped, document not there: {skipped}", sep="\n")


def run(session: Session, record: dict[str, Any], path: Path) -> Row:
    """Ask one question, with the model and without."""
    started = monotonic()
    try:
        answer: Answer | None = session.ask(path, record["question"])
        text = (answer.text if answer else None) or "(not found)"
    except LongagentError as error:
        answer, text = None, f"({error})"
    seconds = monotonic() - started
    sentence = best_sentence(path, record["question"])
    gold, answerable = record["answers"], record["answerable"]
    found = answer is not None and answer.found
    cited = {c.page for c in answer.citations} if answer else set()
    return Row(
        question=record["question"],
        answerable=answerable,
        answer=" ".join(text.split()),
        right=holds(text, gold) if answerable else answer is not None and not found,
        page_right=bool(cited & set(record["page"])) if record.get("page") and found else None,
        baseline=" ".join(sentence.split()),
        baseline_right=holds(sentence, gold) if answerable else False,  # it always answers
        seconds=seconds,
    )


def holds(text: str, gold: list[str]) -> bool:
    """Whether one of the gold strings stands in the text, regardless of case and line breaks."""
    plain = " ".join(text.replace("-\n", "").split()).lower()
    return any(answer.lower() in plain for answer in gold)


def best_sentence(path: Path, question: str) -> str:
    """Return the sentence of the document that BM25 ranks first."""
    (document,) = asyncio.run(load([path])).documents
    return Bm25(list(as_chunks(document))).rank(question, limit=1)[0].chunk.text


def as_chunks(document: Document) -> Iterator[Chunk]:
    """Yield each sentence as a chunk."""
    for index, (start, end) in enumerate(sentences(document.text)):
        yield Chunk(index, Span(document, start, end), 0)


def as_line(row: Row) -> str:
    """Format a row for a Markdown table."""
    page = {True: "yes", False: "no", None: ""}[row.page_right]
    cells = (
        row.question if row.answerable else f"{row.question} *(not there)*",
        row.answer[:110],
        "yes" if row.right else "**no**",
        page,
        "yes" if row.baseline_right else "no",
        f"{row.seconds:.0f}",
    )
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def summary(rows: list[Row]) -> Iterator[str]:
    """Yield the totals."""
    answerable, absent = [r for r in rows if r.answerable], [r for r in rows if not r.answerable]
    paged = [r for r in answerable if r.right and r.page_right is not None]
    yield f"\nanswerable: {sum(r.right for r in answerable)} of {len(answerable)} right"
    yield f"best BM25 sentence, no model: {sum(r.baseline_right for r in answerable)} of {len(answerable)} hold it"
    yield f"right answers with a citation on a gold page: {sum(bool(r.page_right) for r in paged)} of {len(paged)}"
    yield f"not there, said so: {sum(r.right for r in absent)} of {len(absent)} (the sentence never does)"
    yield f"median seconds a question: {sorted(r.seconds for r in rows)[len(rows) // 2]:.1f}" if rows else "nothing run"


if __name__ == "__main__":
    main()
