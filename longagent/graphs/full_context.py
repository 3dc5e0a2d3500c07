"""Full context: the whole document in one call, the baseline every long-document method is compared with.

A document that does not fit is refused, or its middle is cut on request, as LongBench does (arXiv 2308.14508): head and
tail stay. What was left out is said.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.answering import answer_from_passages
from longagent.documents import Chunk, Span
from longagent.errors import WindowTooSmallError
from longagent.graphs.reading import AnswerState, Positive, answer, one_call, prompt_room, render_one
from longagent.graphs.strategy import Context, Estimate, Plan, strategy
from longagent.llm.model import Model

_CHUNK_TOKENS = 512


@dataclass(frozen=True)
class FullContextConfig:
    """Settings of `full-context`."""

    overflow: Literal["refuse", "cut"] = "refuse"
    """When the document does not fit: refuse, or cut its middle and keep head and tail."""
    answer_tokens: Positive | None = None
    """Cap of the answer; by default 512, less in small windows."""


async def select(state: AnswerState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Take everything, or as much of head and tail as fits."""
    ctx = runtime.context
    config: FullContextConfig = ctx.config
    model = ctx.model(answer_from_passages)
    room = await prompt_room(model, state["question"], config.answer_tokens)
    total = await model.count_tokens(ctx.delimiters.passages(_joined(ctx.chunks)))
    kept = set(range(len(ctx.chunks)))
    if total > room.document:
        _refuse_unless_cut(config, model, total, room.document)
        sizes = [await model.count_tokens(render_one(ctx, chunk.span)) for chunk in ctx.chunks]
        kept = _head_and_tail(sizes, room.document)
    left_out = [chunk for chunk in ctx.chunks if chunk.index not in kept]
    return {
        "evidence": [ctx.ref(span) for span in _joined([chunk for chunk in ctx.chunks if chunk.index in kept])],
        "selected": sorted(kept),
        "reply_tokens": room.reply,
        "partial": bool(left_out),
        "warnings": [_says_left_out(left_out, len(ctx.chunks))] if left_out else [],
    }


def _refuse_unless_cut(config: FullContextConfig, model: Model, total: int, room: int) -> None:
    if config.overflow == "refuse":
        raise WindowTooSmallError(
            f"full-context: the document has about {total} tokens, and the window of {model.name} "
            f"leaves room for {room}.",
            hint="Use -s rag, or -S overflow=cut to read head and tail only.",
        )


def _head_and_tail(sizes: Sequence[int], budget: int) -> set[int]:
    """Return the indices that fit, taken alternately from both ends."""
    remaining, kept, from_head = deque(enumerate(sizes)), set(), True
    while remaining:
        index, size = remaining.popleft() if from_head else remaining.pop()
        budget -= size
        if budget < 0:
            break
        kept.add(index)
        from_head = not from_head
    return kept


def _joined(chunks: Sequence[Chunk]) -> list[Span]:
    """Join neighbouring chunks of one document into one span, so that delimiters do not cut the text."""
    spans: list[Span] = []
    last = -2
    for chunk in chunks:
        if spans and chunk.index == last + 1 and chunk.document is spans[-1].document:
            spans[-1] = spans[-1]._replace(end=chunk.span.end)
        else:
            spans.append(chunk.span)
        last = chunk.index
    return spans


def _says_left_out(left_out: Sequence[Chunk], total: int) -> str:
    first, last = left_out[0].span, left_out[-1].span
    where = f"{first.document.name} p. {first.page} to {last.document.name} p. {last.page_end}"
    if first.document is last.document:
        where = f"p. {first.page} to {last.page_end}"
    return f"The document did not fit: {len(left_out)} of {total} chunks in the middle ({where}) were not read."


async def _chunk_tokens(plan: Plan) -> int:
    return min(_CHUNK_TOKENS, plan.model(answer_from_passages).profile.window // 8)


async def _estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    model = plan.model(answer_from_passages)
    tokens = await model.count_tokens(plan.delimiters.passages(_joined(chunks)))
    room = await prompt_room(model, plan.question, plan.config.answer_tokens)
    if tokens > room.document:
        _refuse_unless_cut(plan.config, model, tokens, room.document)
    return await one_call(plan, tokens, plan.config.answer_tokens)


@strategy(
    "full-context",
    config=FullContextConfig,
    summary="short documents: reads everything in one call; refuses or cuts the middle when it does not fit",
    agents=(answer_from_passages,),
    chunk_tokens=_chunk_tokens,
    estimate=_estimate,
    cost="1 call",
    reuses="nothing",
)
def full_context() -> StateGraph[AnswerState, Context]:
    """Build the graph: select → answer."""
    graph = StateGraph(AnswerState, context_schema=Context)
    graph.add_node(select)
    graph.add_node(answer)
    graph.add_edge(START, "select")
    graph.add_edge("select", "answer")
    graph.add_edge("answer", END)
    return graph
