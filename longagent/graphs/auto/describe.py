"""The rules of `auto`, for people."""

from dataclasses import asdict, dataclass
from typing import Any

from longagent.graphs import registry
from longagent.graphs.auto.rules import MANY, RULES, Way, Where

_WHERE: dict[Where, str] = {
    "always": "",
    "indexed": "if its index of the documents is there",
    "many": f"if {MANY} questions or more are asked at once that need the whole text",
    "hurry": "if there is a limit on time",
}


@dataclass(frozen=True, kw_only=True)
class WayDescription:
    """A strategy that a rule may choose."""

    strategy: str
    """With the settings it is given."""
    where: str
    """On what condition; empty if on none."""
    installed: bool


@dataclass(frozen=True, kw_only=True)
class RuleDescription:
    """A rule, and what it chooses, best first."""

    when: str
    ways: tuple[WayDescription, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def describe_rules() -> list[RuleDescription]:
    """Return the rules in the order in which they are tried."""
    names = set(registry.names())
    return [RuleDescription(when=rule.when, ways=tuple(_way(way, names) for way in rule.ways)) for rule in RULES]


def _way(way: Way, names: set[str]) -> WayDescription:
    return WayDescription(strategy=way.called, where=_WHERE[way.where], installed=way.strategy in names)
