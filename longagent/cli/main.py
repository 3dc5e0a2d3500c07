"""The command `longagent`. Commands import what they need when they run, so that `--help` is instant."""

from typing import Annotated

import typer

from longagent import __version__
from longagent.cli.ask import ask
from longagent.cli.cache import cache
from longagent.cli.find import find
from longagent.cli.graph import graph
from longagent.cli.keys import keys
from longagent.cli.models import models
from longagent.cli.runs import runs
from longagent.cli.show import show
from longagent.cli.strategies import strategies
from longagent.cli.think import think
from longagent.cli.workers import workers

app = typer.Typer(
    name="longagent",
    help="Ask documents longer than a model can read well. Answers come with page citations that were checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"longagent {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command()(ask)
app.command()(think)
app.command()(graph)
app.command()(find)
app.command()(show)
app.add_typer(strategies)
app.add_typer(runs)
app.add_typer(cache)
app.add_typer(keys)
app.add_typer(models)
app.add_typer(workers)
