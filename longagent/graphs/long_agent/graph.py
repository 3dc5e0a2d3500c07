"""LongAgent: a leader instructs members, which read a chunk each; contradictions are settled by reading two together.

Zhao et al. 2024, arXiv 2402.11550. The leader, which sees no text, writes one instruction for all members; members,
which see no question, answer it side by side, each from its chunk, or refuse. Refusals are dropped, equal answers
clustered. While clusters contradict each other, a chunk of one and a chunk of another are read together, and clusters
that say otherwise are removed. The leader then instructs anew, has contradictions settled, or answers; after the last
round it answers. At most 1 + R(n + c + 2) calls for n chunks, R rounds and c such readings a round.

Departures: nothing is trained, and there is one kind of member; messages are labelled lines, not JSON; answers are
equal that differ in case, articles, punctuation and the form of numbers, or where one holds all content words of the
other, and the leader is asked once a round which of the others mean the same; a reading of two chunks that refuses
withdraws what these two said, so that a cluster stays if others said it too; one that agrees with both makes them one
cluster; one that equals neither rests on both chunks as well, and joins a cluster that says the same; contested are
those first that were least often so far, then those that most chunks say; an instruction that was given before ends the
rounds, and so does `CONFLICT` without a contradiction; an answer is not heard while no member has found anything; a
chunk that cannot be read is counted, and two that cannot be read together leave their clusters as they are; with a
model that never says "not found" as the leader there is none: members are asked the question, for one round, and the
answer is theirs.
"""

from typing import Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from longagent.agents.agent import Said
from longagent.agents.long_agent import Found, Order, aliases, decide, instruct, member, member_brief
from longagent.agents.long_agent import answer as answer_role
from longagent.documents import Span
from longagent.events import Instructed, UnitWritten
from longagent.graphs.long_agent import leading, members
from longagent.graphs.long_agent.answering import answer
from longagent.graphs.long_agent.clusters import Round, apart, cluster
from longagent.graphs.long_agent.config import LongAgentConfig
from longagent.graphs.long_agent.plan import chunk_tokens, estimate, leads, settles
from longagent.graphs.long_agent.state import Reply, State
from longagent.graphs.strategy import Context, strategy
from longagent.graphs.waves import WAVE


class Part(TypedDict):
    """What a member is given: nothing of the question."""

    instruction: str
    round: int
    chunk: int
    """Its index."""


def begin(_state: State, runtime: Runtime[Context]) -> Literal["instruct_members", "answer"]:
    """Without text there is nothing to ask."""
    return "instruct_members" if runtime.context.chunks else "answer"


async def instruct_members(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Have the leader write the first instruction."""
    ctx, question = runtime.context, state["question"]
    said = await leading.first_order(question, ctx) if leads(ctx.model) else Said(Order(question, "one"), cut=False)
    order = said.value if said else Order("")
    return {**await _opened(order, state, ctx, turn=1), "guessed": ["instruction"] if said and said.assumed else []}


async def send_members(state: State, runtime: Runtime[Context]) -> list[Send] | Literal["compare"]:
    """Send the next members off, side by side, while chunks and limits last."""
    ctx, now, first = runtime.context, state["rounds"][-1], state["sent"]
    if first >= len(ctx.chunks) or not ctx.may_read_on:
        return "compare"
    indices = range(first, min(first + WAVE, len(ctx.chunks)))
    parts = (Part(instruction=now["instruction"], round=len(state["rounds"]), chunk=index) for index in indices)
    return [Send("ask_member", part) for part in parts]


async def ask_member(state: Part, runtime: Runtime[Context]) -> dict[str, Any]:
    """Have a member answer from its chunk."""
    ctx, index = runtime.context, state["chunk"]

    async def read(span: Span) -> Said[Found]:
        return await members.ask(state["instruction"], [span], ctx)

    attempt = await ctx.attempt(ctx.chunks[index], read)
    for said in attempt.values:
        if said.value.answer:
            text = f"{said.value.notes}\n{said.value.answer}".strip()
            ctx.emit(UnitWritten(path=state["round"] - 1, chunk=index, text=text))
    return {
        "said": [Reply(round=state["round"], chunk=index, answer=said.value.answer) for said in attempt.values],
        "guessed": ["member" for said in attempt.values if said.assumed],
        "cut": sum(said.cut for said in attempt.values),
        "chunks_read": [index] if attempt.outcome == "read" else [],
        "chunks_failed": [index] if attempt.outcome == "failed" else [],
    }


async def next_wave(state: State, runtime: Runtime[Context]) -> dict[str, int]:
    """Take note that another wave is in."""
    return {"sent": min(state["sent"] + WAVE, len(runtime.context.chunks))}


async def compare(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Drop refusals and cluster what is left; where all answers count, each stands for itself."""
    ctx, number = runtime.context, len(state["rounds"])
    now = state["rounds"][-1]
    replies = [reply for reply in state.get("said", []) if reply["round"] == number]
    replies.sort(key=lambda reply: reply["chunk"])
    answers = [(reply["chunk"], reply["answer"]) for reply in replies if reply["answer"]]
    clusters = apart(answers) if now["gathers"] else cluster(answers)
    guessed = False
    judged = ctx.config.aliases and leads(ctx.model) and not now["gathers"]
    if judged and len(clusters) > 1 and ctx.may_read_on:
        clusters, guessed = await leading.judge_aliases(clusters, now["instruction"], ctx)
    asked = len({reply["chunk"] for reply in replies})
    seen = Round(**{**now, "clusters": clusters, "asked": asked})
    return {"rounds": [*state["rounds"][:-1], seen], "guessed": ["aliases"] if guessed else []}


async def contest(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Settle contradictions, one after the other."""
    ctx, now = runtime.context, state["rounds"][-1]
    if not settles(ctx.config) or now["gathers"] or len(now["clusters"]) < 2 or not ctx.may_read_on:
        return {}
    settled = await members.contest(now, state["turn"], ctx)
    return {"rounds": [*state["rounds"][:-1], settled.round], "undecided": settled.failed}


async def lead(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Have the leader act; after the last round there is one thing left to do."""
    ctx, rounds = runtime.context, state["rounds"]
    config: LongAgentConfig = ctx.config
    last = state["turn"] >= config.rounds or not leads(ctx.model)
    said = None if last or not ctx.may_read_on else await leading.next_action(state["question"], rounds, ctx)
    if said is None:
        return {"then": "answer"}
    now, decision, turn = rounds[-1], said.value, state["turn"] + 1
    if decision.action == "contest" and settles(config) and not now["gathers"] and len(now["clusters"]) > 1:
        return {"then": "contest", "turn": turn}
    if decision.order is not None and _words(decision.order.instruction) not in [
        _words(past["instruction"]) for past in rounds
    ]:
        return {"then": "ask", **await _opened(decision.order, state, ctx, turn=turn)}
    said_cut = bool(decision.answer) and said.cut
    guessed = ["decision"] if said.assumed else []
    return {"then": "answer", "answered": decision.answer, "answer_cut": said_cut, "guessed": guessed}


async def _opened(order: Order, state: State, ctx: Context, *, turn: int) -> dict[str, Any]:
    """Return the state of a round that begins with an instruction."""
    before, question = state.get("rounds", []), state["question"]
    text = await leading.wording(order, question, ctx)
    gathers = leading.gathers(order, text if before else question, ctx.config) and leads(ctx.model)
    ctx.emit(Instructed(round=len(before) + 1, instruction=text))
    new = Round(instruction=text, gathers=gathers, asked=0, clusters=[], rejected=[])
    return {"turn": turn, "sent": 0, "rounds": [*before, new]}


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text.casefold()).split()


async def after_lead(state: State, runtime: Runtime[Context]) -> list[Send] | Literal["compare", "contest", "answer"]:
    """Do what the leader decided."""
    if state["then"] == "ask":
        return await send_members(state, runtime)
    return state["then"]


@strategy(
    "long-agent",
    config=LongAgentConfig,
    summary="members answer a leader's instructions side by side, conflicts are settled: facts in noise, totals, steps",
    paper="Zhao et al. 2024, arXiv 2402.11550",
    agents=(instruct, decide, aliases, answer_role, member, member_brief),
    chunk_tokens=chunk_tokens,
    # Every chunk is a call, and one that ends with a page is found in the cache after another page was edited.
    fill=0.75,
    estimate=estimate,
    cost="at most 1 + R(n + c + 2) calls for n chunks, R rounds and c < n readings of two chunks; depth 1 + R(c + 3)",
    reuses="nothing",
)
def long_agent() -> StateGraph[State, Context]:
    """Build the graph: instruct_members → (ask_member, side by side → compare → contest → lead) … → answer."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("ask_member", ask_member, input_schema=Part)
    for node in (instruct_members, next_wave, compare, contest, lead, answer):
        graph.add_node(node)
    graph.add_conditional_edges(START, begin)
    graph.add_conditional_edges("instruct_members", send_members, ["ask_member", "compare"])
    graph.add_edge("ask_member", "next_wave")
    graph.add_conditional_edges("next_wave", send_members, ["ask_member", "compare"])
    graph.add_edge("compare", "contest")
    graph.add_edge("contest", "lead")
    graph.add_conditional_edges("lead", after_lead, ["ask_member", "compare", "contest", "answer"])
    graph.add_edge("answer", END)
    return graph
