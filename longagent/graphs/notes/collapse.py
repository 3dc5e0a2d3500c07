"""Merging notes that stand next to each other, level by level, until they fit before the call that answers."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from longagent.agents.agent import Said
from longagent.agents.checking import holds
from longagent.agents.findings import Finding
from longagent.documents import Document, Span
from longagent.documents.sentences import sentences
from longagent.errors import (
    BudgetReached,
    ContentRefusedError,
    ContextTooLongError,
    ModelUnavailableError,
    ReplyError,
    ServerDownError,
)
from longagent.evidence.provenance import Sourced, attribute
from longagent.graphs.notes.state import Note, NotesState
from longagent.graphs.notes.taking import note
from longagent.graphs.notes.team import Team, otherwise, rooms
from longagent.graphs.reading import stops
from longagent.graphs.room import DELIMITERS, shorten
from longagent.graphs.strategy import Context
from longagent.graphs.waves import WAVE

_UNCERTAIN = 2.5
"""Where a note without confidence stands among those that have one."""


class Sized(NamedTuple):
    """A note and the tokens it takes in a prompt."""

    note: Note
    tokens: int


class _Merged(NamedTuple):
    """What became of a group."""

    notes: list[Note]
    cut: int = 0
    left_out: int = 0


async def merge_neighbours(team: Team, state: NotesState, ctx: Context) -> dict[str, Any]:
    """Return the update of the state after one level: the notes as they are if they fit, else merged in groups.

    When limits forbid to merge, those that readers are surest of are kept, as many as fit.
    """
    notes = state.get("merged", state.get("notes", []))
    room = await rooms(team, ctx.model, state["question"])
    sized = [await _size(team, each, room.note, ctx) for each in notes]
    if sum(each.tokens for each in sized) <= room.answer:
        return {"merged": [each.note for each in sized], "fit": True}
    if not ctx.may_read_on:
        kept = surest(sized, room.answer)
        return {"merged": kept, "fit": True, "left_out": len(notes) - len(kept)}
    merged: list[_Merged] = []
    groups = pack(sized, room.merge)
    for first in range(0, len(groups), WAVE):
        wave = (_merge(team, group, state["question"], ctx, room.note) for group in groups[first : first + WAVE])
        merged += _all_well(await asyncio.gather(*wave, return_exceptions=True))
    return {
        "merged": [each for group in merged for each in group.notes],
        "fit": False,
        "cut": sum(group.cut for group in merged),
        "left_out": sum(group.left_out for group in merged),
    }


async def _size(team: Team, each: Note, most: int, ctx: Context) -> Sized:
    """Return a note with what it takes before merger and writer."""
    models = {model.name: model for model in (ctx.model(team.merger), ctx.model(team.writer))}
    shown = team.show([each], ctx.delimiters) + "\n\n"
    tokens = max([await model.count_tokens(shown) for model in models.values()])
    if tokens <= most:
        return Sized(each, tokens)
    if models.keys() == {ctx.model(team.reader).name}:
        # Longer than its cap it cannot be: the count is on the high side.
        return Sized(each, most)
    text = Document.from_text(each["text"])
    span = Span(text, 0, len(text.text))
    for model in models.values():
        span = await shorten(span, most - DELIMITERS, model.count_tokens)
    return Sized(Note(chunks=each["chunks"], text=span.text, confidence=each["confidence"]), most)


def pack(notes: Sequence[Sized], room: int) -> list[list[Sized]]:
    """Return neighbours in groups that fit a prompt; no group but the last holds one note alone."""
    groups: list[list[Sized]] = []
    used = 0
    for each in notes:
        if groups and (used + each.tokens <= room or len(groups[-1]) < 2):
            groups[-1].append(each)
            used += each.tokens
        else:
            groups.append([each])
            used = each.tokens
    return groups


def surest(notes: Sequence[Sized], room: int) -> list[Note]:
    """Return the notes with the highest confidence that fit, in their order; of equals the earlier."""

    def rank(index: int) -> tuple[float, int]:
        sure = notes[index].note["confidence"]
        return (-(_UNCERTAIN if sure is None else sure), index)

    kept: list[int] = []
    for index in sorted(range(len(notes)), key=rank):
        if notes[index].tokens <= room:
            room -= notes[index].tokens
            kept.append(index)
    return [notes[index].note for index in sorted(kept)]


async def _merge(team: Team, group: Sequence[Sized], question: str, ctx: Context, most: int) -> _Merged:
    """Have a group merged by one call; where that fails, keep as much of it as the merged note might have taken."""
    notes = [each.note for each in group]
    if len(group) == 1:
        return _Merged(notes)
    try:
        said = await _ask(team, notes, question, ctx)
    except BudgetReached:
        return _Merged(notes)
    except ServerDownError:
        raise
    except (ContentRefusedError, ContextTooLongError, ModelUnavailableError, ReplyError):
        said = None
    if said is None or not said.value.text:
        kept = surest(group, most)
        return _Merged(kept, left_out=len(notes) - len(kept))
    return _Merged([note(_origins(notes, said.value.text), said.value)], cut=int(said.cut))


async def _ask(team: Team, notes: Sequence[Note], question: str, ctx: Context) -> Said[Finding] | None:
    """Make the call; `None` where what a model that never abstains says does not stand in the notes."""
    model = ctx.model(team.merger)
    said = await team.merger(
        model,
        max_tokens=team.note_cap(model),
        seed=ctx.seed,
        stop=stops(model),
        notes=team.show(notes, ctx.delimiters),
        question=question,
        otherwise=otherwise(model),
    )
    if model.profile.abstains or not said.value.text:
        return said
    read = Document.from_text("\n".join(each["text"] for each in notes))
    passage = Span(read, 0, len(read.text))
    held = await asyncio.to_thread(holds, question, said.value.text, passage=passage, earlier="")
    return said if held else None


def _origins(notes: Sequence[Note], merged: str) -> list[int]:
    """Return the chunks that a merged note rests on: those of the sentences it repeats; of all where none is found."""
    known = [
        Sourced(text=each["text"][start:end], chunks=each["chunks"])
        for each in notes
        for start, end in sentences(each["text"])
    ]
    attributed = attribute(known, merged, chunk=-1, chunk_text="")
    found = {chunk for sentence in attributed for chunk in sentence["chunks"]}
    return sorted(found or {chunk for each in notes for chunk in each["chunks"]})


def _all_well(results: Sequence[_Merged | BaseException]) -> list[_Merged]:
    """Return the results; raise the first error instead, if there is one."""
    merged = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        merged.append(result)
    return merged
