"""`longagent workers`: vLLM servers on this machine, started, watched and stopped."""

from typing import Annotated

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, Quiet, Tracebacks
from longagent.cli.starting import say
from longagent.cli.workers_start import start
from longagent.errors import LongagentError, UsageError

workers = typer.Typer(
    name="workers",
    help="vLLM servers on this machine: one for each GPU, or on the CPU.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _complete(incomplete: str) -> list[str]:
    """Return the workers' names that begin so, for the shell."""
    from longagent.llm.workers.record import read_workers
    from longagent.settings import Settings

    try:
        known = read_workers(Settings.resolve().state_dir)
    except LongagentError:
        return []
    return [worker.name for worker in known if worker.name.startswith(incomplete)]


_Name = Annotated[str, typer.Argument(metavar="NAME", help="As status shows it.", autocompletion=_complete)]


workers.command()(start)


@workers.command()
def status(as_json: Json = False, verbose: Tracebacks = 0) -> None:
    """Print how the workers are: requests, memory for keys and values in use, prompt tokens found there."""
    with guard(verbose=verbose):
        from rich.console import Console

        from longagent.cli.output import print_json
        from longagent.llm.workers.record import read_workers
        from longagent.llm.workers.status import look
        from longagent.render.workers import print_status, status_dict
        from longagent.settings import Settings

        state_dir = Settings.resolve().state_dir
        found = look(read_workers(state_dir), state_dir=state_dir)
        if as_json:
            print_json([status_dict(one) for one in found])
        elif found:
            print_status(found, Console(highlight=False))
        else:
            say("There are no workers. Start them with: longagent workers start MODEL")


@workers.command()
def stop(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME...", help="As status shows them, or the name they serve.", autocompletion=_complete
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every worker.")] = False,
    quiet: Quiet = False,
    verbose: Tracebacks = 0,
) -> None:
    """Stop workers, with all processes they have started. Calls that are under way there are lost."""
    with guard(verbose=verbose):
        from longagent.llm.workers.record import read_workers
        from longagent.llm.workers.stop import named, stop_workers
        from longagent.settings import Settings

        if bool(names) == everything:
            raise UsageError("Name the workers to stop, or give --all.", hint="See: longagent workers status")
        state_dir = Settings.resolve().state_dir
        known = read_workers(state_dir)
        meant = known if everything else [worker for name in names or () for worker in named(known, name)]
        chosen = tuple(dict.fromkeys(meant))
        stop_workers(chosen, state_dir=state_dir)
        if not quiet:
            say(f"stopped: {', '.join(worker.name for worker in chosen)}" if chosen else "There are no workers.")


@workers.command()
def logs(
    name: _Name,
    lines: Annotated[int, typer.Option("-n", "--lines", metavar="N", min=0, help="How many, from the end.")] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as it grows, until the worker ends.")] = False,
    verbose: Tracebacks = 0,
) -> None:
    """Print the end of a worker's log, which vLLM writes. Control characters are made visible."""
    with guard(verbose=verbose):
        from longagent.llm.workers.log import followed, last_lines
        from longagent.llm.workers.record import read_workers
        from longagent.llm.workers.stop import named
        from longagent.render.terminal import inert
        from longagent.settings import Settings

        found = named(read_workers(Settings.resolve().state_dir), name)
        if len(found) > 1:
            raise UsageError(f"{name!r} is served by {', '.join(worker.name for worker in found)}.", hint="Name one.")
        (worker,) = found
        shown = followed(worker.log, lines, alive=lambda: worker.lives) if follow else last_lines(worker.log, lines)
        for line in shown:
            typer.echo(inert(line))
