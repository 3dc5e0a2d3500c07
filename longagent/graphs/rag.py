"""Retrieval-augmented answering: rank the chunks by BM25, read the best that fit, answer. One call.

The baseline of Chain-of-Agents (arXiv 2406.02818) and of most others; what a look-up needs.

Departures from that baseline: BM25 instead of a dense re-ranker; what is read stands in document order, because small
models lose the thread when passages jump.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.answering import answer_from_passages
from longagent.documents import Chunk
from longagent.graphs.reading import AnswerState, Positive, answer, best_that_fit, one_call, prompt_room
from longagent.graphs.strategy import Context, Estimate, Plan, strategy
from longagent.llm.model import Model

_USUAL_CHUNK = 300
_USUAL_EVIDENCE = 6000


@dataclass(frozen=True)
class RagConfig:
    """Settings of `rag`."""

    chunk_tokens: Positive | None = None
    """Length of a chunk; by default 300, less for models that read little well."""
    evidence_tokens: Positive | None = None
    """Most document tokens put before the model, as far as the window holds them; by default 6,000, less for models
    that read little well."""
    answer_tokens: Positive | None = None
    """Cap of the answer; by default 512, less in small windows."""


async def retrieve(state: AnswerState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Pick the best chunks that fit, in document order."""
    ctx = runtime.context
    config: RagConfig = ctx.config
    model = ctx.model(answer_from_passages)
    room = await prompt_room(model, state["question"], config.answer_tokens)
    budget = min(room.document, _evidence_tokens(config, model))
    picked = await best_that_fit(ctx, state["question"], budget, model)
    return {
        "evidence": [ctx.ref(span) for _, span in picked],
        "selected": [index for index, _ in picked],
        "reply_tokens": room.reply,
    }


def _evidence_tokens(config: RagConfig, model: Model) -> int:
    return config.evidence_tokens or min(_USUAL_EVIDENCE, model.profile.reading_tokens or _USUAL_EVIDENCE)


async def _chunk_tokens(plan: Plan) -> int:
    # One passage and its delimiters should fit into what the model reads well.
    profile = plan.model(answer_from_passages).profile
    usual = min(_USUAL_CHUNK, (profile.reading_tokens or profile.window) * 3 // 4)
    return min(plan.config.chunk_tokens or usual, profile.window // 4)


async def _estimate(plan: Plan, _chunks: Sequence[Chunk]) -> Estimate:
    evidence = _evidence_tokens(plan.config, plan.model(answer_from_passages))
    return await one_call(plan, evidence, plan.config.answer_tokens)


@strategy(
    "rag",
    config=RagConfig,
    summary="look-ups: reads only the best-matching chunks; one call however long the document",
    agents=(answer_from_passages,),
    chunk_tokens=_chunk_tokens,
    estimate=_estimate,
    cost="1 call",
    reuses="nothing but the index",
)
def rag() -> StateGraph[AnswerState, Context]:
    """Build the graph: retrieve → answer."""
    graph = StateGraph(AnswerState, context_schema=Context)
    graph.add_node(retrieve)
    graph.add_node(answer)
    graph.add_edge(START, "retrieve")
    graph.add_edge("retrieve", "answer")
    graph.add_edge("answer", END)
    return graph
