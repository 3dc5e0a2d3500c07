"""Hierarchical: workers judge their own chunk and summarize it if it is useful; a manager answers from all summaries.

A baseline of Chain-of-Agents, Zhang et al. 2024, arXiv 2406.02818. No worker sees what another wrote. The manager reads
the communication units of all useful chunks, in the order of the document. n + 1 calls for n chunks, depth 2.

Departures: one call judges and writes, where n + useful + 1, the baseline's count, has two for a useful chunk: the
second would read the chunk again. Units that do not fit before the manager are merged with their neighbours first, as
map-reduce does it. Models that never say "not found" write one sentence per chunk, which is kept only if the chunk
carries it. Questions only: the paper's tasks without a question (summaries, code) are not here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.hierarchical import collapse as collapse_units
from longagent.agents.hierarchical import manager, merge_brief, worker, worker_brief
from longagent.documents import Chunk
from longagent.graphs import notes
from longagent.graphs.notes import NotesState, Team
from longagent.graphs.notes.team import ModelOf
from longagent.graphs.reading import Positive
from longagent.graphs.strategy import Context, Estimate, Plan, strategy
from longagent.graphs.waves import Part, read_in_waves


@dataclass(frozen=True)
class HierarchicalConfig:
    """Settings of `hierarchical`."""

    window: Positive = 8192
    """Tokens of each call's prompt and reply together; less where the model holds less."""
    unit_tokens: Positive | None = None
    """Cap of a unit; by default an eighth of the window, at most 512; one sentence for models that never abstain."""
    answer_tokens: Positive | None = None
    """Cap of the answer; by default an eighth of the window, at most 512."""


def team(config: HierarchicalConfig, model_of: ModelOf) -> Team:
    """Return who plays: each role as its model can play it."""
    return Team(
        name="hierarchical",
        noun="summary",
        nouns="summaries",
        setting="unit_tokens",
        reader=worker if model_of(worker).profile.abstains else worker_brief,
        merger=collapse_units if model_of(collapse_units).profile.abstains else merge_brief,
        writer=manager,
        window=config.window,
        note_tokens=config.unit_tokens,
        answer_tokens=config.answer_tokens,
    )


def _team(ctx: Context) -> Team:
    return team(ctx.config, ctx.model)


async def judge_chunk(state: Part, runtime: Runtime[Context]) -> dict[str, Any]:
    """Let a worker judge its chunk, and write a unit if it is useful."""
    return await notes.take_notes(_team(runtime.context), state, runtime.context)


async def collapse(state: NotesState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Merge neighbouring units once, unless all of them fit before the manager."""
    return await notes.merge_neighbours(_team(runtime.context), state, runtime.context)


async def fit(state: NotesState) -> Literal["collapse", "manage"]:
    """Collapse until they fit."""
    return "manage" if state["fit"] else "collapse"


async def manage(state: NotesState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from the units of all useful chunks."""
    return await notes.answer_from_notes(_team(runtime.context), state, runtime.context)


async def _chunk_tokens(plan: Plan) -> int:
    return await notes.chunk_tokens(team(plan.config, plan.model), plan)


async def _estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    return await notes.estimate(team(plan.config, plan.model), plan, chunks)


@strategy(
    "hierarchical",
    config=HierarchicalConfig,
    summary="a baseline: useful chunks are summarized side by side, a manager answers from all summaries",
    paper="Zhang et al. 2024, arXiv 2406.02818",
    agents=(worker, worker_brief, collapse_units, merge_brief, manager),
    chunk_tokens=_chunk_tokens,
    # Every chunk is a call, and one that ends with a page is found in the cache after another page was edited.
    fill=0.75,
    estimate=_estimate,
    cost="n + 1 calls for n chunks, depth 2; more where the summaries do not fit one call",
    reuses="nothing",
)
def hierarchical() -> StateGraph[NotesState, Context]:
    """Build the graph: judge_chunk, side by side → collapse … → manage."""
    graph = StateGraph(NotesState, context_schema=Context)
    read_in_waves(graph, judge_chunk, then="collapse")
    graph.add_node(collapse)
    graph.add_node(manage)
    graph.add_conditional_edges("collapse", fit)
    graph.add_edge("manage", END)
    return graph
