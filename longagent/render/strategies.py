"""A strategy on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from longagent.render.columns import columns
from longagent.render.terminal import inert, one_line

if TYPE_CHECKING:
    from longagent.graphs.auto.describe import RuleDescription
    from longagent.graphs.describe import Description, Setting


def print_strategy(strategy: "Description", console: Console) -> None:
    """Print what is known about a strategy. Lines are not wrapped when the output is not a terminal."""
    _line(console, Text(strategy.name, style="bold"))
    _line(console, Text(one_line(strategy.summary)))
    console.print()
    facts = [
        ("paper", strategy.paper or "none"),
        ("cost", strategy.cost or "not stated; ask with --dry-run"),
        ("reuses", strategy.reuses or "not stated"),
        ("roles", ", ".join(strategy.roles)),
    ]
    for line in columns(facts):
        _line(console, Text(line))
    _heading(console, "Settings")
    for setting in strategy.settings:
        _line(console, Text(f"-S {setting.name}={_default(setting)}"), indent=2)
        _line(console, Text(_meaning(setting)), indent=6)
    if not strategy.settings:
        _line(console, Text("none"), indent=2)
    _heading(console, "Departures")
    _line(console, Text(one_line(strategy.departures or "none stated")), indent=2)
    _heading(console, "Graph (Mermaid)")
    for line in inert(strategy.graph).splitlines():
        # As it is: it is meant to be copied.
        console.print(Text(line), soft_wrap=True)


def print_rules(rules: "Sequence[RuleDescription]", console: Console) -> None:
    """Print the rules of `auto`, in the order in which they are tried."""
    _line(console, Text("auto", style="bold"))
    _line(console, Text("the first rule that applies decides; it takes the first strategy that fits window and limits"))
    for number, rule in enumerate(rules, start=1):
        _heading(console, f"{number}. {rule.when}")
        for way in rule.ways:
            where = f", {way.where}" if way.where else ""
            _line(console, Text(f"{way.strategy}{where}{'' if way.installed else ' (not installed)'}"), indent=2)
    console.print()
    _line(console, Text("where nothing fits: rag"))


def _default(setting: "Setting") -> str:
    return "…" if setting.default is None else one_line(str(setting.default))


def _meaning(setting: "Setting") -> str:
    choices = f"({' | '.join(map(str, setting.choices))})" if setting.choices else ""
    return one_line(f"{setting.meaning or ''} {choices}") or "(not described)"


def _heading(console: Console, title: str) -> None:
    console.print()
    _line(console, Text(title, style="bold"))


def _line(console: Console, text: Text, *, indent: int = 0) -> None:
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent)))
    else:
        console.print(Text(" " * indent) + text, soft_wrap=True)
