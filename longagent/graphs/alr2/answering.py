"""The call that reasons: from retrieved sentences to the answer."""

from collections.abc import Sequence
from typing import NamedTuple

from longagent.agents.alr2 import otherwise, reason, reason_brief, reason_in_context
from longagent.graphs.alr2.config import Alr2Config
from longagent.graphs.alr2.evidence import Sentence, context_of, listed, merged, that_fit
from longagent.graphs.alr2.plan import caps, reasoner_for, reasoning_room
from longagent.graphs.reading import says_cut, stops
from longagent.graphs.room import DELIMITERS
from longagent.graphs.state import SpanRef
from longagent.graphs.strategy import Context


class Answered(NamedTuple):
    """The answer, and what it rests on."""

    reply: str
    evidence: list[SpanRef]
    warnings: list[str]


async def answer_from(found: Sequence[Sentence], question: str, ctx: Context) -> Answered:
    """Answer from sentences in the order of the text: from all, or from those that match the question best and fit."""
    config: Alr2Config = ctx.config
    role = reasoner_for(config, ctx.model)
    model, brief = ctx.model(role), role is reason_brief
    room, cap = await reasoning_room(ctx, question), caps(config, model.profile).answer
    # Each passage has its own lines around it.
    shown = await that_fit(found, room, model, ctx, question=question, beside=DELIMITERS if brief else 0)
    if brief:
        passages = merged(shown, ctx)
    elif role is reason_in_context:
        room -= await model.count_tokens(listed(shown, ctx))
        passages = await context_of(shown, room, model, ctx, question=question)
        # The prompt with passages would be odd without any.
        role = role if passages else reason
    else:
        passages = []
    said = await role(
        model,
        max_tokens=cap,
        seed=ctx.seed,
        stop=stops(model),
        final=True,
        passages=ctx.delimiters.passages(passages),
        evidence=ctx.delimiters.block("sentences", listed(shown, ctx)),
        question=question,
        otherwise=otherwise(model, marked=config.check == "mark"),
    )
    left_out = len(found) - len(shown)
    warnings = [f"Sentences left out, because there was no room before the answer: {left_out}."] if left_out else []
    evidence = [*(each["place"] for each in shown), *(ctx.ref(span) for span in passages if not brief)]
    return Answered(said.value, evidence, [*warnings, *says_cut(said, model, cap)])
