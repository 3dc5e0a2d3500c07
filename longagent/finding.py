"""The sentences of documents that fit a query best, with file and page, and no model at all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from longagent import background
from longagent.documents import Loaded, Source, Span, load_for, place
from longagent.documents.sources import Sources, listed
from longagent.errors import UsageError
from longagent.events import Emit
from longagent.evidence.words import keys
from longagent.retrievers.kept_sentences import kept_sentences
from longagent.retrievers.sentences import RankedSpan, Sentences
from longagent.settings import Settings
from longagent.store.index_store import IndexStore, open_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A sentence; `text` is always `document.text[start:end]`."""

    document: str
    """Name of the document, as the user gave it."""
    document_id: str
    """sha256 of the document's bytes, hexadecimal."""
    page: int
    """First page, counted from 1 in the file; for formats without pages, the section."""
    page_end: int
    where: str
    """The place in words, such as `p. 6`, `slide 3 “Outlook”`, `sheet “Sales”` or `line 12`."""
    start: int
    """First code point in the document's text."""
    end: int
    text: str
    score: float
    """Compares only with others for the same query and sources."""
    headings: tuple[str, ...] = ()
    """It stands under these, the highest first."""
    before: str = ""
    """The sentences before it, as many as were asked for."""
    after: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return what `longagent find --json` prints of it."""
        return asdict(self)


def find(
    sources: Sources, query: str, *, limit: int = 10, context: int = 0, on_event: Emit | None = None, **options: Any
) -> list[Found]:
    """Return the sentences that fit a query best, best first; calls no model, and none is needed.

    Args:
        sources: one source or several, as for `ask`.
        query: words to look for, or a question.
        limit: how many at most.
        context: how many sentences before and after each come with it.
        on_event: called with every event (documents that were read, warnings), from another thread.
        options: of `Settings`, such as `strict_sources`, `password`, `ocr`, `cache`.

    Raises:
        SourceError: a document cannot be read.
        UsageError: something in the call is wrong.
    """
    wanted, settings = _Wanted(query, limit, context), Settings.resolve(**options)
    return background.run(lambda: _find(listed(sources), wanted, on_event, settings))


async def afind(
    sources: Sources, query: str, *, limit: int = 10, context: int = 0, on_event: Emit | None = None, **options: Any
) -> list[Found]:
    """Return the sentences that fit a query best; as `find`, awaited."""
    wanted, settings = _Wanted(query, limit, context), Settings.resolve(**options)
    return await background.run_async(lambda: _find(listed(sources), wanted, on_event, settings))


async def read(sources: Sequence[Source], settings: Settings, *, emit: Emit | None = None) -> Loaded:
    """Read sources as the settings say, with nothing but the texts that are kept; see `load`."""
    async with _index(settings) as index:
        return await _load(sources, settings, emit, index)


@asynccontextmanager
async def _index(settings: Settings) -> AsyncIterator[IndexStore | None]:
    index = open_index(settings)
    try:
        yield index
    finally:
        if index is not None:
            await index.aclose()


async def _load(sources: Sequence[Source], settings: Settings, emit: Emit | None, index: IndexStore | None) -> Loaded:
    return await load_for(settings, sources, emit=emit, kept=None if index is None else index.shelf("documents"))


class _Wanted(NamedTuple):
    query: str
    limit: int
    context: int


async def _find(sources: Sequence[Source], wanted: _Wanted, emit: Emit | None, settings: Settings) -> list[Found]:
    query, limit, context = wanted
    if not isinstance(query, str) or not query.strip():
        raise UsageError(f"What to look for is {'empty' if isinstance(query, str) else 'not text'}.")
    if not keys(query):
        raise UsageError(f"{query!r} has only words that stand in every text.", hint="Add what it is about.")
    if limit < 1 or context < 0:
        raise UsageError(f"{f'limit={limit}' if limit < 1 else f'context={context}'} is too small.")
    async with _index(settings) as index:
        loaded = await _load(sources, settings, emit, index)
        ranking = await kept_sentences(loaded.documents, index)
        return await asyncio.to_thread(_ranked, ranking, wanted)


def _ranked(ranking: Sentences, wanted: _Wanted) -> list[Found]:
    ranked = ranking.rank(wanted.query, limit=wanted.limit)
    return [_found(each, ranking.near(each.span, wanted.context)) for each in ranked]


def _found(ranked: RankedSpan, near: Span) -> Found:
    span = ranked.span
    text = span.document.text
    return Found(
        document=span.document.name,
        document_id=span.document.id,
        page=span.page,
        page_end=span.page_end,
        where=place(span),
        start=span.start,
        end=span.end,
        text=span.text,
        score=ranked.score,
        headings=span.document.path_at(span.start),
        before=text[near.start : span.start].strip(),
        after=text[span.end : near.end].strip(),
    )
