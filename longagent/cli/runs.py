"""`longagent runs`: look back on runs, and let one that was interrupted go on."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, MaxCalls, MaxCost, MaxTotalTokens, Quiet, Timeout, Tracebacks, Verbose
from longagent.errors import UsageError

if TYPE_CHECKING:
    from longagent.settings import Settings
    from longagent.store.runs import RunRecord

runs = typer.Typer(
    name="runs",
    help="Questions that were asked: what came of them, and those that were interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Id = Annotated[str, typer.Argument(metavar="ID", help="As `longagent runs list` shows it, or how it alone begins.")]


@runs.command("list")
def list_them(as_json: Json = False, verbose: Tracebacks = 0) -> None:
    """Print the runs that are kept, the one active last first."""
    with guard(verbose=verbose):
        from rich.console import Console

        from longagent import background
        from longagent.cli.output import print_json
        from longagent.render.runs import print_runs, run_dict
        from longagent.settings import Settings
        from longagent.store.runs import list_runs

        folder = Settings.resolve().state_dir / "runs"
        found = background.run(lambda: list_runs(folder))
        if as_json:
            print_json([run_dict(run) for run in found])
        elif found:
            print_runs(found, Console(highlight=False))
        else:
            typer.echo("longagent: There are no runs.", err=True)


@runs.command()
def show(id: _Id, as_json: Json = False, verbose: Tracebacks = 0) -> None:  # noqa: A002 - as it is called in the help
    """Print what a run was asked, how far it came, and its answer."""
    with guard(verbose=verbose):
        from rich.console import Console

        from longagent.cli.output import print_json
        from longagent.render.runs import print_run, run_dict
        from longagent.settings import Settings

        run = _find(id, Settings.resolve())
        if as_json:
            print_json({**run_dict(run), "answer": run.answer})
        else:
            print_run(run, Console(highlight=False))


@runs.command()
def resume(
    id: _Id,  # noqa: A002
    max_cost: MaxCost = None,
    max_total_tokens: MaxTotalTokens = None,
    max_calls: MaxCalls = None,
    timeout: Timeout = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Ask a run's question again: no finished call is repeated, and no call made if it is finished.

    Limits are those given here. Exit codes as of `longagent ask`.
    """
    with guard(verbose=verbose):
        limits = {
            "max_cost": max_cost,
            "max_total_tokens": max_total_tokens,
            "max_calls": max_calls,
            "timeout": timeout,
        }
        code = _resume(id, limits, as_json=as_json, level=-1 if quiet else verbose)
    raise typer.Exit(code)


@runs.command()
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Runs, as `longagent runs list` shows them.")],
    verbose: Tracebacks = 0,
) -> None:
    """Remove runs, with the replies that are kept for them. The cache keeps its own."""
    with guard(verbose=verbose):
        from longagent import background
        from longagent.settings import Settings
        from longagent.store.runs import remove_run

        settings = Settings.resolve()
        for run in [_find(prefix, settings) for prefix in ids]:
            background.run(partial(remove_run, settings.state_dir / "runs", run.run_id))
            typer.echo(f"longagent: run {run.run_id} was removed.", err=True)


def _resume(prefix: str, limits: dict[str, Any], *, as_json: bool, level: int) -> int:
    from longagent.cli.asking import Asked, show
    from longagent.cli.progress import Progress
    from longagent.render.runs import answer_of
    from longagent.settings import Settings

    settings = Settings.resolve()
    run = _find(prefix, settings)
    if run.alive:
        raise UsageError(f"Run {run.run_id} is at work.", hint="Wait for it, or end its process.")
    answer = answer_of(run)
    if answer is not None and run.status == "finished":
        progress = Progress(level)
        progress.say(f"run {run.run_id} is finished: this is its answer, and nothing was asked")
        show(answer, progress, as_json=as_json)
        return answer.exit_code
    manifest = run.manifest
    if manifest.get("together"):
        raise UsageError(
            f"Run {run.run_id} read for {len(manifest['together'])} questions together, and cannot go on for one.",
            hint="Ask the same questions with Session.ask_many, and they go on.",
        )
    sources = _sources(run)
    # Ours stay where they are when the folder changes.
    names = ("cache_dir", "config_dir", "data_dir", "state_dir")
    folders: dict[str, Path] = {name: getattr(settings, name).absolute() for name in names}
    os.chdir(manifest["folder"])
    given = {name: value for name, value in limits.items() if value is not None}
    asked = Asked(
        sources=sources,
        question=manifest["question"],
        settings=manifest["settings"],
        options={"strategy": manifest["strategy"], **manifest["options"], **folders, **given},
    )
    return asked.answer(as_json=as_json, level=level, run=run.run_id)


def _find(prefix: str, settings: "Settings") -> "RunRecord":
    from longagent import background
    from longagent.store.runs import read_run

    folder = settings.state_dir / "runs"
    found = background.run(lambda: read_run(folder, prefix.lower()))
    if found is None:
        raise UsageError(f"There is no run {prefix!r}.", hint="See: longagent runs list")
    return found


def _sources(run: "RunRecord") -> list[str]:
    """Return what the run was asked of, after making sure that it is still there.

    Raises:
        UsageError: it is not, or was never in a file.
    """
    sources: list[str] | None = run.manifest["sources"]
    if sources is None:
        raise UsageError(
            f"Run {run.run_id} had documents that were not files (standard input, or from a program).",
            hint="Ask the same of the same documents, and it goes on.",
        )
    folder = Path(run.manifest["folder"])
    if not folder.is_dir():
        raise UsageError(f"The folder in which run {run.run_id} was asked is gone: {folder}.")
    for source in sources:
        # Fewer documents would make it another run.
        if not any(mark in source for mark in "*?[") and not (folder / Path(source).expanduser()).exists():
            raise UsageError(f"A source of run {run.run_id} is gone: {source} (in {folder}).")
    return sources
