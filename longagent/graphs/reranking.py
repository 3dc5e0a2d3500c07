"""The best chunks put in order once more, by something that reads question and chunk together. Off by default."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from longagent.agents.reranking import order
from longagent.documents import Span
from longagent.errors import BudgetReached, ModelError
from longagent.events import Warned
from longagent.graphs.room import shorten
from longagent.retrievers import Ranked

if TYPE_CHECKING:
    from longagent.graphs.context import Context
    from longagent.llm.embedding.server import ServerEmbedder

_READ = 20
"""Chunks that are put in order; the others stay behind them as they are."""
_REPLY = 128
"""Tokens: twenty numbers, and some words around them."""


class Reranker(Protocol):
    """Puts the first of ranked chunks in a better order."""

    @property
    def identity(self) -> str:
        """What decides the order."""
        ...

    async def __call__(self, ctx: "Context", query: str, ranked: list[Ranked]) -> list[Ranked]:
        """Return the same chunks; in the order they had where reading them failed."""
        ...


class ByServer:
    """Asks a cross-encoder behind `/v1/rerank`."""

    def __init__(self, server: "ServerEmbedder") -> None:
        self._server = server
        self._failed = False

    @property
    def identity(self) -> str:
        """The server and its model."""
        return f"rerank {self._server.identity}"

    async def __call__(self, ctx: "Context", query: str, ranked: list[Ranked]) -> list[Ranked]:
        """Return the same chunks, the first by the server's scores; see `Reranker`."""
        best, rest = ranked[:_READ], ranked[_READ:]
        try:
            scores = await self._server.rerank(query, [each.chunk.search_text for each in best])
        except ModelError as error:
            if not self._failed:
                ctx.emit(Warned(message=f"Chunks stay in the order of the retriever: {error}"))
            self._failed = True
            return ranked
        return [best[at] for at in sorted(range(len(best)), key=lambda at: -scores[at])] + rest


class ByModel:
    """Has the session's model read them together, in one call of the run like any other."""

    identity = f"rerank model {order.prompt.hash}"

    async def __call__(self, ctx: "Context", query: str, ranked: list[Ranked]) -> list[Ranked]:
        """Return the same chunks, those first that the model names; see `Reranker`."""
        model = ctx.model(order)
        spans = await _fitting(ctx, query, [each.chunk.span for each in ranked[:_READ]])
        if len(spans) < 2:
            return ranked
        try:
            said = await order(
                model,
                max_tokens=_REPLY,
                seed=ctx.seed,
                passages=ctx.delimiters.passages(spans),
                question=query,
            )
        except (BudgetReached, ModelError) as error:
            ctx.emit(Warned(message=f"Chunks stay in the order of the retriever: {error}"))
            return ranked
        named = dict.fromkeys(number - 1 for number in said.value if 1 <= number <= len(spans))
        others = [at for at in range(len(ranked)) if at not in named]
        return [ranked[at] for at in (*named, *others)]


async def _fitting(ctx: "Context", query: str, spans: Sequence[Span]) -> list[Span]:
    """Return as many as half of the window holds, each cut to its share where all are too long."""
    model = ctx.model(order)
    profile = model.profile
    room = profile.window - profile.thinking_tokens - _REPLY - await order.overhead(model, passages="", question=query)
    room = min(room, profile.reading_tokens or room) // 2
    share = max(room // max(1, len(spans)), min(room, 200))
    kept: list[Span] = []
    for span in spans:
        short = await shorten(span, share, model.count_tokens)
        room -= await model.count_tokens(ctx.delimiters.passage(len(kept) + 1, short)) + 2
        if room < 0:
            break
        kept.append(short)
    return kept
