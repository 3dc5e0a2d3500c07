"""Answering from notes."""

from typing import Any

from longagent.graphs.notes.state import NotesState
from longagent.graphs.notes.team import Team, otherwise
from longagent.graphs.reading import says_cut, stops
from longagent.graphs.strategy import Context


async def answer_from_notes(team: Team, state: NotesState, ctx: Context) -> dict[str, Any]:
    """Answer from what the notes came to, and return the update of the state; without notes there is no call."""
    notes = state.get("merged", [])
    seen = {*state.get("chunks_read", []), *state.get("chunks_failed", [])}
    warnings, partial = _warnings(team, state, ctx), len(seen) < len(ctx.chunks)
    if not notes:
        return {"reply": "", "evidence": [], "partial": partial, "warnings": warnings}
    model = ctx.model(team.writer)
    cap = team.answer_cap(model)
    said = await team.writer(
        model,
        max_tokens=cap,
        seed=ctx.seed,
        stop=stops(model),
        final=True,
        notes=team.show(notes, ctx.delimiters),
        question=state["question"],
        otherwise=otherwise(model),
    )
    sources = sorted({chunk for each in notes for chunk in each["chunks"]})
    return {
        "reply": said.value,
        "evidence": [ctx.ref(ctx.chunks[index].span) for index in sources],
        "partial": partial,
        "warnings": [*warnings, *says_cut(said, model, cap)],
    }


def _warnings(team: Team, state: NotesState, ctx: Context) -> list[str]:
    """Tell what happened to notes on the way."""
    model, notes = ctx.model(team.reader), state.get("notes", [])
    assumed, cut, left_out = state.get("assumed", 0), state.get("cut", 0), state.get("left_out", 0)
    unrated = sum(each["confidence"] is None for each in notes) if team.rates else 0
    told = []
    if assumed:
        told.append(f"Passages taken to be useful, because replies do not say whether they are: {assumed}.")
    if unrated:
        told.append(f"{team.nouns.capitalize()} without a confidence that can be read: {unrated} of {len(notes)}.")
    # A model whose profile caps its replies rambles on anyway; nothing is lost there.
    if cut and model.profile.reply_tokens is None:
        cap = team.note_cap(model)
        told.append(f"{team.nouns.capitalize()} cut at {cap} tokens: {cut}; -S {team.setting}=N raises that.")
    if left_out:
        told.append(f"{team.nouns.capitalize()} left out, because there was no room before the answer: {left_out}.")
    return told
