"""A strategy as a third party might write it, and ways to write it wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from operator import add
from typing import Annotated, Any, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from longagent.agents.answering import answer_from_passages, otherwise
from longagent.agents.chain_of_agents import manager, worker
from longagent.documents import Chunk, Span
from longagent.errors import ContentRefusedError, ModelError
from longagent.graphs.strategy import Context, Estimate, Plan, Planned, Strategy, StrategyState, strategy

_CAP = 64
_numbers = count()


@dataclass(frozen=True)
class ToyConfig:
    """No settings."""


class ToyState(StrategyState):
    """Adds what was noted, and which chunks it was noted from."""

    position: NotRequired[int]
    notes: NotRequired[Annotated[list[str], add]]
    sources: NotRequired[Annotated[list[int], add]]
    extra: NotRequired[Any]


def toy(defect: str = "") -> Strategy:  # noqa: C901 - a branch for each way to be wrong
    """Build a strategy that has each chunk answer the question, and the chunks that could answer together once more.

    `a note` is no defect: then one of the first answers is taken as it is.
    """

    async def read(state: ToyState, runtime: Runtime[Context]) -> dict[str, Any]:
        ctx = runtime.context
        position = state.get("position", 0)
        chunk = ctx.chunks[position]
        agent = worker if defect == "unlisted role" else answer_from_passages
        model = ctx.models.default if defect in ("past the limits", "default model") else ctx.model(agent)
        if defect == "default model":
            model = ctx.calls.model(model)

        async def ask(span: Span) -> str:
            said = await agent(
                model,
                max_tokens=_CAP,
                sample=next(_numbers) if defect == "never the same" else position,
                passages=ctx.delimiters.passages([span]),
                summary="",
                question=state["question"],
                otherwise="",
            )
            return said.value

        if defect == "error ends the run":
            values, outcome = [await ask(chunk.span)], "read"
        elif defect == "error is nothing":
            try:
                values, outcome = [await ask(chunk.span)], "read"
            except ModelError as error:
                values, outcome = [], "read"
                if not isinstance(error, ContentRefusedError):
                    raise
        else:
            attempt = await ctx.attempt(chunk, ask)
            values, outcome = attempt.values, attempt.outcome
        found = [value for value in values if "found" not in value]
        update: dict[str, Any] = {
            "position": len(ctx.chunks) if outcome == "unread" else position + 1,
            "notes": found,
            "sources": [position] if found else [],
            "chunks_read": [position] if outcome == "read" else [],
            "chunks_failed": [position] if outcome == "failed" else [],
        }
        if defect == "text in state":
            update["extra"] = chunk.text
        if defect == "no json":
            update["extra"] = ("a tuple",)
        return update

    def more(state: ToyState, runtime: Runtime[Context]) -> str:
        left = state.get("position", 0) < len(runtime.context.chunks)
        return "read" if left and runtime.context.may_read_on else "answer"

    async def answer(state: ToyState, runtime: Runtime[Context]) -> dict[str, Any]:
        ctx = runtime.context
        if not state.get("notes") and not state.get("chunks_read"):
            return {"reply": ""}
        spans = [ctx.chunks[index].span for index in state.get("sources", [])]
        padding = "Take your time. " * (2000 if defect == "more tokens" else 0)
        if defect in ("no final call", "a note", "a note, if all was read"):
            all_read = len(state.get("chunks_read", [])) == len(ctx.chunks)
            note = (state.get("notes") or [""])[-1] if all_read or not defect.endswith("all was read") else ""
            return {"reply": note, "evidence": [ctx.ref(span) for span in spans]}
        said = await manager(
            ctx.model(manager),
            max_tokens=_CAP,
            final=defect != "final unmarked",
            summary="\n".join(state.get("notes", [])) + padding,
            question=state["question"],
            otherwise=otherwise(ctx.model(manager)),
        )
        return {
            "reply": said.value,
            "evidence": [] if defect == "no evidence" else [ctx.ref(span) for span in spans],
            "partial": defect == "always partial",
        }

    async def chunk_tokens(_plan: Plan) -> int:
        return 300

    async def estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
        n = len(chunks) + (defect == "one call too many")
        final = 0 if defect == "answer is free" else 1
        tokens = 600 if defect != "fewer tokens" else 100
        reading = Planned(answer_from_passages, n, n * tokens, n * _CAP)
        if defect.startswith("a note"):
            return Estimate(planned=(reading,), depth=n, worded_by=answer_from_passages)
        worded_by = answer_from_passages if defect == "worded twice" else None
        writing = Planned(manager, final, 500, _CAP, final=True)
        return Estimate(planned=(reading, writing), depth=n + 1, worded_by=worded_by)

    def build() -> "StateGraph[ToyState, Context]":
        graph = StateGraph(ToyState, context_schema=Context)
        graph.add_node(read)
        graph.add_node(answer)
        graph.add_conditional_edges(START, more, ["read", "answer"])
        graph.add_conditional_edges("read", more, ["read", "answer"])
        graph.add_edge("answer", END)
        return graph

    made = strategy(
        "toy",
        config=ToyConfig,
        summary="for tests",
        agents=(answer_from_passages, manager),
        chunk_tokens=chunk_tokens,
        estimate=estimate,
    )
    return made(build)
