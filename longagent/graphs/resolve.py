"""From a strategy's name and settings to a strategy that can be run."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from longagent.errors import UsageError
from longagent.graphs import registry
from longagent.graphs.strategy import Strategy


class Resolved(NamedTuple):
    """A strategy with its config, and why it was chosen."""

    strategy: Strategy
    config: Any
    reason: str
    chosen: Mapping[str, Any] = MappingProxyType({})
    """Settings that were chosen with the strategy, not given by the user; already in `config`."""


def resolve(named: str | Strategy, settings: Mapping[str, Any]) -> Resolved | None:
    """Return a strategy, configured; `None` for `auto`, which needs documents and model first.

    Raises:
        UsageError: an unknown strategy or setting.
    """
    if named == "auto":
        if settings:
            raise UsageError("Strategy settings need a strategy.", hint=f"Name one: {', '.join(registry.names())}.")
        return None
    strategy = named if isinstance(named, Strategy) else registry.get(named)
    return Resolved(strategy, registry.configure(strategy, settings), "as asked")


def check_roles(strategy: Strategy, roles: Sequence[str]) -> None:
    """Refuse models for roles that a strategy does not have.

    Raises:
        UsageError: there is such a role.
    """
    known = sorted({agent.role for agent in strategy.agents})
    for role in roles:
        if role not in known:
            raise UsageError(f"{strategy.name} has no role {role!r}.", hint=f"Its roles: {', '.join(known)}.")
