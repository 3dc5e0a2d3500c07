"""Map-reduce with a structured map: each chunk gives a result and how sure it is; one call weighs them and answers.

LLM×MapReduce, Zhou et al. 2024, arXiv 2410.09342. Map: every chunk by itself gives extracted information, a rationale,
an answer and a confidence from 0 to 5 that examples calibrate. Results without information are dropped. Collapse: while
the others do not fit before the last call, neighbours are merged, as many as fit, into one result each. Reduce: one
call answers from the results, weighing confidence. n + 1 calls for n chunks and a few to collapse; depth 2 and a few.

Departures: where a limit or a failing call forbids to merge, the results with the highest confidence are kept, as many
as fit. A merged result keeps the chunks it rests on, found by comparison. Models that never say "not found" give one
sentence per chunk, without a confidence, which is kept only if the chunk carries it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.map_reduce import collapse as collapse_results
from longagent.agents.map_reduce import map_brief, map_passage, merge_brief, reduce_brief
from longagent.agents.map_reduce import reduce as reduce_results
from longagent.documents import Chunk
from longagent.graphs import notes
from longagent.graphs.notes import NotesState, Team
from longagent.graphs.notes.team import ModelOf
from longagent.graphs.reading import Positive
from longagent.graphs.strategy import Context, Estimate, Plan, strategy
from longagent.graphs.waves import Part, read_in_waves


@dataclass(frozen=True)
class MapReduceConfig:
    """Settings of `map-reduce`."""

    window: Positive = 8192
    """Tokens of each call's prompt and reply together; less where the model holds less."""
    result_tokens: Positive | None = None
    """Cap of a result; by default an eighth of the window, at most 512; one sentence for models that never abstain."""
    answer_tokens: Positive | None = None
    """Cap of the answer; by default an eighth of the window, at most 512."""


def team(config: MapReduceConfig, model_of: ModelOf) -> Team:
    """Return who plays: each role as its model can play it."""
    abstains = {role: model_of(role).profile.abstains for role in (map_passage, collapse_results, reduce_results)}
    return Team(
        name="map-reduce",
        noun="result",
        nouns="results",
        setting="result_tokens",
        reader=map_passage if abstains[map_passage] else map_brief,
        merger=collapse_results if abstains[collapse_results] else merge_brief,
        writer=reduce_results if abstains[reduce_results] else reduce_brief,
        rates=abstains[map_passage],
        window=config.window,
        note_tokens=config.result_tokens,
        answer_tokens=config.answer_tokens,
    )


def _team(ctx: Context) -> Team:
    return team(ctx.config, ctx.model)


async def map_chunk(state: Part, runtime: Runtime[Context]) -> dict[str, Any]:
    """Note the result of one chunk, if it has one."""
    return await notes.take_notes(_team(runtime.context), state, runtime.context)


async def collapse(state: NotesState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Merge neighbouring results once, unless all of them fit before the reduce call."""
    return await notes.merge_neighbours(_team(runtime.context), state, runtime.context)


async def fit(state: NotesState) -> Literal["collapse", "reduce"]:
    """Collapse until they fit."""
    return "reduce" if state["fit"] else "collapse"


async def reduce(state: NotesState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from the results, weighing their confidence."""
    return await notes.answer_from_notes(_team(runtime.context), state, runtime.context)


async def _chunk_tokens(plan: Plan) -> int:
    return await notes.chunk_tokens(team(plan.config, plan.model), plan)


async def _estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    return await notes.estimate(team(plan.config, plan.model), plan, chunks)


@strategy(
    "map-reduce",
    config=MapReduceConfig,
    summary="reads all chunks side by side and weighs what they found: independent facts, lists; fast",
    paper="Zhou et al. 2024, arXiv 2410.09342",
    agents=(map_passage, map_brief, collapse_results, merge_brief, reduce_results, reduce_brief),
    chunk_tokens=_chunk_tokens,
    # Every chunk is a call, and one that ends with a page is found in the cache after another page was edited.
    fill=0.75,
    estimate=_estimate,
    cost="n + 1 calls for n chunks, depth 2; more where what was found does not fit one call",
    reuses="nothing",
)
def map_reduce() -> StateGraph[NotesState, Context]:
    """Build the graph: map_chunk, side by side → collapse … → reduce."""
    graph = StateGraph(NotesState, context_schema=Context)
    read_in_waves(graph, map_chunk, then="collapse")
    graph.add_node(collapse)
    graph.add_node(reduce)
    graph.add_conditional_edges("collapse", fit)
    graph.add_edge("reduce", END)
    return graph
