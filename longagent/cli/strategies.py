"""`longagent strategies`: the ways to read a document, with their settings."""

from dataclasses import MISSING, fields
from typing import Annotated, Any

import typer

from longagent.cli.guard import guard


def strategies(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array and nothing else.")] = False,
) -> None:
    """List the strategies."""
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
