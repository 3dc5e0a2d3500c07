"""`longagent strategies`: the ways to read a document, and what each of them is."""

from dataclasses import MISSING, fields
from typing import Annotated, Any

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json

strategies = typer.Typer(
    name="strategies",
    help="List the strategies; `show NAME` tells all about one.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@strategies.callback()
def list_them(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array and nothing else.")] = False,
) -> None:
    """List the strategies; `show NAME` tells all about one."""
    context.obj = as_json
    if context.invoked_subcommand is not None:
        return
    with guard():
        from longagent.cli.output import print_json
        from longagent.errors import UsageError
        from longagent.graphs import registry

        records: list[dict[str, Any]] = []
        for found in registry.everything():
            if isinstance(found, UsageError):
                typer.echo(f"warning: {found}", err=True)
                continue
            settings = {f.name: None if f.default is MISSING else f.default for f in fields(found.config)}
            records.append({"name": found.name, "summary": found.summary, "paper": found.paper, "settings": settings})
        if as_json:
            print_json(records)
            return
        for record in records:
            typer.echo(f"{record['name']:<17}{record['summary']}")
            for key, value in record["settings"].items():
                typer.echo(f"{'':<17}-S {key}={'…' if value is None else value}")


@strategies.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `longagent strategies` lists it, or auto.")],
    as_json: Json = False,
) -> None:
    """Print a strategy's settings, cost, departures from its paper, and graph; of auto, its rules."""
    with guard():
        from rich.console import Console

        from longagent.cli.output import print_json
        from longagent.graphs import registry
        from longagent.graphs.auto.describe import describe_rules
        from longagent.graphs.describe import describe
        from longagent.render.strategies import print_rules, print_strategy

        if name == "auto":
            rules = describe_rules()
            if as_json or context.obj:
                print_json([rule.to_dict() for rule in rules])
            else:
                print_rules(rules, Console(highlight=False))
            return
        description = describe(registry.get(name))
        if as_json or context.obj:
            print_json(description.to_dict())
        else:
            print_strategy(description, Console(highlight=False))
