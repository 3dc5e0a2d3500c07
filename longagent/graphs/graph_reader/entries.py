"""What is known of each chunk: its facts, in the index store for all runs, and in memory for this one."""

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from longagent.agents.graph_reader import facts as facts_role
from longagent.documents import Chunk, Span
from longagent.documents.sentences import sentences
from longagent.graphs.graph_reader.elements import elements_of, inert
from longagent.graphs.graph_reader.fact_graph import Fact, FactGraph
from longagent.graphs.strategy import Context
from longagent.llm.model import Model

_VERSION = 1
"""Of entries: a change in what they hold, or how the text becomes them, raises it."""
_NAME = "graph-reader"
_PARTED = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")
"""A word parted at the end of a line."""

_log = logging.getLogger("longagent")


class Entry(NamedTuple):
    """What was read of a chunk."""

    facts: tuple[Fact, ...]
    cut: int = 0
    """Lists of facts that their cap cut off."""
    by_code: bool = False
    """Whether a reply could not be read, so that sentences stand for facts; such an entry serves this run only."""


@dataclass
class Indexed:
    """What this process holds of a run's index."""

    entries: dict[int, Entry] = field(default_factory=dict)
    """By the index of the chunk."""
    failed: set[int] = field(default_factory=set)
    """Chunks that could not be read."""
    graph: FactGraph | None = None
    """Of these entries; gone when there are more."""
    building: asyncio.Lock = field(default_factory=asyncio.Lock)

    def put(self, chunk: int, entry: Entry) -> None:
        """Keep an entry."""
        self.entries[chunk] = entry
        self.graph = None


def indexed(ctx: Context) -> Indexed:
    """Return what this process holds of the run's index."""
    found: Indexed = ctx.memo.setdefault(_NAME, Indexed())
    return found


def entry_key(text: str, model: Model, *, cap: int) -> bytes:
    """Return what stands for all that decides a chunk's entry: 32 bytes.

    The text is what the model sees, with the headings above it. The document and the place in it are left out, so that
    a page that moves is not read again; so is the seed, for an index serves all questions.
    """
    profile = model.profile
    who = [model.name, profile.identity, profile.thinking_tokens]
    identity = [_NAME, _VERSION, *who, facts_role.prompt.hash, cap, text]
    return sha256(json.dumps(identity).encode()).digest()


def as_record(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain JSON."""
    return {"facts": [[fact.text, [*fact.elements]] for fact in entry.facts], "cut": entry.cut}


def from_record(record: Mapping[str, Any], chunk: int) -> Entry | None:
    """Return the entry of a chunk; `None`, with a warning, where the record is none."""
    try:
        facts = [Fact(_text(text), tuple(map(_text, elements)), chunk) for text, elements in record["facts"]]
        return Entry(tuple(facts), cut=int(record["cut"]))
    except (KeyError, TypeError, ValueError) as error:
        _log.warning("An entry of the index is not as it should be, and its chunk is read again: %r", error)
        return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {type(value).__name__}")
    return value


async def look_up(ctx: Context, chunks: Sequence[int], *, cap: int) -> None:
    """Take what the index store has of some chunks."""
    model = ctx.model(facts_role)
    # Whatever wrote replies under the name of an unknown model may have been another one.
    if ctx.index is None or not model.profile.identity or not chunks:
        return
    keys = {chunk: entry_key(ctx.chunks[chunk].search_text, model, cap=cap) for chunk in chunks}
    records = await ctx.index.get_many([*keys.values()])
    for chunk, key in keys.items():
        if key in records and (entry := from_record(records[key], chunk)) is not None:
            indexed(ctx).put(chunk, entry)


async def keep(ctx: Context, chunk: Chunk, entry: Entry, *, cap: int) -> None:
    """Keep what was read of a chunk: for this run, and for others if a reply told it."""
    indexed(ctx).put(chunk.index, entry)
    model = ctx.model(facts_role)
    if ctx.index is not None and model.profile.identity and not entry.by_code:
        await ctx.index.put(entry_key(chunk.search_text, model, cap=cap), as_record(entry))


def facts_by_code(spans: Sequence[tuple[int, Span]]) -> list[Fact]:
    """Return the sentences of some chunks as facts, with key elements chosen by how rare they are in all of them."""
    found = [
        (inert(_PARTED.sub("", span.text[start:end])), chunk)
        for chunk, span in spans
        for start, end in sentences(span.text)
    ]
    chosen = elements_of([text for text, _ in found])
    return [Fact(text, elements, chunk) for (text, chunk), elements in zip(found, chosen, strict=True) if elements]
