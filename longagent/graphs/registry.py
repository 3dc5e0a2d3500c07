"""Where strategies are found: ours and those of other packages come in by the same door."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from longagent.errors import UsageError
from longagent.graphs.strategy import Strategy

GROUP = "longagent.strategies"
"""Entry-point group in which other packages name their `Strategy` objects."""

_OURS = {
    "rag": "longagent.graphs.rag:rag",
    "full-context": "longagent.graphs.full_context:full_context",
    "chain-of-agents": "longagent.graphs.chain_of_agents:chain_of_agents",
    "read-agent": "longagent.graphs.read_agent:read_agent",
    "graph-reader": "longagent.graphs.graph_reader:graph_reader",
    "mem-agent": "longagent.graphs.mem_agent:mem_agent",
    "infty-think": "longagent.graphs.infty_think:infty_think",
    "long-agent": "longagent.graphs.long_agent:long_agent",
    "map-reduce": "longagent.graphs.map_reduce:map_reduce",
    "merge": "longagent.graphs.merge:merge",
    "hierarchical": "longagent.graphs.hierarchical:hierarchical",
    "alr2": "longagent.graphs.alr2:alr2",
}


def _entries() -> dict[str, EntryPoint]:
    theirs = {entry.name: entry for entry in entry_points(group=GROUP)}
    return theirs | {name: EntryPoint(name, where, GROUP) for name, where in _OURS.items()}


def names() -> list[str]:
    """Return the names of all strategies, without importing any."""
    return list(_entries())


@cache
def get(name: str) -> Strategy:
    """Return a strategy by name.

    Raises:
        UsageError: no such strategy, or another package's strategy that does not load.
    """
    entry = _entries().get(name)
    if entry is None:
        raise UsageError(f"There is no strategy {name!r}.{_did_you_mean(name, names())}")
    try:
        found = entry.load()
    except (Exception, SystemExit) as error:  # someone else's code: whatever it raises, we go on
        raise UsageError(f"Strategy {name!r} ({entry.value}) does not load: {error}") from error
    if not isinstance(found, Strategy):
        raise UsageError(f"Strategy {name!r} ({entry.value}) is not a Strategy but {type(found).__name__}.")
    return found


def everything() -> Iterator[Strategy | UsageError]:
    """Yield each strategy, or the error with which it fails to load."""
    for name in names():
        try:
            yield get(name)
        except UsageError as error:
            yield error


def configure(strategy: Strategy, settings: Mapping[str, Any]) -> Any:
    """Build a strategy's config from settings, which may be strings from a command line.

    Raises:
        UsageError: an unknown key or a value that does not fit, naming the strategy and the key.
    """
    from pydantic import TypeAdapter, ValidationError

    known = [item.name for item in fields(strategy.config)]
    for key in settings:
        if key not in known:
            raise UsageError(f"{strategy.name} has no setting {key!r}.{_did_you_mean(key, known)}")
    try:
        return TypeAdapter(strategy.config).validate_python(dict(settings))
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else "settings"
        raise UsageError(f"{strategy.name}: {key}={settings.get(key)!r}: {first['msg']}.") from None


def _did_you_mean(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" There are: {', '.join(known)}." if known else ""
