"""`longagent cache`: replies that are remembered, for all runs, and indexes of documents."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, Tracebacks

if TYPE_CHECKING:
    from longagent.settings import Settings
    from longagent.store.entries import Entries

T = TypeVar("T")

cache = typer.Typer(
    name="cache",
    help="Replies of models and indexes of documents that are remembered: the same call is not made twice.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@cache.command()
def info(as_json: Json = False, verbose: Tracebacks = 0) -> None:
    """Print where the cache is and how much it holds."""
    with guard(verbose=verbose):
        from longagent.cli.output import print_json
        from longagent.render.columns import columns
        from longagent.render.terminal import megabytes
        from longagent.settings import Settings

        settings = Settings.resolve()
        replies, index = _with_both(settings, lambda store: store.info())
        most = settings.cache_mb * 2**20
        if as_json:
            told = {"path": str(replies.path), "replies": replies.entries, "bytes": replies.bytes, "max_bytes": most}
            indexed = {"path": str(index.path), "chunks": index.entries, "bytes": index.bytes, "max_bytes": most}
            print_json({**told, "index": indexed})
            return
        rows = []
        for what, found in (("replies", replies), ("indexed chunks", index)):
            size = f"{megabytes(found.bytes)} of at most {megabytes(most)}"
            rows += [("path", str(found.path)), (what, f"{found.entries:,}"), ("size", size)]
        for line in columns(rows):
            typer.echo(line)


@cache.command()
def clear(as_json: Json = False, verbose: Tracebacks = 0) -> None:
    """Forget all replies and indexes. Runs keep their replies."""
    with guard(verbose=verbose):
        from longagent.cli.output import print_json
        from longagent.settings import Settings

        replies, chunks = _with_both(Settings.resolve(), lambda store: store.clear())
        if as_json:
            print_json({"removed": replies, "removed_chunks": chunks})
            return
        typer.echo("1 reply removed." if replies == 1 else f"{replies:,} replies removed.")
        if chunks:
            typer.echo("1 indexed chunk removed." if chunks == 1 else f"{chunks:,} indexed chunks removed.")


def _with_both(settings: "Settings", work: "Callable[[Entries], Awaitable[T]]") -> tuple[T, T]:
    """Return what `work` finds in the response cache and in the index store."""
    from longagent import background
    from longagent.store.index_store import IndexStore
    from longagent.store.response_cache import ResponseCache

    async def on(opened: "Entries") -> T:
        try:
            return await work(opened)
        finally:
            await opened.aclose()

    async def go() -> tuple[T, T]:
        most = settings.cache_mb * 2**20
        replies = await on(ResponseCache(settings.cache_dir, max_bytes=most))
        return replies, await on(IndexStore(settings.cache_dir, max_bytes=most))

    return background.run(go)
