"""`longagent cache`: replies that are remembered, for all runs, and what was made of documents."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, Tracebacks

if TYPE_CHECKING:
    from longagent.store.entries import Held
    from longagent.store.index_store import IndexStore, Kind, Sized
    from longagent.store.response_cache import ResponseCache

T = TypeVar("T")

cache = typer.Typer(
    name="cache",
    help="Replies of models, texts of documents and their indexes that are remembered: nothing is done twice.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class What(StrEnum):
    """What can be forgotten by itself: replies, and the kinds of the index store."""

    replies = "replies"
    documents = "documents"
    cuts = "cuts"
    words = "words"
    embeddings = "embeddings"
    strategies = "strategies"


_WORDS = {
    "documents": "texts of documents",
    "cuts": "cuts into chunks",
    "words": "word indexes",
    "embeddings": "embedded chunks",
    "strategies": "indexed chunks",
}
_ONE = {
    "replies": "reply",
    "documents": "text of a document",
    "cuts": "cut into chunks",
    "words": "word index",
    "embeddings": "embedded chunk",
    "strategies": "indexed chunk",
}


@cache.command()
def info(as_json: Json = False, verbose: Tracebacks = 0) -> None:
    """Print where the cache is and how much it holds of what."""
    with guard(verbose=verbose):
        from longagent.cli.output import print_json
        from longagent.render.columns import columns
        from longagent.render.terminal import megabytes

        async def look(replies: "ResponseCache", index: "IndexStore") -> "tuple[Held, Held, dict[Kind, Sized]]":
            return await replies.info(), await index.info(), await index.by_kind()

        most, (replies, index, kinds) = _with_both(look)
        if as_json:
            told = {"path": str(replies.path), "replies": replies.entries, "bytes": replies.bytes, "max_bytes": most}
            indexed = {"path": str(index.path), "chunks": kinds["strategies"].entries, "bytes": index.bytes}
            by_kind = {kind: {"entries": held.entries, "bytes": held.bytes} for kind, held in kinds.items()}
            print_json({**told, "index": {**indexed, "max_bytes": most, "kinds": by_kind}})
            return
        rows = [("path", str(replies.path)), ("replies", f"{replies.entries:,}")]
        rows += [("size", f"{megabytes(replies.bytes)} of at most {megabytes(most)}"), ("path", str(index.path))]
        for kind, held in kinds.items():
            rows.append((_WORDS[kind], f"{held.entries:,}" + (f", {megabytes(held.bytes)}" if held.entries else "")))
        rows.append(("size", f"{megabytes(index.bytes)} of at most {megabytes(most)}"))
        for line in columns(rows):
            typer.echo(line)


@cache.command()
def clear(
    what: Annotated[list[What] | None, typer.Argument(help="Only this.", show_default=False)] = None,
    as_json: Json = False,
    verbose: Tracebacks = 0,
) -> None:
    """Forget all replies, texts of documents and indexes, or what is named. Runs keep their replies."""
    with guard(verbose=verbose):
        from longagent.cli.output import print_json

        async def forget(replies: "ResponseCache", index: "IndexStore") -> dict[str, int]:
            from longagent.store.index_store import KINDS

            removed = {"replies": await replies.clear()} if not what or What.replies in what else {}
            if not what:
                removed |= {kind: held.entries for kind, held in (await index.by_kind()).items()}
                await index.clear()
            return removed | {kind: await index.clear_kind(kind) for kind in KINDS if what and kind in what}

        _, removed = _with_both(forget)
        if as_json:
            told = {"removed": removed.get("replies", 0), "removed_chunks": removed.get("strategies", 0)}
            print_json({**told, "removed_by_kind": removed})
            return
        for kind, count in removed.items():
            if count or kind == "replies" or what:
                many = _WORDS.get(kind, "replies")
                typer.echo(f"1 {_ONE[kind]} removed." if count == 1 else f"{count:,} {many} removed.")


def _with_both(work: "Callable[[ResponseCache, IndexStore], Awaitable[T]]") -> tuple[int, T]:
    """Return the most bytes each may have, and what `work` finds in the response cache and in the index store."""
    from longagent import background
    from longagent.settings import Settings
    from longagent.store.index_store import IndexStore
    from longagent.store.response_cache import ResponseCache

    settings = Settings.resolve()
    most = settings.cache_mb * 2**20

    async def go() -> T:
        replies = ResponseCache(settings.cache_dir, max_bytes=most)
        index = IndexStore(settings.cache_dir, max_bytes=most)
        try:
            return await work(replies, index)
        finally:
            await replies.aclose()
            await index.aclose()

    return most, background.run(go)
