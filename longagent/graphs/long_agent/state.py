"""What travels through the graph of `long-agent`."""

from operator import add
from typing import Annotated, Literal, NotRequired, TypedDict

from longagent.graphs.long_agent.clusters import Round
from longagent.graphs.strategy import StrategyState

Guess = Literal["instruction", "decision", "aliases", "member"]
"""Whose reply could not be read, so that something was taken for it."""


class Reply(TypedDict):
    """What a member said."""

    round: int
    """Counts from 1."""
    chunk: int
    answer: str
    """Empty where it found nothing."""


class State(StrategyState):
    """Adds what was instructed and answered."""

    rounds: NotRequired[list[Round]]
    """The last one may be under way."""
    turn: NotRequired[int]
    """How often the leader acted; never more than it may have rounds."""
    sent: NotRequired[int]
    """Members of the last round that were sent off."""
    said: NotRequired[Annotated[list[Reply], add]]
    then: NotRequired[Literal["ask", "contest", "answer"]]
    """What the leader decided last."""
    answered: NotRequired[str]
    """The answer, if it gave one with its decision."""
    answer_cut: NotRequired[bool]
    guessed: NotRequired[Annotated[list[Guess], add]]
    cut: NotRequired[Annotated[int, add]]
    """Members' replies that their cap cut off."""
    undecided: NotRequired[Annotated[int, add]]
    """Pairs of chunks that, read together, decided nothing, or could not be read."""
