"""The answer, from the notebooks that explorers bring back, and what it rests on."""

import asyncio
from typing import Any

from langgraph.runtime import Runtime

from longagent.agents.graph_reader import answer_brief, otherwise
from longagent.evidence import trace
from longagent.evidence.provenance import Sourced, attribute
from longagent.graphs.fitting import fit
from longagent.graphs.graph_reader.config import GraphReaderConfig
from longagent.graphs.graph_reader.explorer import text_of
from longagent.graphs.graph_reader.indexing import fact_graph, index_warnings
from longagent.graphs.graph_reader.plan import answer_cap, answer_for, caps, room_for, share, words
from longagent.graphs.graph_reader.ranking import rank_facts
from longagent.graphs.graph_reader.state import State
from longagent.graphs.graph_reader.walk import Notebook
from longagent.graphs.reading import says_cut, stops
from longagent.graphs.strategy import Context, SpanRef
from longagent.llm.model import Model

_MOST_FACTS = 20
"""Facts that stand for a notebook."""
_BY_WORDS = "No explorer could note anything: the answer is from facts that share words with the question."


async def answer(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from all notebooks, each within its share of the window."""
    ctx, question = runtime.context, state["question"]
    config: GraphReaderConfig = ctx.config
    warnings = [*index_warnings(state, ctx), *_says_passed_over(state)]
    notebooks = sorted(state.get("notebooks", []), key=lambda notebook: notebook["agent"])
    notebooks = [notebook for notebook in notebooks if text_of(notebook["sentences"]).strip()]
    role = answer_for(ctx.model)
    model = ctx.model(role)
    cap, each = answer_cap(config, model.profile), share(config, await room_for(role, model, question, config))
    if not notebooks and state.get("unread"):
        each *= config.agents
        notebooks = await _by_words(question, ctx, model, room=each)
        warnings += [_BY_WORDS] * len(notebooks)
    if not notebooks:
        return {"reply": "", "evidence": [], "warnings": warnings}
    texts = [await fit(text_of(found["sentences"]), each, model.count_tokens, keep_end=False) for found in notebooks]
    if role is answer_brief:
        # Notes of the same passage are the same; to be told twice does not help such a model.
        texts = list(dict.fromkeys(texts))
    said = await role(
        model,
        max_tokens=cap,
        seed=ctx.seed,
        stop=stops(model),
        final=True,
        notebooks=ctx.delimiters.blocks("notebook", texts),
        question=question,
        words=words(cap // 2),
        otherwise=otherwise(model),
    )
    evidence = await asyncio.to_thread(_rests_on, question, said.value, notebooks, ctx)
    if said.assumed:
        warnings.append("The answer came without the label that was asked for, and is given as it came.")
    return {"reply": said.value, "evidence": evidence, "warnings": [*warnings, *says_cut(said, model, cap)]}


async def _by_words(question: str, ctx: Context, model: Model, *, room: int) -> list[Notebook]:
    """Return what stands for a notebook where a limit let no explorer write one: the facts that fit a question best."""
    graph = await fact_graph(ctx)
    room = min(room, ctx.config.agents * caps(ctx.config, model.profile).notebook)
    sentences: list[Sourced] = []
    for fact in (await asyncio.to_thread(rank_facts, graph.facts, question))[:_MOST_FACTS]:
        room -= await model.count_tokens(f"{fact.text}\n") + 1
        if room < 0:
            break
        sentences.append(Sourced(text=f"{fact.text}\n", chunks=[fact.chunk]))
    return [Notebook(agent=0, sentences=sentences, read=[])] if sentences else []


def _rests_on(question: str, reply: str, notebooks: list[Notebook], ctx: Context) -> list[SpanRef]:
    """Return the chunks under the sentences of notebooks that the reply rests on.

    Where those do not carry it: all that notebooks rest on, and all that their explorers read.
    """
    known = [sentence for notebook in notebooks for sentence in notebook["sentences"]]
    named = {chunk for found in attribute(known, reply, chunk=-1, chunk_text="") for chunk in found["chunks"]}
    spans = [ctx.chunks[chunk].span for chunk in sorted(named)]
    if not spans or not trace(question, reply, spans).grounded:
        read = {chunk for notebook in notebooks for chunk in notebook["read"]}
        rest = {chunk for sentence in known for chunk in sentence["chunks"]}
        spans = [ctx.chunks[chunk].span for chunk in sorted(named | rest | read)]
    return [ctx.ref(span) for span in spans]


def _says_passed_over(state: State) -> list[str]:
    warnings, steps = [], state.get("steps", 0)
    if guessed := state.get("guessed", 0):
        warnings.append(
            f"In {guessed} of {steps} steps no function was called that may be called there: the usual one was taken."
        )
    if lost := state.get("lost", 0):
        warnings.append(f"{lost} of {steps} steps failed; explorers went on without what they would have noted.")
    return warnings
