"""What a strategy is, for people: its settings with their meaning, its graph, what it costs. From its code alone."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields
from itertools import pairwise
from textwrap import dedent
from typing import Any, Literal, get_args, get_origin, get_type_hints

from longagent.graphs import orchestrator
from longagent.graphs.strategy import Strategy

_DEPARTURES = re.compile(r"^Departures\b[^:\n]*:\s*(.+?)\s*(?:\n\s*\n|\Z)", re.DOTALL | re.MULTILINE)
_LABEL = re.compile(r"<p>_*(\w+?)_*</p>")
_STYLE = re.compile(r":::\w+|;$")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One of a strategy's settings."""

    name: str
    default: Any
    choices: tuple[Any, ...]
    """All values there are; empty where they are not a closed set."""
    meaning: str | None
    """What stands below the field in the source; `None` where nothing does or the source is not at hand."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What `longagent strategies show` tells; `None` is what the strategy does not say."""

    name: str
    summary: str
    paper: str | None
    cost: str | None
    reuses: str | None
    departures: str | None
    roles: tuple[str, ...]
    settings: tuple[Setting, ...]
    graph: str
    """The strategy's graph with the frame around it, in Mermaid's language."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def describe(strategy: Strategy) -> Description:
    """Return what is known about a strategy, ours or another package's."""
    module = inspect.getmodule(strategy.build)
    departures = _DEPARTURES.search(inspect.cleandoc(module.__doc__ or "")) if module else None
    return Description(
        name=strategy.name,
        summary=strategy.summary,
        paper=strategy.paper,
        cost=strategy.cost,
        reuses=strategy.reuses,
        departures=" ".join(departures[1].split()) if departures else None,
        roles=tuple(dict.fromkeys(agent.role for agent in strategy.agents)),
        settings=tuple(_settings(strategy.config)),
        graph=mermaid(strategy),
    )


def mermaid(strategy: Strategy) -> str:
    """Return a strategy's graph as it is run, drawn in Mermaid's language, without colours."""
    drawn = orchestrator.build(strategy).get_graph(xray=True).draw_mermaid()
    _, _, body = drawn.rpartition("---\n")
    lines: list[str] = []
    depth = 1
    for line in map(str.strip, body.splitlines()):
        if not line or line.startswith("classDef"):
            continue
        depth -= line == "end"
        # LangGraph writes the colon between a subgraph and its node as CSS would.
        plain = _LABEL.sub(r"\1", _STYLE.sub("", line)).replace("\\3a", "_")
        lines.append("  " * depth * bool(lines) + plain)
        depth += line.startswith("subgraph")
    return "\n".join(lines)


def _settings(config: type[Any]) -> Iterator[Setting]:
    meanings = _field_docs(config)
    try:
        types = get_type_hints(config)
    except (NameError, TypeError):  # names that only a type checker imports
        types = {}
    for item in fields(config):
        default = None if item.default is MISSING else item.default
        if item.default_factory is not MISSING:
            default = item.default_factory()
        meaning = item.metadata.get("doc") or meanings.get(item.name)
        yield Setting(name=item.name, default=default, choices=_choices(types.get(item.name)), meaning=meaning)


def _choices(type_: Any) -> tuple[Any, ...]:
    if get_origin(type_) is Literal:
        return get_args(type_)
    return next((choices for part in get_args(type_) if (choices := _choices(part))), ())


def _field_docs(config: type[Any]) -> dict[str, str]:
    """Return the texts below the fields of a class and its bases; Python itself throws them away."""
    docs: dict[str, str] = {}
    for cls in reversed(config.__mro__[:-1]):
        try:
            (node,) = ast.parse(dedent(inspect.getsource(cls))).body
        except (OSError, TypeError, SyntaxError):  # made in a shell, or from code that no file holds
            continue
        for statement, after in pairwise(getattr(node, "body", [])):
            match statement, after:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    docs[name] = " ".join(text.split())
    return docs
