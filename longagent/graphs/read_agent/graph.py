"""ReadAgent: keep a gist of every page, look up the pages a question needs, answer from gists with those in full.

Lee et al. 2024, arXiv 2402.09727. The document is cut into pages, and one call shortens each to its gist, without the
question. A look-up reads the gists and names the pages to read again, all at once or one after the other; the answer
comes from the gists in their order, with those pages in full in their places. n + 2 calls for n pages, depth 3, where
one look-up suffices; for another question about the same document 2 calls, for the gists are there already.

Departures: pages end where the document's own pages, sections, paragraphs and sentences do, at about 300 to 600 words,
instead of where a model sees a pause, which would take a call for each; where the gists of all pages do not fit before
a look-up, several read them, each its share, and of the pages they name those are read again that share most words
with the question; where they do not fit before the answer, or a look-up one after the other, those nearest to the
pages are kept, or, before there are any, those of pages that share most words with the question; a look-up that cannot
be read is replaced by that ranking, and so is every one of a model that never says "not found"; a page whose gist
fails is left out and its place marked; a look-up one after the other also ends with a page that was named before;
prompts are our own words.
"""

import asyncio
from operator import add
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.agent import Said
from longagent.agents.read_agent import answer as answer_role
from longagent.agents.read_agent import gist, gist_brief, look_on, otherwise
from longagent.agents.read_agent import look_up as look_up_role
from longagent.documents import Span
from longagent.events import UnitWritten
from longagent.evidence import trace
from longagent.evidence.provenance import Sourced, attribute
from longagent.graphs.read_agent.config import ReadAgentConfig
from longagent.graphs.read_agent.layout import Shown, lay_out
from longagent.graphs.read_agent.look_up import Choice, choose, choose_next
from longagent.graphs.read_agent.plan import answer_cap, chunk_tokens, estimate, gist_cap, gist_for, room_for, words_for
from longagent.graphs.reading import says_cut, stops
from longagent.graphs.strategy import Context, strategy
from longagent.graphs.waves import Part, WaveState, read_in_waves


class Gist(TypedDict):
    """What is kept of a page."""

    page: int
    """Index of its chunk."""
    text: str


class State(WaveState):
    """Adds the gists and the pages to be read again."""

    gists: NotRequired[Annotated[list[Gist], add]]
    cut: NotRequired[Annotated[int, add]]
    """Gists that their cap cut off."""
    chosen: NotRequired[list[int]]
    """Pages to be read again, the most useful first."""
    settled: NotRequired[bool]
    """Whether no more are to be looked up."""
    guessed: NotRequired[Annotated[int, add]]
    """Look-ups that could not be read."""


async def write_gist(state: Part, runtime: Runtime[Context]) -> dict[str, Any]:
    """Shorten a page to its gist. What is asked must not reach the call: other questions are to find it made."""
    ctx, page = runtime.context, state["chunk"]
    role = gist_for(ctx.model)
    model = ctx.model(role)
    cap = gist_cap(ctx.config, model.profile)

    async def read(span: Span) -> Said[str]:
        passages, words = ctx.delimiters.passages([span]), words_for(cap)
        return await role(model, max_tokens=cap, seed=ctx.seed, stop=stops(model), passages=passages, words=words)

    attempt = await ctx.attempt(ctx.chunks[page], read)
    if attempt.outcome != "read":
        return {"chunks_failed": [page] if attempt.outcome == "failed" else []}
    # One line each, so that no gist can pass for that of another page.
    text = " ".join(" ".join(said.value.split()) for said in attempt.values)
    ctx.emit(UnitWritten(path=0, chunk=page, text=text))
    cut = sum(said.cut for said in attempt.values)
    return {"gists": [Gist(page=page, text=text)], "chunks_read": [page], "cut": cut}


async def look_up(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Choose the pages to read again; one after the other: choose the next."""
    ctx, question, gists = runtime.context, state["question"], _gists(state)
    config: ReadAgentConfig = ctx.config
    ranked = [found.chunk.index for found in await ctx.rank(question) if found.chunk.index in gists]
    chosen = state.get("chosen", [])
    # A model that never abstains would name pages, but which is chance: SmolLM2-135M picks a sentence by its number
    # rightly in 2 of 15 cases.
    picks = ctx.model(look_up_role).profile.abstains
    if not (gists and picks and ctx.may_read_on):
        made = Choice(chosen or ranked[: config.pages], settled=True, guessed=0)
    elif config.look_up == "parallel":
        made = await choose(question, gists, ranked, ctx)
    else:
        made = await choose_next(question, gists, ranked, chosen, ctx)
    return {"chosen": made.pages, "settled": made.settled, "guessed": made.guessed}


def next_step(state: State) -> Literal["look_up", "answer"]:
    """Look up until it is settled."""
    return "answer" if state.get("settled") else "look_up"


async def answer(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from the gists, with the chosen pages in full."""
    ctx, question, gists = runtime.context, state["question"], _gists(state)
    warnings = _warnings(state, ctx)
    if not gists:
        return {"reply": "", "evidence": [], "warnings": warnings}
    model = ctx.model(answer_role)
    cap = answer_cap(ctx.config, model.profile)
    room = await room_for(answer_role, model, question, ctx.config)
    shown = await lay_out(ctx, model, gists, state.get("chosen", []), question=question, room=room)
    said = await answer_role(
        model,
        max_tokens=cap,
        seed=ctx.seed,
        stop=stops(model),
        final=True,
        text=shown.text,
        question=question,
        otherwise=otherwise(model),
    )
    pages = await asyncio.to_thread(_rests_on, question, said.value, shown, gists, ctx)
    evidence = [ctx.ref(ctx.chunks[page].span) for page in pages]
    return {"reply": said.value, "evidence": evidence, "warnings": [*warnings, *says_cut(said, model, cap)]}


def _rests_on(question: str, reply: str, shown: Shown, gists: dict[int, str], ctx: Context) -> list[int]:
    """Return the pages that were read in full; if they don't carry the reply, also those whose gists it rests on.

    Where neither are any, the pages whose gists were shown.
    """
    if shown.pages and trace(question, reply, [ctx.chunks[page].span for page in shown.pages]).grounded:
        return list(shown.pages)
    known = [Sourced(text=gists[page], chunks=[page]) for page in shown.gists]
    sentences = attribute(known, reply, chunk=-1, chunk_text="")
    pages = sorted({*shown.pages, *(page for sentence in sentences for page in sentence["chunks"])})
    # Without any evidence a made-up quote would go unmarked.
    return pages or list(shown.gists)


def _gists(state: State) -> dict[int, str]:
    return {kept["page"]: kept["text"] for kept in state.get("gists", [])}


def _warnings(state: State, ctx: Context) -> list[str]:
    warnings, profile = [], ctx.model(gist).profile
    if (cut := state.get("cut", 0)) and profile.abstains:
        cap = gist_cap(ctx.config, profile)
        warnings.append(f"{cut} gists were cut at {cap} tokens; -S gist_tokens=N raises that.")
    if guessed := state.get("guessed", 0):
        which = "A look-up" if guessed == 1 else f"{guessed} look-ups"
        warnings.append(f"{which} could not be read: pages were chosen by the words they share with the question.")
    return warnings


@strategy(
    "read-agent",
    config=ReadAgentConfig,
    summary="keeps a gist of every page for all questions, reads a few pages again: many questions on one document",
    paper="Lee et al. 2024, arXiv 2402.09727",
    agents=(gist, gist_brief, look_up_role, look_on, answer_role),
    chunk_tokens=chunk_tokens,
    # Half full, a page ends with the document's own page: 300 to 600 words of English, where the paper has 280 to 600.
    fill=0.5,
    estimate=estimate,
    cost="n + look-ups + 1 calls for n pages; parallel: depth 3, a look-up for as many gists as fit; "
    "sequential: depth 2 + look-ups, at most `pages` of them",
    reuses="the gists: another question about the same document takes the look-ups and one call",
)
def read_agent() -> StateGraph[State, Context]:
    """Build the graph: write_gist, for each page → look_up, once or one page after the other → answer."""
    graph = StateGraph(State, context_schema=Context)
    read_in_waves(graph, write_gist, then="look_up")
    graph.add_node(look_up)
    graph.add_node(answer)
    graph.add_conditional_edges("look_up", next_step)
    graph.add_edge("answer", END)
    return graph
