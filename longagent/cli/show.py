"""`longagent show`: what was extracted from a document, page by page."""

from typing import Annotated

import typer

from longagent.cli.guard import guard
from longagent.errors import UsageError


def show(
    source: Annotated[str, typer.Argument(metavar="DOC", help="A file, or - for standard input.")],
    page: Annotated[int | None, typer.Option("--page", metavar="N", help="Only this page, counted from 1.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="-vv shows tracebacks.")] = 0,
) -> None:
    """Print the text that was extracted from a document."""
    with guard(verbose=verbose):
        from longagent import background
        from longagent.cli.output import print_json
        from longagent.documents import load
        from longagent.render.terminal import inert

        documents = background.run(lambda: load([source])).documents
        if len(documents) > 1:
            raise UsageError(f"{source} holds {len(documents)} documents; show takes one.")
        document = documents[0]
        pages = [p for p in document.pages if page in (None, p.number)]
        if not pages:
            raise UsageError(f"{document.name} has no page {page}; it has {len(document.pages)}.")
        for warning in document.warnings:
            typer.echo(f"warning: {inert(warning)}", err=True)
        if as_json:
            record = document.to_dict()
            record["pages"] = [entry for entry in record["pages"] if page in (None, entry["number"])]
            print_json(record)
            return
        unit = "page" if document.paged else "section"
        for entry in pages:
            typer.echo(f"── {unit} {entry.number} of {len(document.pages)} ──")
            typer.echo(inert(document.page_text(entry)) + "\n")
