"""Strategies over sets of questions with gold answers: what each answers, whether it is right, and what it took.

    python benchmarks/dev_sets.py --data FOLDER --sets hotpotqa,musique --strategies rag,mem-agent [--n 5]
        [--unanswerable] [--model local] [--base-url URL] [--verify mark] [--json FILE]

A set is a file FOLDER/NAME.jsonl whose lines hold `question`, `answers`, `documents` (each with `path`, relative to
FOLDER, or `text` and `title`) and perhaps `answerable`. Taken are the first n questions of a set, about different
documents as far as there are, or with --unanswerable all whose answer the document does not hold. *Right* means that a
gold answer stands in the answer, which is lenient; for the others, that "not found" was said. *Recall* is the share of
gold passages (`evidence[].quote`) that something cited stands in, or a sentence that `alr2` copied; *made up* is the
share of its sentences that stand nowhere. The cache is off; what fails is wrong.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from longagent import Document, Session
from longagent.errors import LongagentError
from longagent.events import Event, UnitWritten
from longagent.evidence.normalize import normalize


@dataclass(frozen=True)
class Row:
    """One question to one strategy."""

    strategy: str
    id: str
    answer: str | None
    gold: str
    right: bool
    calls: int
    tokens: int
    seconds: float
    cited: str
    """Status of each citation, with its page."""
    error: str = ""
    recall: float | None = None
    """Of gold passages; `None` where none are known."""
    made_up: float | None = None
    """Of the sentences that were to be copied."""


def questions(data: Path, name: str, *, n: int, unanswerable: bool) -> Iterator[dict[str, Any]]:
    """Yield the questions of a set that are asked."""
    rows = [json.loads(line) for line in (data / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    if unanswerable:
        yield from (row for row in rows if row.get("answerable") is False)
        return
    rows = [row for row in rows if row.get("answerable") is not False]
    seen = set[str]()
    # A document asked about before comes only when there are no others.
    fresh = [row for row in rows if not (_key(row) in seen or seen.add(_key(row)))]
    yield from [*fresh, *(row for row in rows if row not in fresh)][:n]


def ask(session: Session, strategy: str, data: Path, row: dict[str, Any]) -> Row:
    """Ask one question."""
    gold = [str(answer) for answer in row["answers"]]
    said: dict[str, Any] = {"strategy": strategy, "id": row["id"], "gold": " | ".join(gold)}
    started, copied = time.monotonic(), list[str]()

    def tell(event: Event) -> None:
        if strategy == "alr2" and isinstance(event, UnitWritten):
            copied.extend(line.removeprefix("- ") for line in event.text.splitlines())

    try:
        answer = session.ask([_document(data, each) for each in row["documents"]], row["question"], on_event=tell)
    except LongagentError as error:
        seconds = round(time.monotonic() - started, 1)
        none = {"answer": None, "right": False, "calls": 0, "tokens": 0, "cited": ""}
        return Row(**said, **none, seconds=seconds, error=str(error))
    if row.get("answerable") is False:
        right = not answer.found
    else:
        forms = [normalize(text).text.strip(" .") for text in gold]
        right = answer.text is not None and any(form in normalize(answer.text).text for form in forms)
    usage = answer.usage
    return Row(
        **said,
        answer=answer.text,
        right=right,
        calls=usage.calls,
        tokens=(usage.prompt_tokens or 0) + (usage.completion_tokens or 0),
        seconds=round(time.monotonic() - started, 1),
        cited=", ".join(f"{citation.status} p. {citation.page}" for citation in answer.citations),
        recall=_recall(row, [*copied, *(citation.quote or "" for citation in answer.citations)]),
        made_up=answer.retrieval.hallucination_rate if answer.retrieval else None,
    )


def _recall(row: dict[str, Any], found: Sequence[str]) -> float | None:
    gold = [normalize(each["quote"]).text for each in row.get("evidence") or () if each.get("quote")]
    texts = [text for each in found if (text := normalize(each).text.strip())]
    return sum(any(text in passage for text in texts) for passage in gold) / len(gold) if gold else None


def _key(row: dict[str, Any]) -> str:
    return json.dumps([document.get("path") or document.get("title") for document in row["documents"]])


def _document(data: Path, document: dict[str, Any]) -> Any:
    if document.get("path"):
        return data / document["path"]
    return Document.from_text(f"{document.get('title') or ''}\n\n{document['text']}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", required=True)
    parser.add_argument("--strategies", required=True)
    parser.add_argument("--n", type=int, default=5)
    parser.add_argument("--unanswerable", action="store_true")
    parser.add_argument("--model", default="local")
    parser.add_argument("--base-url")
    parser.add_argument("--verify", default="mark")
    parser.add_argument("--json", type=Path, help="append a line for each answer to this file")
    given = parser.parse_args(arguments)
    print("| strategy | set | n | right | found | cited | recall | made up | calls | tokens | s a question |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for strategy in given.strategies.split(","):
        options = {"strategy": strategy, "model": given.model, "base_url": given.base_url, "verify": given.verify}
        with Session(**options, cache=False, seed=0) as session:
            for name in given.sets.split(","):
                rows = [
                    ask(session, strategy, given.data, row)
                    for row in questions(given.data, name, n=given.n, unanswerable=given.unanswerable)
                ]
                _report(strategy, name, rows, given.json)
    return 0


def _report(strategy: str, name: str, rows: Sequence[Row], file: Path | None) -> None:
    if file is not None:
        with file.open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
    n = max(1, len(rows))
    found = [row for row in rows if row.answer is not None]
    print(
        f"| `{strategy}` | {name} | {len(rows)} | {sum(row.right for row in rows)} | {len(found)} "
        f"| {sum(bool(row.cited) for row in found)} | {_mean(row.recall for row in rows)} "
        f"| {_mean(row.made_up for row in rows)} | {sum(row.calls for row in rows)} "
        f"| {sum(row.tokens for row in rows)} | {sum(row.seconds for row in rows) / n:.1f} |",
        flush=True,
    )


def _mean(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):.0%}" if known else ""


if __name__ == "__main__":
    sys.exit(main())
