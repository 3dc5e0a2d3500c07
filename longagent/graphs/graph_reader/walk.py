"""What an explorer has with it, where a function leads it, and what code refuses."""

from collections.abc import Callable, Collection, Sequence
from operator import add
from typing import Annotated, Literal, NotRequired, TypedDict

from longagent.agents.graph_reader import Call, Turn
from longagent.agents.graph_reader.turn import (
    READ_CHUNK,
    READ_NEIGHBOR_NODE,
    READ_PREVIOUS_CHUNK,
    READ_SUBSEQUENT_CHUNK,
    SEARCH_MORE,
    STOP_AND_READ_NEIGHBOR,
    TERMINATION,
)
from longagent.documents import Chunk
from longagent.errors import ReplyError
from longagent.evidence.provenance import Sourced
from longagent.graphs.graph_reader.fact_graph import FactGraph

_NAMED = 8
"""Passages that are named where a reply is refused."""


class Notebook(TypedDict):
    """What an explorer brings back."""

    agent: int
    sentences: list[Sourced]
    read: list[int]
    """Indices of the chunks that it read in full."""


class WalkEnd(TypedDict):
    """What a walk adds to the state of the run."""

    notebooks: list[Notebook]
    chunks_read: list[int]
    chunks_failed: list[int]
    guessed: int
    lost: int
    steps: int
    unread: int


class Walk(TypedDict):
    """An explorer on its way: ids, and what a model wrote."""

    question: str
    agent: int
    plan: str
    at: Literal["facts", "chunk", "neighbours", "over"]
    node: str
    chunk: int
    """Index of the chunk that is read next, if `at` is `chunk`."""
    queue: list[int]
    """Chunks to be read after it, first in, first out."""
    nodes: list[str]
    """That were visited."""
    read: list[int]
    """Chunks that were read, or could not be."""
    actions: list[str]
    """Functions called, in words."""
    sentences: list[Sourced]
    """The notebook, each sentence with the chunks it rests on."""
    notebooks: NotRequired[list[Notebook]]
    chunks_read: NotRequired[Annotated[list[int], add]]
    chunks_failed: NotRequired[Annotated[list[int], add]]
    guessed: NotRequired[Annotated[int, add]]
    """Replies whose function could not be read or called."""
    lost: NotRequired[Annotated[int, add]]
    """Calls that failed, but for those that read a chunk."""
    steps: NotRequired[Annotated[int, add]]
    unread: NotRequired[Annotated[int, add]]
    """1 where a limit ended the walk."""


class Place(TypedDict, total=False):
    """Where a walk goes on."""

    at: Literal["facts", "chunk", "neighbours", "over"]
    node: str
    nodes: list[str]
    chunk: int
    queue: list[int]


def begin(question: str, agent: int, plan: str, node: str, queue: Sequence[int]) -> Walk:
    """Return the state of an explorer that sets out."""
    place = _next_in([*queue]) if queue else Place(at="facts", queue=[], chunk=-1)
    return Walk(
        question=question,
        agent=agent,
        plan=plan,
        at=place["at"],
        node=node,
        chunk=place["chunk"],
        queue=place["queue"],
        nodes=[node],
        read=[],
        actions=[],
        sentences=[],
    )


def follow(state: Walk, call: Call, chunks: Sequence[Chunk], graph: FactGraph) -> Place:
    """Return where a function leads; it has been checked."""
    match call.function:
        case "read_chunk":
            return _next_in([*state["queue"], *(number - 1 for number in call.numbers)])
        case "read_previous_chunk" | "read_subsequent_chunk":
            beside = _beside(state["chunk"], call.function, chunks)
            # First in line: it completes what was just read.
            return _next_in([*([] if beside is None else [beside]), *(c for c in state["queue"] if c != beside)])
        case "search_more":
            return _next_in(state["queue"])
        case "read_neighbor_node":
            node = graph.known(call.argument) or call.argument
            return Place(at="facts", node=node, nodes=[*state["nodes"], node])
        case "stop_and_read_neighbor":
            return Place(at="neighbours")
        case _:
            return Place(at="over")


def checked_facts(parse: Callable[[str], Turn], shown: Collection[int], read: Collection[int]) -> Callable[[str], Turn]:
    """Return a reader of replies that keeps of `read_chunk` the passages that were listed and not read before."""
    left = sorted(set(shown) - set(read))

    def turn(reply: str) -> Turn:
        said = parse(reply)
        if said.call is None or said.call.function != READ_CHUNK:
            return said
        wanted = [number - 1 for number in said.call.numbers if number - 1 in left]
        if not wanted:
            # The prompt fills its window; what is asked for again must not add much to it.
            some = ", ".join(str(chunk + 1) for chunk in left[:_NAMED])
            there = f"there are {some}{' and others' * (len(left) > _NAMED)}" if left else "all were read"
            raise ReplyError(f"read_chunk names no passage that is listed and was not read; {there}.")
        return said._replace(call=read_chunk(wanted))

    return turn


def checked_chunk(parse: Callable[[str], Turn], state: Walk, chunks: Sequence[Chunk]) -> Callable[[str], Turn]:
    """Return a reader of replies that refuses a passage before or after that is not there or was read."""

    def turn(reply: str) -> Turn:
        said = parse(reply)
        if said.call is not None and said.call.function in {READ_PREVIOUS_CHUNK, READ_SUBSEQUENT_CHUNK}:
            beside = _beside(state["chunk"], said.call.function, chunks)
            if beside is None or beside in state["read"]:
                raise ReplyError(f"{said.call.function} leads to a passage that {_why(beside)}.")
        return said if said.call is None else said._replace(call=said.call._replace(argument=""))

    return turn


def checked_neighbours(parse: Callable[[str], Turn], names: Collection[str], graph: FactGraph) -> Callable[[str], Turn]:
    """Return a reader of replies that refuses nodes that were not listed, among them those that were visited."""

    def turn(reply: str) -> Turn:
        said = parse(reply)
        if said.call is None or said.call.function != READ_NEIGHBOR_NODE:
            return said if said.call is None else said._replace(call=said.call._replace(argument=""))
        node = graph.known(said.call.argument)
        if node is None or node not in names:
            raise ReplyError("read_neighbor_node names none of the nodes that are listed.")
        return said._replace(call=Call(READ_NEIGHBOR_NODE, node))

    return turn


def read_chunk(chunks: Sequence[int]) -> Call:
    """Return the call that reads some chunks, by their indices."""
    return Call(READ_CHUNK, ", ".join(str(chunk + 1) for chunk in chunks))


def usual_at_facts(shown: Collection[int], read: Collection[int]) -> Call:
    """Return what is done where no function could be read: the passages of the facts are read."""
    left = sorted(set(shown) - set(read))
    return read_chunk(left) if left else Call(STOP_AND_READ_NEIGHBOR)


USUAL_AT_CHUNK = Call(SEARCH_MORE)
USUAL_AT_NEIGHBOURS = Call(TERMINATION)


def _next_in(queue: Sequence[int]) -> Place:
    if not queue:
        return Place(at="neighbours", queue=[])
    first, *rest = dict.fromkeys(queue)
    return Place(at="chunk", chunk=first, queue=rest)


def _beside(chunk: int, function: str, chunks: Sequence[Chunk]) -> int | None:
    """Return the chunk before or after one, in the same document."""
    beside = chunk + (1 if function == READ_SUBSEQUENT_CHUNK else -1)
    same = 0 <= beside < len(chunks) and chunks[beside].document.id == chunks[chunk].document.id
    return beside if same else None


def _why(beside: int | None) -> str:
    return "does not exist" if beside is None else "was read before"
