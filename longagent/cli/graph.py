"""`longagent graph`: the graph of facts of documents, as a file for other programs or as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longagent.cli.guard import guard
from longagent.cli.options import (
    BaseUrl,
    Json,
    MaxCalls,
    MaxCost,
    MaxTotalTokens,
    ModelName,
    NoCache,
    NoOcr,
    Offline,
    Password,
    Quiet,
    RoleModel,
    Setting,
    Strict,
    Timeout,
    Verbose,
    Window,
    pairs,
)
from longagent.errors import UsageError
from longagent.events import Event, RunFinished

if TYPE_CHECKING:
    from longagent.answer import Answer
    from longagent.graphs.graph_reader.fact_graph import FactGraph

_FORMS = (".graphml", ".svg")


def graph(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Files, folders, globs, or - for standard input.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="Write a .graphml for other programs, or a picture, .svg."),
    ] = None,
    setting: Setting = None,
    model: ModelName = None,
    role_model: RoleModel = None,
    base_url: BaseUrl = None,
    window: Window = None,
    strict: Strict = False,
    max_cost: MaxCost = None,
    max_total_tokens: MaxTotalTokens = None,
    max_calls: MaxCalls = None,
    timeout: Timeout = None,
    no_cache: NoCache = False,
    offline: Offline = False,
    password: Password = None,
    no_ocr: NoOcr = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Index documents for graph-reader, and write the graph of their facts or tell what is in it.

    What is indexed already is not read again; -S index=code makes no model call.
    """
    with guard(verbose=verbose):
        from longagent.cli.unlocking import unlocked
        from longagent.session import GRAPH

        if out is not None:
            _check(out)
        options: dict[str, Any] = {
            "strategy": GRAPH,
            "model": model,
            "role_model": pairs("--role-model", role_model or [], form="ROLE=MODEL") or None,
            "base_url": base_url or None,
            "window": window,
            "strict_sources": strict or None,
            "max_cost": max_cost,
            "max_total_tokens": max_total_tokens,
            "max_calls": max_calls,
            "timeout": timeout,
            "cache": False if no_cache else None,
            "offline": offline or None,
            "password": password,
            "ocr": False if no_ocr else None,
        }
        settings = pairs("-S", setting or [], form="KEY=VALUE")

        def index(asked: str | None) -> "tuple[FactGraph, bool]":
            given = {name: value for name, value in options.items() if value is not None}
            if asked is not None:
                given["password"] = asked
            return _index(sources, settings, given, level=-1 if quiet else verbose)

        made, partial = unlocked(index)
        if out is not None:
            _write(made, out)
        _tell(made, out, partial=partial, as_json=as_json)
    if partial:
        raise typer.Exit(3)


def _index(
    sources: Sequence[str], settings: Mapping[str, str], options: Mapping[str, Any], *, level: int
) -> "tuple[FactGraph, bool]":
    """Return the graph, and whether a limit ended the indexing."""
    from longagent.cli.progress import Progress
    from longagent.session import Session

    ended = list["Answer"]()
    with Progress(level) as progress, Session(settings=settings, **options) as session:

        def tell(event: Event) -> None:
            progress(event)
            if isinstance(event, RunFinished):
                ended.append(event.answer)

        made = session.fact_graph(sources, on_event=tell)
    progress.gap()
    return made, any(answer.partial for answer in ended)


def _check(out: Path) -> None:
    """Refuse what cannot be written, before anything is read or paid for."""
    if out.suffix.lower() not in _FORMS:
        raise UsageError(f"{out}: its name ends neither in {' nor in '.join(_FORMS)}.")
    if not out.parent.is_dir():
        raise UsageError(f"{out} cannot be written: there is no folder {out.parent}.")
    if out.is_dir():
        raise UsageError(f"{out} cannot be written: it is a folder.")


def _write(made: "FactGraph", out: Path) -> None:
    from longagent.render.fact_graph import draw, to_graphml

    try:
        out.write_text(draw(made) if out.suffix.lower() == ".svg" else to_graphml(made), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}.") from error


def _tell(made: "FactGraph", out: Path | None, *, partial: bool, as_json: bool) -> None:
    from longagent.cli.output import print_json
    from longagent.render.columns import columns
    from longagent.render.terminal import one_line

    pairs_that_share = made.network.number_of_edges()
    if as_json:
        counts = {"facts": len(made.facts), "elements": len(made.names), "pairs": pairs_that_share}
        print_json({**counts, "most": list(made.names[:10]), "file": str(out) if out else None, "partial": partial})
        return
    rows = [
        ("facts", f"{len(made.facts):,}"),
        ("key elements", f"{len(made.names):,}"),
        ("pairs that share facts", f"{pairs_that_share:,}"),
        ("most facts", one_line(", ".join(made.names[:10]))),
    ]
    for line in columns(rows + ([("written to", str(out))] if out else [])):
        typer.echo(line)
