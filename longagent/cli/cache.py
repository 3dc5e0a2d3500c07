"""`longagent cache`: replies that are remembered, for all runs."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, Tracebacks

if TYPE_CHECKING:
    from longagent.settings import Settings
    from longagent.store.response_cache import ResponseCache

T = TypeVar("T")

cache = typer.Typer(
    name="cache",
    help="Replies of models that are remembered: the same call is not made twice.",
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
        found = _with_cache(settings, lambda opened: opened.info())
        most = settings.cache_mb * 2**20
        if as_json:
            print_json({"path": str(found.path), "replies": found.entries, "bytes": found.bytes, "max_bytes": most})
            return
        size = f"{megabytes(found.bytes)} of at most {megabytes(most)}"
        for line in columns([("path", str(found.path)), ("replies", f"{found.entries:,}"), ("size", size)]):
            typer.echo(line)


@cache.command()
def clear(as_json: Json = False, verbose: Tracebacks = 0) -> None:
    """Forget all replies. Runs keep theirs."""
    with guard(verbose=verbose):
        from longagent.cli.output import print_json
        from longagent.settings import Settings

        removed = _with_cache(Settings.resolve(), lambda opened: opened.clear())
        if as_json:
            print_json({"removed": removed})
        else:
            typer.echo("1 reply removed." if removed == 1 else f"{removed:,} replies removed.")


def _with_cache(settings: "Settings", work: "Callable[[ResponseCache], Awaitable[T]]") -> T:
    from longagent import background
    from longagent.store.response_cache import ResponseCache

    async def go() -> T:
        opened = ResponseCache(settings.cache_dir, max_bytes=settings.cache_mb * 2**20)
        try:
            return await work(opened)
        finally:
            await opened.aclose()

    return background.run(go)
