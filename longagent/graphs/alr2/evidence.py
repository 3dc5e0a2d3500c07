"""Retrieved sentences: as they travel through the graph, in the order of the text, as prompts show them."""

import asyncio
from collections.abc import Sequence
from typing import TypedDict

from longagent.documents import Chunk, Document, Span
from longagent.graphs.room import shorten
from longagent.graphs.state import SpanRef
from longagent.graphs.strategy import Context
from longagent.llm.model import Model
from longagent.retrievers import Bm25

_SHORTEST = 4
"""Tokens of an item, at least."""
_MARK = "(not found in the text) "


class Sentence(TypedDict):
    """A retrieved sentence."""

    chunk: int
    """Index of the chunk in which it stands, or where it came from."""
    place: SpanRef
    """Where it stands; of one that does not stand in the source, what was read for it."""
    found: bool
    """Whether it stands in the source."""
    said: str
    """In the model's words; empty where the source's own are shown."""


def in_order(copied: Sequence[Sentence]) -> list[Sentence]:
    """Return sentences in the order of the text, each once; those without a place come last of their chunk."""
    once: dict[tuple[str, int, int, str], Sentence] = {}
    for each in copied:
        place = each["place"]
        once.setdefault((place["document_id"], place["start"], place["end"], each["said"]), each)
    return sorted(once.values(), key=lambda each: (each["chunk"], not each["found"], each["place"]["start"]))


def text_of(each: Sentence, ctx: Context) -> str:
    """Return the words of a sentence."""
    return each["said"] or ctx.span(each["place"]).text


def listed(copied: Sequence[Sentence], ctx: Context) -> str:
    """Return sentences as a list, those that do not stand in the source with a mark if they are to have one."""
    return "\n".join(_item(each, ctx) for each in copied)


def _item(each: Sentence, ctx: Context) -> str:
    mark = _MARK if ctx.config.check == "mark" and not each["found"] else ""
    return f"- {mark}{text_of(each, ctx)}"


async def that_fit(
    copied: Sequence[Sentence], room: int, model: Model, ctx: Context, *, question: str, beside: int = 0
) -> list[Sentence]:
    """Return the sentences that fit a prompt: all, or those that match the question best, in their order. No call.

    The best one is always among them, cut at its end if it must be.

    Args:
        copied: sentences in the order of the text.
        room: in tokens.
        model: who is to read them.
        ctx: of the run.
        question: what they are for.
        beside: tokens that each takes beside its words.
    """
    if await model.count_tokens(listed(copied, ctx)) + beside * len(copied) <= room:
        return [*copied]
    kept: list[tuple[int, Sentence]] = []
    for index in await asyncio.to_thread(_best_first, [text_of(each, ctx) for each in copied], question):
        if kept and room <= beside + _SHORTEST:
            break
        each = copied[index]
        tokens = await model.count_tokens(_item(each, ctx) + "\n") + beside
        if tokens > room and not kept:
            each = await _cut(each, room - beside, model, ctx)
            tokens = room
        if tokens <= room:
            room -= tokens
            kept.append((index, each))
    return [each for _, each in sorted(kept, key=lambda item: item[0])]


async def _cut(each: Sentence, room: int, model: Model, ctx: Context) -> Sentence:
    text = Document.from_text(each["said"]) if each["said"] else None
    span = Span(text, 0, len(text.text)) if text else ctx.span(each["place"])
    # The list's own marks take a few.
    short = await shorten(span, room - 12, model.count_tokens)
    if text:
        return Sentence(chunk=each["chunk"], place=each["place"], found=each["found"], said=short.text)
    return Sentence(chunk=each["chunk"], place=ctx.ref(short), found=each["found"], said="")


def _best_first(texts: Sequence[str], question: str) -> list[int]:
    documents = [Document.from_text(text) for text in texts]
    chunks = [Chunk(index, Span(each, 0, len(each.text)), 0) for index, each in enumerate(documents)]
    return [ranked.chunk.index for ranked in Bm25(chunks).rank(question)]


def merged(copied: Sequence[Sentence], ctx: Context) -> list[Span]:
    """Return the places of sentences, those that follow each other in one piece."""
    spans: list[Span] = []
    for span in (ctx.span(each["place"]) for each in copied):
        last = spans[-1] if spans else None
        if last and last.document is span.document and not span.document.text[last.end : span.start].strip():
            spans[-1] = last._replace(end=max(last.end, span.end))
        else:
            spans.append(span)
    return spans


async def context_of(copied: Sequence[Sentence], room: int, model: Model, ctx: Context, *, question: str) -> list[Span]:
    """Return the chunks in which sentences stand, in their order; those that match the question best, as they fit."""
    held = {each["chunk"] for each in copied if each["found"]}
    kept: list[Chunk] = []
    for chunk in (ranked.chunk for ranked in await ctx.rank(question)):
        if chunk.index in held:
            tokens = await model.count_tokens(ctx.delimiters.passages([chunk.span]) + "\n\n")
            if tokens <= room:
                room -= tokens
                kept.append(chunk)
    return [chunk.span for chunk in sorted(kept, key=lambda chunk: chunk.index)]
