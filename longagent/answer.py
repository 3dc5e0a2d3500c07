"""What comes back from a question: the answer, where it stands in the source, and what it cost."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

SCHEMA = 1
"""Version of the JSON form; fields may be added within a version, never changed."""

Status = Literal["exact", "close", "located", "unverified"]
"""How a citation was checked.

`exact`: the model's quote stands in the source, up to typography. `close`: nearly so, with no changed number, name or
negation. `located`: code found the place that carries the answer. `unverified`: the quote does not stand in the source.
"""

Verify = Literal["strict", "mark", "off"]
"""What becomes of what cannot be verified. `strict`: it is taken out of the answer. `mark`: it stays, and is marked.
`off`: nothing is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A place in a document that carries the answer; `quote` is always `document.text[start:end]`."""

    document: str
    """Name of the document, as the user gave it."""
    document_id: str
    """sha256 of the document's bytes, hexadecimal."""
    page: int | None
    """First page, counted from 1 in the file; for formats without pages, the section. `None` when unverified."""
    page_end: int | None
    start: int | None
    """First code point of the quote in the document's text."""
    end: int | None
    quote: str | None
    said: str | None = None
    """The model's own words, if it quoted."""
    status: Status = "located"
    page_label: str | None = None
    """What is printed on the first page as its number, where the file tells and it is another, such as `iv`; of a sheet
    or table, its rows, such as `rows 1-200`."""
    where: str | None = None
    """The place in words, such as `p. 6`, `slide 3 “Outlook”`, `sheet “Sales”` or `line 12`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A chunk that a model answered from."""

    document: str
    """Name of the document, as the user gave it."""
    document_id: str
    page: int
    """First page, counted from 1; for formats without pages, the section."""
    page_end: int
    chunk: int
    """Counted from 1, in the order of the source."""
    where: str | None = None
    """As in `Citation`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """One of several answers that contradict each other."""

    answer: str
    """In a model's words."""
    sources: tuple[Source, ...]
    """The chunks that gave it."""
    kept: bool
    """Whether it was left when the answer was written."""
    reason: str = ""
    """Why it was rejected; empty where it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Chunks answered differently what they were asked: who said what, and what became of it."""

    instruction: str
    """What they were asked."""
    rivals: tuple[Rival, ...]
    """Those that were kept come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the answer rests on, in model calls and tokens; unknown figures are `None`, never zero."""

    calls: int = 0
    cached_calls: int = 0
    prompt_tokens: int | None = 0
    cached_prompt_tokens: int | None = None
    """Of the prompt tokens, those that the server had computed before; `None` unless it told so of every call."""
    completion_tokens: int | None = 0
    cost: float | None = None
    """US dollars; `None` when the price is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of the source was read: chunks in the source, chunks a model read, chunks whose call failed for good."""

    chunks: int = 0
    read: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What became of the sentences that a model was asked to copy from what it read, word for word."""

    sentences: int
    """How many it gave."""
    verbatim: int
    """Those that stand in what it read as they are, but for white space."""
    unverified: int
    """Those that do not stand there, nor nearly so."""

    @property
    def hallucination_rate(self) -> float | None:
        """Share of the sentences that exactly match no part of what was read; `None` where there were none.

        As in Li et al. 2024 (arXiv 2410.03227), up to white space. `unverified` counts less: a sentence with other
        quotation marks is not made up.
        """
        return (self.sentences - self.verbatim) / self.sentences if self.sentences else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer with checked citations. `found` is false when the document does not carry an answer.

    Of `reason`, it is a conclusion: `found` tells whether there is one, and nothing was checked against a source.
    """

    question: str
    text: str | None
    """The answer in words; `None` when not found."""
    found: bool
    partial: bool = False
    """Whether less was read than was meant to be, because a limit was reached or the window is too small."""
    written: bool = True
    """Whether an answer was written; if not, a limit was in the way, and `found` says nothing of the document."""
    traced: bool | None = True
    """Whether the source carries the answer, as far as code can tell; of a summary, that is not asked. `None` when
    nothing was looked for, or there was no document."""
    verify: Verify = "mark"
    """How it was checked."""
    citations: tuple[Citation, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    """Where chunks contradicted each other; only strategies that let each answer for itself tell."""
    strategy: str
    strategy_reason: str = ""
    """Why it: `as asked`, or what made `auto` choose it."""
    model: str
    usage: Usage = field(default_factory=Usage)
    coverage: Coverage = field(default_factory=Coverage)
    retrieval: Retrieval | None = None
    """Of strategies that have sentences copied; `None` of others."""
    ranking: str | None = None
    """What put the chunks in order, such as `bm25`; `None` where they were taken as they come."""
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    caveat: str | None = None
    """Where a small model answered: that it did, and what would serve better."""
    run_id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, in the documented JSON schema."""
        record = asdict(self)
        record["answer"] = record.pop("text")
        if self.retrieval:
            record["retrieval"]["hallucination_rate"] = self.retrieval.hallucination_rate
        head = ("question", "answer", "found", "partial", "written", "traced", "verify", "citations", "conflicts")
        middle = ("strategy", "strategy_reason", "model", "usage", "coverage", "retrieval", "ranking")
        tail = ("seconds", "warnings", "caveat", "run_id")
        return {"schema": SCHEMA} | {key: record[key] for key in (*head, *middle, *tail)}

    def to_json(self) -> str:
        """Return the one JSON object that `longagent ask --json` prints."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @property
    def exit_code(self) -> int:
        """Exit code of the command line: 0 answered, 3 partial, 4 not found."""
        if self.partial:
            return 3
        return 0 if self.found else 4
