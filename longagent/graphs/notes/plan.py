"""How long chunks are, and what reading them, merging notes and answering will take."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from longagent.documents import Chunk
from longagent.errors import WindowTooSmallError
from longagent.graphs.notes.team import Rooms, Team, frame, rooms
from longagent.graphs.room import chunk_room, window_of
from longagent.graphs.strategy import Estimate, Plan, Planned


class Level(NamedTuple):
    """One round of merging."""

    notes: int
    calls: int


async def chunk_tokens(team: Team, plan: Plan) -> int:
    """Return the length of chunks: what prompt, question and note leave of the reader's window.

    Raises:
        WindowTooSmallError: that is too little.
    """
    model = plan.model(team.reader)
    room = chunk_room(
        team.name,
        window_of(model.profile, team.window),
        prompt=await frame(team.reader, model, plan.question),
        kept=team.note_cap(model),
        kept_for=f"a {team.noun}",
        hint=f"Raise --window or -S window=N, lower -S {team.setting}=N, or shorten the question.",
    )
    return max(1, int(min(room, model.profile.reading_tokens or room) / await plan.scale(model)))


async def estimate(team: Team, plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    """Count the calls at most: notes may be short enough to need no merging, and without any nobody answers.

    Raises:
        WindowTooSmallError: a note does not fit before the writer, or two before the merger where they may have to.
    """
    reader, merger, writer = (plan.model(role) for role in (team.reader, team.merger, team.writer))
    n, note, answer = len(chunks), team.note_cap(reader), team.answer_cap(writer)
    room = await rooms(team, plan.model, plan.question)
    rounds = list(levels(n, _together(team, room, n), room.answer // room.note))
    merges, merged = sum(level.calls for level in rounds), sum(level.notes for level in rounds) * room.note
    read, merge, write = [
        await frame(role, plan.model(role), plan.question) for role in (team.reader, team.merger, team.writer)
    ]
    total = int(sum(chunk.tokens for chunk in chunks) * await plan.scale(reader) * 1.05)
    planned = [Planned(team.reader, n, total + n * read, n * note)]
    if merges:
        planned.append(Planned(team.merger, merges, merged + merges * merge, merges * team.note_cap(merger)))
    planned.append(Planned(team.writer, 1, write + min(room.answer, n * room.note), answer, final=True))
    return Estimate(planned=tuple(planned), depth=min(n, 1) + len(rounds) + 1, exact=False)


def _together(team: Team, room: Rooms, notes: int) -> int:
    """Return how many notes surely fit before the merger."""
    if room.answer < room.note:
        raise WindowTooSmallError(
            f"{team.name}: a {team.noun} of {room.note} tokens does not fit before the {team.writer.role}: besides "
            f"instructions, question and answer, {max(0, room.answer)} are left.",
            hint=f"Raise --window or -S window=N, lower -S {team.setting}=N or -S answer_tokens=N.",
        )
    together = room.merge // room.note
    if together < 2 and notes > room.answer // room.note:
        raise WindowTooSmallError(
            f"{team.name}: two {team.nouns} of {room.note} tokens do not fit before the {team.merger.role}: besides "
            f"instructions, question and what they are merged into, {max(0, room.merge)} are left.",
            hint=f"Raise --window or -S window=N, or lower -S {team.setting}=N.",
        )
    return together


def levels(notes: int, group: int, fit: int) -> Iterator[Level]:
    """Yield the rounds of merging, at most, until no more notes are left than fit.

    Args:
        notes: at the beginning.
        group: how many surely go into one.
        fit: how many surely fit before the answer.
    """
    while notes > fit:
        # One that is left over at the end needs no call.
        yield Level(notes, -(-(notes - 1) // group))
        notes = -(-notes // group)
