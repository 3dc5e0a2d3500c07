"""`longagent show`: what was extracted from documents, and how it is cut."""

from typing import TYPE_CHECKING, Annotated

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, NoOcr, Password, Strict, Tracebacks
from longagent.errors import UsageError

if TYPE_CHECKING:
    from longagent.documents import Document, Loaded

_USUAL_CHUNK = 300
"""As `rag` cuts for models that read well."""


def show(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Files, folders, globs, or - for standard input.")
    ],
    page: Annotated[int | None, typer.Option("--page", metavar="N", help="Only this page, counted from 1.")] = None,
    chunks: Annotated[bool, typer.Option("--chunks", help="Show the chunks it is cut into.")] = False,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", metavar="N", min=1, help=f"Of a chunk, at most. Default: {_USUAL_CHUNK}, as for rag."),
    ] = None,
    strict: Strict = False,
    password: Password = None,
    no_ocr: NoOcr = False,
    as_json: Json = False,
    verbose: Tracebacks = 0,
) -> None:
    """Print the text that was extracted from a document; of several, list them."""
    with guard(verbose=verbose):
        from longagent import background, finding
        from longagent.cli.output import print_json
        from longagent.cli.progress import Progress
        from longagent.cli.unlocking import unlocked
        from longagent.render.documents import document_record, listing_lines
        from longagent.settings import Settings

        def read(asked: str | None) -> "Loaded":
            settings = Settings.resolve(
                strict_sources=strict or None, ocr=False if no_ocr else None, password=asked or password
            )
            with Progress(0, then="") as progress:
                return background.run(lambda: finding.read(sources, settings, emit=progress))

        loaded = unlocked(read)
        if len(loaded.documents) == 1:
            size = tokens or _USUAL_CHUNK if chunks or tokens else None
            _show(loaded.documents[0], page=page, tokens=size, as_json=as_json)
            return
        if page is not None or chunks or tokens:
            raise UsageError(f"There are {len(loaded.documents)} documents; pages and chunks are shown of one.")
        if as_json:
            listed = [document_record(document) for document in loaded.documents]
            print_json({"documents": listed, "warnings": loaded.warnings})
            return
        for line in listing_lines(loaded.documents):
            typer.echo(line)


def _show(document: "Document", *, page: int | None, tokens: int | None, as_json: bool) -> None:
    """Print one document: its chunks of so many tokens, or its pages."""
    from longagent.cli.output import print_json
    from longagent.documents import chunk
    from longagent.render.documents import chunk_lines, chunk_record, page_lines

    pages = [each for each in document.pages if page in (None, each.number)]
    if not pages:
        raise UsageError(f"{document.name} has no page {page}; it has {len(document.pages)}.")
    cut = chunk([document], tokens=tokens) if tokens else []
    shown = [each for each in cut if page is None or each.span.page <= page <= each.span.page_end]
    if as_json:
        record = document.to_dict()
        record["pages"] = [entry for entry in record["pages"] if page in (None, entry["number"])]
        print_json(record | ({"chunks": [chunk_record(each) for each in shown]} if tokens else {}))
        return
    for line in chunk_lines(shown, total=len(cut)) if tokens else page_lines(document, pages):
        typer.echo(line)
