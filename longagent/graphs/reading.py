"""What strategies that answer from passages in one call share: their state, their room, and the answering node."""

from typing import Annotated, Any

from langgraph.runtime import Runtime
from pydantic import Field

from longagent.agents.answering import answer_from_passages, otherwise
from longagent.agents.passages import render_passages
from longagent.documents import Span
from longagent.events import ChunksRead
from longagent.graphs.room import Room, share_window
from longagent.graphs.strategy import Context, StrategyState

Positive = Annotated[int, Field(gt=0)]
"""A setting that counts something."""


class AnswerState(StrategyState):
    """Adds the reply's cap, settled when the document's share is."""

    reply_tokens: int


def render_one(span: Span) -> str:
    """Render a span as it will stand in the prompt, for counting."""
    return render_passages([span]) + "\n\n"


async def prompt_room(ctx: Context, question: str, reply: int | None) -> Room:
    """Share the model's window between this question's prompt, the document and the reply."""
    values = {"passages": "", "question": question, "otherwise": otherwise(ctx.model)}
    overhead = await answer_from_passages.overhead(ctx.model, **values)
    profile = ctx.model.profile
    return share_window(profile.window, prompt=overhead, reply=reply or profile.reply_tokens)


async def answer(state: AnswerState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Answer from the selected text."""
    ctx = runtime.context
    said = await answer_from_passages(
        ctx.model,
        max_tokens=state["reply_tokens"],
        seed=ctx.seed,
        stop=() if ctx.model.profile.reply_tokens is None else ("\n\n",),
        passages=render_passages([ctx.span(ref) for ref in state["evidence"]]),
        question=state["question"],
        otherwise=otherwise(ctx.model),
    )
    ctx.emit(ChunksRead(chunks=tuple(state["chunks_read"])))
    warnings = state["warnings"]
    # A model whose profile caps its replies rambles on anyway; nothing is lost there.
    if said.cut and ctx.model.profile.reply_tokens is None:
        warnings = [*warnings, f"The answer was cut at {state['reply_tokens']} tokens; -S answer_tokens=N raises that."]
    return {"reply": said.value, "warnings": warnings}
