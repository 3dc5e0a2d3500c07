"""Who takes notes, merges them and answers from them, and what room each of them has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from longagent.agents.agent import Agent
from longagent.agents.findings import Finding
from longagent.agents.passages import Delimiters
from longagent.graphs.notes.state import Note
from longagent.graphs.room import DELIMITERS, prompt_tokens, window_of
from longagent.llm.model import Model

ModelOf = Callable[[Agent[Any]], Model]
"""Tells which model plays a role."""

_LONGEST = 512
_BRIEF = 50
"""One sentence, for models that read only little well."""
_ABSTAIN = "If they do not hold the answer, say: Not found."


@dataclass(frozen=True, kw_only=True)
class Team:
    """The roles of a strategy that takes notes, with what the strategy calls them."""

    name: str
    """Of the strategy."""
    noun: str
    """What a note is called, in prompts and warnings."""
    nouns: str
    """What several are."""
    setting: str
    """The setting that caps a note."""
    reader: Agent[Finding]
    """Takes `passages`, `question` and `otherwise`."""
    merger: Agent[Finding]
    """Takes `notes`, `question` and `otherwise`."""
    writer: Agent[str]
    """Likewise."""
    window: int
    """Tokens of prompt and reply together, at most."""
    note_tokens: int | None
    """Cap of a note; `None` lets us choose."""
    answer_tokens: int | None
    """Likewise of the answer."""
    rates: bool = False
    """Whether its readers are to say how sure they are."""

    def note_cap(self, model: Model) -> int:
        """Return the cap of what a model notes."""
        usual = _LONGEST if model.profile.abstains else model.profile.reply_tokens or _BRIEF
        return self.note_tokens or min(usual, window_of(model.profile, self.window) // 8)

    def answer_cap(self, model: Model) -> int:
        """Return the cap of the answer that a model writes."""
        usual = model.profile.reply_tokens or min(_LONGEST, window_of(model.profile, self.window) // 8)
        return self.answer_tokens or usual

    def title(self, number: int, note: Note) -> str:
        """Return what stands above a note in a prompt."""
        sure = note["confidence"]
        return f"{self.noun} {number}" + ("" if sure is None else f", confidence {sure:g}")

    def show(self, notes: Sequence[Note], delimiters: Delimiters) -> str:
        """Return notes as they stand in a prompt, numbered from 1."""
        titled = enumerate(notes, start=1)
        return "\n\n".join(delimiters.block(self.title(number, note), note["text"]) for number, note in titled)


class Rooms(NamedTuple):
    """Tokens of notes that prompts have room for."""

    merge: int
    """Before a merger."""
    answer: int
    """Before the writer."""
    note: int
    """Tokens of one note at most, with the lines around it."""


async def rooms(team: Team, model_of: ModelOf, question: str) -> Rooms:
    """Share the windows of merger and writer. What is left may be nothing, or less."""
    merger, writer, reader = model_of(team.merger), model_of(team.writer), model_of(team.reader)
    note = team.note_cap(merger)
    # Another model's tokenizer may well take more tokens for the same text.
    same = reader.name == merger.name == writer.name
    longest = max(team.note_cap(reader), note) * (1 if same else 2) + DELIMITERS
    return Rooms(
        merge=await _room(team, team.merger, merger, question, reply=note),
        answer=await _room(team, team.writer, writer, question, reply=team.answer_cap(writer)),
        note=longest,
    )


async def _room(team: Team, role: Agent[Any], model: Model, question: str, *, reply: int) -> int:
    window = window_of(model.profile, team.window)
    # Counts from a foreign tokenizer may be a few percent short.
    room = window - await frame(role, model, question) - reply - window // 32
    return min(room, model.profile.reading_tokens or room)


async def frame(role: Agent[Any], model: Model, question: str) -> int:
    """Return the tokens of a role's prompt without passages and notes."""
    return await prompt_tokens(role, model, passages="", notes="", question=question, otherwise=otherwise(model))


def otherwise(model: Model) -> str:
    """Return what to do when the answer is not there. Empty for models that never abstain."""
    return _ABSTAIN if model.profile.abstains else ""
