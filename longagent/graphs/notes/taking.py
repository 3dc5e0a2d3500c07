"""Taking notes of one chunk."""

import asyncio
from dataclasses import replace
from typing import Any

from longagent.agents.agent import Said
from longagent.agents.checking import holds
from longagent.agents.findings import NOTHING, Finding
from longagent.documents import Span
from longagent.events import UnitWritten
from longagent.graphs.notes.state import Note
from longagent.graphs.notes.team import Team, otherwise
from longagent.graphs.reading import stops
from longagent.graphs.strategy import Context
from longagent.graphs.waves import Part


async def take_notes(team: Team, part: Part, ctx: Context) -> dict[str, Any]:
    """Let a chunk be read; return the update of the state: what was found, if anything, and how it went."""
    chunk, model = ctx.chunks[part["chunk"]], ctx.model(team.reader)

    async def read(span: Span) -> Said[Finding]:
        said = await team.reader(
            model,
            max_tokens=team.note_cap(model),
            seed=ctx.seed,
            stop=stops(model),
            passages=ctx.delimiters.passages([span]),
            question=part["question"],
            otherwise=otherwise(model),
        )
        if model.profile.abstains or not said.value.text or await _stands_in(span, said.value.text):
            return said
        return replace(said, value=NOTHING)

    async def _stands_in(span: Span, text: str) -> bool:
        return await asyncio.to_thread(holds, part["question"], text, passage=span, earlier="")

    attempt = await ctx.attempt(chunk, read)
    found = [said for said in attempt.values if said.value.text]
    for said in found:
        ctx.emit(UnitWritten(path=0, chunk=chunk.index, text=said.value.text))
    return {
        "notes": [note([chunk.index], said.value) for said in found],
        "assumed": sum(said.assumed for said in found),
        "cut": sum(said.cut for said in found),
        "chunks_read": [chunk.index] if attempt.outcome == "read" else [],
        "chunks_failed": [chunk.index] if attempt.outcome == "failed" else [],
    }


def note(chunks: list[int], finding: Finding) -> Note:
    """Return what was found as plain JSON."""
    return Note(chunks=chunks, text=finding.text, confidence=finding.confidence)
