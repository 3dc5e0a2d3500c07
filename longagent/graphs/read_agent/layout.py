"""Gists in order, with some pages in full in their places, as far as they fit."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from longagent.graphs.room import DELIMITERS
from longagent.graphs.strategy import Context
from longagent.llm.model import Model

NOT_READ = "(not read)"


class Shown(NamedTuple):
    """What stands before a model."""

    text: str
    pages: tuple[int, ...]
    """Indices of the pages that stand there in full."""
    gists: tuple[int, ...]
    """And of those whose gists do."""


class _Line(NamedTuple):
    """The gist of a page, or the place of pages that were not read."""

    first: int
    last: int
    text: str


async def lay_out(
    ctx: Context, model: Model, gists: Mapping[int, str], chosen: Sequence[int], *, question: str, room: int
) -> Shown:
    """Return gists in order, with the chosen pages in full in their places.

    Where not everything fits, pages go before gists, the one chosen first before the others, and gists nearest to a
    page before those farther away; without a page, gists of the pages that share most words with the question.

    Args:
        ctx: of the run.
        model: who will read it.
        gists: by page.
        chosen: pages to stand there in full, the most useful first.
        question: what is asked.
        room: tokens there are.
    """
    room -= DELIMITERS
    pages: list[int] = []
    for page in chosen:
        # A page parts the gists around it into two blocks.
        cost = await model.count_tokens(_passage(ctx, page)) + DELIMITERS
        if cost <= room:
            pages.append(page)
            room -= cost
    lines: list[_Line] = []
    for line in await _nearest_first(ctx, list(_lines(gists, range(len(ctx.chunks)), without=pages)), pages, question):
        room -= await model.count_tokens(f"{line.text}\n")
        if room < 0:
            break
        lines.append(line)
    shown = tuple(line.first for line in lines if line.first in gists)
    return Shown(_rendered(ctx, pages, lines), tuple(sorted(pages)), tuple(sorted(shown)))


async def list_gists(ctx: Context, model: Model, gists: Mapping[int, str], pages: range, *, room: int) -> str:
    """Return the gists of some pages, one to a line; all of them, shortened if they are longer than they should be."""
    length = max((len(text) for text in gists.values()), default=0)
    while True:
        shortened = {page: text[:length] for page, text in gists.items()}
        text = ctx.delimiters.block("gists", "\n".join(line.text for line in _lines(shortened, pages)))
        tokens = await model.count_tokens(text)
        if tokens <= room or length == 0:
            return text
        length = length * min(room, tokens - 1) * 9 // (tokens * 10)


def _lines(gists: Mapping[int, str], pages: range, without: Sequence[int] = ()) -> Iterator[_Line]:
    """Yield a line for each page with a gist, and one for all pages in a row that have none."""
    for page, group in groupby(pages, key=lambda page: page if page in gists else -1):
        first, *others = group
        last = others[-1] if others else first
        if page in gists and page not in without:
            yield _Line(page, page, f"{page + 1}: {gists[page]}")
        elif page not in gists:
            number = f"{first + 1}" if first == last else f"{first + 1}-{last + 1}"
            yield _Line(first, last, f"{number}: {NOT_READ}")


async def _nearest_first(ctx: Context, lines: list[_Line], pages: Sequence[int], question: str) -> list[_Line]:
    if pages:
        return sorted(lines, key=lambda line: min(abs(line.first - page) for page in pages))
    rank = {ranked.chunk.index: place for place, ranked in enumerate(await ctx.rank(question))}
    return sorted(lines, key=lambda line: rank[line.first])


def _rendered(ctx: Context, pages: Sequence[int], lines: Sequence[_Line]) -> str:
    places = [(page, _passage(ctx, page), True) for page in pages] + [(line.first, line.text, False) for line in lines]
    parts: list[str] = []
    for whole, group in groupby(sorted(places), key=lambda place: place[2]):
        texts = [text for _, text, _ in group]
        parts += texts if whole else [ctx.delimiters.block("gists", "\n".join(texts))]
    return "\n\n".join(parts)


def _passage(ctx: Context, page: int) -> str:
    return ctx.delimiters.passage(page + 1, ctx.chunks[page].span)
