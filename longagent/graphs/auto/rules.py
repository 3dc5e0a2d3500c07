"""The rules of `auto`, as a table: which strategies suit which question, best first, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from longagent.graphs.auto.question_type import Kind, Told

FALLBACK = "rag"
"""What is taken where nothing that suits fits the limits or the window: nothing costs less."""

MANY = 3
"""So many questions that each need the whole text make it worth reading it once for all, into an index."""

Where: TypeAlias = Literal["always", "indexed", "many", "hurry"]
"""When a way is open: always; the strategy's index of these documents is there; many questions are asked at once that
need the whole text; a limit on time is set."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """All that the choice depends on, besides what fits the window and the limits."""

    asked: Told
    length: str
    """How long the documents are, in words; see `Way.because`."""
    short: bool
    """Whether all of them fit what the model reads well at a time."""
    small: bool
    """Whether the model reads little well, or never says that something is not there."""
    readings: int = 1
    """How many of the questions asked together need the whole text; those that are worth an index."""
    hurry: bool = False
    """Whether there is a limit on time."""
    indexed: frozenset[str] = frozenset()
    """Strategies whose index of these documents is there already."""


class Way(NamedTuple):
    """A strategy, with the settings it needs, and why it suits."""

    strategy: str
    because: str
    """In words; `{chunks}` and `{length}` are filled in."""
    settings: Mapping[str, Any] = {}
    where: Where = "always"

    def open(self, situation: Situation) -> bool:
        """Whether it may be taken, if it fits."""
        match self.where:
            case "always":
                return True
            case "indexed":
                return self.strategy in situation.indexed
            case "many":
                return situation.readings >= MANY
            case "hurry":
                return situation.hurry

    @property
    def called(self) -> str:
        """The strategy's name with its settings."""
        pairs = ", ".join(f"{key}={value}" for key, value in self.settings.items())
        return f"{self.strategy} ({pairs})" if pairs else self.strategy


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is done where; of the rules, the first that applies decides."""

    when: str
    """In words."""
    applies: Callable[[Situation], bool] = field(repr=False)
    ways: tuple[Way, ...]
    """Best first: the first that is registered, open, and fits window and limits."""


def _asks(*kinds: Kind) -> Callable[[Situation], bool]:
    return lambda situation: situation.asked.kind in kinds


_SIDE_BY_SIDE = "its {chunks} are read side by side and what they hold is weighed together"
_LEADER = "its {chunks} are read side by side, by members whom a leader instructs"
_GRAPH = "the graph of facts that is made of it serves them all"
_GRAPH_THERE = "the graph of facts is there already, and is walked from node to node"
_GISTS = "the gists of its {chunks} are made once and serve them all"
_CHAIN = "its {chunks} are read in order, each with a summary of those before it"

RULES: tuple[Rule, ...] = (
    Rule(
        when="the model reads little well or never says “not found”, and the text is no longer than that",
        applies=lambda situation: situation.small and situation.short,
        ways=(Way("full-context", "{length}"),),
    ),
    Rule(
        when="the model reads little well or never says “not found”",
        applies=lambda situation: situation.small,
        ways=(Way("rag", "{length}"),),
    ),
    Rule(
        when="a summary is asked for",
        applies=_asks("summary"),
        ways=(
            Way("hierarchical", "in a hurry, its {chunks} are summarized side by side", where="hurry"),
            Way("chain-of-agents", "one running summary goes through its {chunks}", {"task": "summary"}),
            Way("hierarchical", "its {chunks} are summarized side by side"),
        ),
    ),
    Rule(
        when="something is to be calculated",
        applies=_asks("calculation"),
        ways=(Way("infty-think", "the passages that rank best are reasoned over before there is an answer"),),
    ),
    Rule(
        when="the text is short",
        applies=lambda situation: situation.short,
        ways=(Way("full-context", "{length}"),),
    ),
    Rule(
        when="a total, a list or an extreme is asked for",
        applies=_asks("aggregate"),
        ways=(Way("map-reduce", _SIDE_BY_SIDE), Way("long-agent", _LEADER)),
    ),
    Rule(
        when="a comparison is asked for",
        applies=_asks("comparison"),
        ways=(
            Way("graph-reader", _GRAPH_THERE, where="indexed"),
            Way("read-agent", _GISTS, where="many"),
            Way("map-reduce", _SIDE_BY_SIDE),
            Way("long-agent", _LEADER),
        ),
    ),
    Rule(
        when="one thing has to be found to find another",
        applies=_asks("multi-hop"),
        ways=(
            Way("graph-reader", _GRAPH_THERE, where="indexed"),
            Way("graph-reader", _GRAPH, where="many"),
            Way("read-agent", _GISTS, where="many"),
            Way("long-agent", "in a hurry, " + _LEADER, where="hurry"),
            Way("chain-of-agents", _CHAIN),
            Way("long-agent", _LEADER),
        ),
    ),
    Rule(
        when="an explanation is asked for",
        applies=_asks("explanation"),
        ways=(
            Way("graph-reader", _GRAPH_THERE, where="indexed"),
            Way("read-agent", _GISTS, where="many"),
            Way("alr2", "in a hurry, sentences are copied from its {chunks} side by side", where="hurry"),
            Way("chain-of-agents", _CHAIN),
            Way("alr2", "sentences are copied from its {chunks} side by side, and reasoned over once"),
        ),
    ),
    Rule(
        when="anything else is asked: a fact",
        applies=lambda _: True,
        ways=(Way("rag", "a fact is looked up; {length}"),),
    ),
)

INDEX_SERVES: frozenset[Kind] = frozenset({"comparison", "multi-hop", "explanation"})
"""Kinds of questions that an index serves as well as reading anew. Totals and summaries need every page itself."""


def rule_for(situation: Situation) -> Rule:
    """Return the rule that decides."""
    return next(rule for rule in RULES if rule.applies(situation))
