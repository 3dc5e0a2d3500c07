"""What travels through a graph that takes notes."""

from operator import add
from typing import Annotated, NotRequired, TypedDict

from longagent.graphs.waves import WaveState


class Note(TypedDict):
    """What a model wrote about some chunks."""

    chunks: list[int]
    """Indices of those it rests on, in ascending order."""
    text: str
    confidence: float | None
    """From 0 to 5, as the model says; `None` where it does not."""


class NotesState(WaveState):
    """Adds the notes, and what happened to them on the way."""

    notes: NotRequired[Annotated[list[Note], add]]
    """Of single chunks, in the order of the chunks."""
    merged: NotRequired[list[Note]]
    """What became of them so far."""
    fit: NotRequired[bool]
    """Whether what they became is what the answer is written from."""
    assumed: NotRequired[Annotated[int, add]]
    """Notes whose reader did not say, even when asked again, what it was to decide."""
    cut: NotRequired[Annotated[int, add]]
    """Notes that their cap cut off."""
    left_out: NotRequired[Annotated[int, add]]
    """Notes that found no room before the answer."""
