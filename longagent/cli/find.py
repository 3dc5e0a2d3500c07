"""`longagent find`: the sentences that fit a query best, with file and page; no model."""

from typing import Annotated

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, NoOcr, Password, Quiet, Strict, Verbose
from longagent.errors import UsageError

NOT_FOUND = 4


def find(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE... QUERY", help="Files, folders, globs, or - for standard input; then what to look for."
        ),
    ],
    limit: Annotated[int, typer.Option("-n", "--limit", metavar="N", min=1, help="Sentences at most.")] = 10,
    context: Annotated[
        int, typer.Option("-C", "--context", metavar="N", min=0, help="Show so many sentences before and after each.")
    ] = 0,
    strict: Strict = False,
    password: Password = None,
    no_ocr: NoOcr = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Rank the sentences of documents by a query, with file and page. No model is called, and none is needed.

    Exit codes: 0 found, 2 wrong usage or unreadable source, 4 no sentence has anything in common with the query.
    """
    with guard(verbose=verbose):
        from rich.console import Console

        from longagent import finding
        from longagent.cli.output import print_json
        from longagent.cli.progress import Progress
        from longagent.cli.unlocking import unlocked
        from longagent.events import Event, Warned
        from longagent.render.found import print_found

        if len(words) < 2:
            raise UsageError("A source and a query are needed.", hint='Example: longagent find report.pdf "net debt"')
        warnings: list[str] = []
        options = {"strict_sources": strict or None, "ocr": False if no_ocr else None}

        def search(asked: str | None) -> list[finding.Found]:
            warnings.clear()  # of an attempt without the password
            with Progress(-1 if quiet else verbose, then="Ranking …") as progress:

                def tell(event: Event) -> None:
                    progress(event)
                    if isinstance(event, Warned):
                        warnings.append(event.message)

                given = options | {"password": asked or password}
                found = finding.find(words[:-1], words[-1], limit=limit, context=context, on_event=tell, **given)
            progress.gap()
            return found

        found = unlocked(search)
        if as_json:
            print_json({"query": words[-1], "found": [each.to_dict() for each in found], "warnings": warnings})
        else:
            print_found(found, Console(highlight=False))
    raise typer.Exit(0 if found else NOT_FOUND)
