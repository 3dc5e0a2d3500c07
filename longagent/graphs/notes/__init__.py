"""Notes on chunks, read side by side, merged until they fit one prompt: what map-reduce and hierarchical share."""

from longagent.graphs.notes.answering import answer_from_notes
from longagent.graphs.notes.collapse import merge_neighbours
from longagent.graphs.notes.plan import chunk_tokens, estimate
from longagent.graphs.notes.state import Note, NotesState
from longagent.graphs.notes.taking import take_notes
from longagent.graphs.notes.team import Team

__all__ = [
    "Note",
    "NotesState",
    "Team",
    "answer_from_notes",
    "chunk_tokens",
    "estimate",
    "merge_neighbours",
    "take_notes",
]
