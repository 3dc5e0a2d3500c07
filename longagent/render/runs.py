"""Runs of the past, as lines and as records."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from longagent.answer import Answer, Citation, Coverage, Retrieval, Usage
from longagent.render.columns import columns
from longagent.render.terminal import footer, megabytes, one_line, print_answer
from longagent.store.runs import RunRecord

_SHORTEST_QUESTION = 24


def status_of(run: RunRecord) -> str:
    """Return `running`, `interrupted`, `partial` or `finished`."""
    return "interrupted" if run.status == "running" and not run.alive else run.status


def answer_of(run: RunRecord) -> Answer | None:
    """Return the answer of a run that has one."""
    if run.answer is None:
        return None
    record = {**run.answer, "text": run.answer["answer"]}
    record["citations"] = tuple(_known(Citation, citation) for citation in record["citations"])
    record["usage"], record["coverage"] = _known(Usage, record["usage"]), _known(Coverage, record["coverage"])
    record["retrieval"] = _known(Retrieval, record["retrieval"]) if record.get("retrieval") else None
    record["warnings"] = tuple(record["warnings"])
    answer: Answer = _known(Answer, record)
    return answer


def run_dict(run: RunRecord) -> dict[str, Any]:
    """Return what is known of a run as plain data, without its answer."""
    asked = ("question", "strategy", "sources", "folder", "settings", "options")
    return {
        "run_id": run.run_id,
        "status": status_of(run),
        **{key: run.manifest.get(key) for key in asked},
        "started": run.started.isoformat(timespec="seconds"),
        "updated": run.updated.isoformat(timespec="seconds"),
        "calls": run.calls,
        "failures": run.failures,
        "bytes": run.bytes,
    }


def print_runs(runs: list[RunRecord], console: Console) -> None:
    """Print one line for each run; on a terminal, questions are cut to fit it."""
    head = ("id", "status", "last active", "strategy", "calls", "question")
    rows = [_row(run) for run in runs]
    first, *lines = columns([head, *rows], right=(4,))
    room = len(first) - len(head[-1])
    console.print(Text(first, style="dim"), soft_wrap=True)
    for line in lines:
        text = Text(line)
        if console.is_terminal:
            text.truncate(max(console.width, room + _SHORTEST_QUESTION), overflow="ellipsis")
        console.print(text, soft_wrap=True)


def print_run(run: RunRecord, console: Console) -> None:
    """Print everything about a run, and its answer if it has one."""
    asked = run.manifest
    sources = asked.get("sources")
    facts = {
        "run": run.run_id,
        "status": status_of(run),
        "question": asked.get("question", ""),
        "sources": "no files" if sources is None else ", ".join(sources),
        "folder": asked.get("folder", ""),
        "strategy": asked.get("strategy", ""),
        "settings": _pairs(asked.get("settings") or {}),
        "options": _pairs(asked.get("options") or {}),
        "started": _when(run.started),
        "last active": _when(run.updated),
        "calls": f"{run.calls} finished" + (f", {run.failures} failed" if run.failures else ""),
        "on disk": megabytes(run.bytes),
    }
    for line in columns([(name, value) for name, value in facts.items() if value]):
        console.print(Text(line), soft_wrap=True)
    answer = answer_of(run)
    if answer is not None:
        console.print()
        print_answer(answer, console)
        console.print()
        console.print(Text(one_line(footer(answer)), style="dim"), soft_wrap=True)


def _row(run: RunRecord) -> tuple[str, ...]:
    asked = run.manifest
    when = _when(run.updated)
    return (run.run_id, status_of(run), when, asked.get("strategy", ""), str(run.calls), asked.get("question", ""))


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _pairs(values: dict[str, Any]) -> str:
    return " ".join(f"{key}={_listed(value)}" for key, value in values.items())


def _listed(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}={item}" for key, item in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _known(kind: type[Any], record: dict[str, Any]) -> Any:
    """Make a record of what it has today; a later version of the same schema may have kept more."""
    return kind(**{item.name: record[item.name] for item in fields(kind) if item.name in record})
