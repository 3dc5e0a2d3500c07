"""What a leader is shown: its instructions and what members answered, with chunks and pages; never text."""

from collections.abc import Sequence
from typing import NamedTuple

from longagent.graphs.long_agent.clusters import Cluster, Round
from longagent.graphs.room import DELIMITERS
from longagent.graphs.strategy import Context
from longagent.llm.model import Model

_PLACES = 4
"""Chunks named of an answer."""
_SHORTEST = 8
"""Tokens of a line below which it is left out."""


class Shown(NamedTuple):
    """Lines as they stand in a prompt."""

    text: str
    left_out: int
    """Answers that did not fit."""


async def lay_out(rounds: Sequence[Round], room: int, model: Model, ctx: Context) -> Shown:
    """Return the history, as much of it as fits: the last round first, and of a round what most chunks say.

    Args:
        rounds: so far.
        room: tokens.
        model: counts them.
        ctx: of the run.
    """
    lines: dict[tuple[int, int], str] = {}
    left, left_out = room - DELIMITERS, 0
    for number in reversed(range(len(rounds))):
        clusters = rounds[number]["clusters"]
        texts = {0: _head(number + 1, rounds[number])}
        texts |= {index + 1: f"{index + 1}. {_said(clusters[index], ctx)}" for index in by_weight(clusters)}
        for index, text in texts.items():
            line = await clip(text, min(left, room // 2), model)
            if line:
                lines[number, index] = line
                left -= await model.count_tokens(f"{line}\n")
            else:
                left_out += index > 0
    text = "\n".join(lines[place] for place in sorted(lines))
    return Shown(ctx.delimiters.block("answers", text), left_out)


async def listed(answers: Sequence[str], room: int, model: Model, ctx: Context) -> Shown:
    """Return answers numbered from 1, as many as fit."""
    lines: list[str] = []
    left = room - DELIMITERS
    for number, answer in enumerate(answers, start=1):
        line = await clip(f"{number}. {answer}", min(left, room // 4), model)
        if not line:
            break
        lines.append(line)
        left -= await model.count_tokens(f"{line}\n")
    return Shown(ctx.delimiters.block("answers", "\n".join(lines)), len(answers) - len(lines))


def by_weight(clusters: Sequence[Cluster]) -> list[int]:
    """Return the indices of clusters, those with most chunks first."""
    return sorted(range(len(clusters)), key=lambda index: -len(clusters[index]["chunks"]))


async def clip(text: str, budget: int, model: Model) -> str:
    """Return a text cut at its end to a budget of tokens; nothing where hardly anything would be left."""
    if budget < _SHORTEST:
        return ""
    # A line is followed by another.
    while (tokens := await model.count_tokens(f"{text}\n")) > budget and len(text) > 1:
        text = text[: max(1, int(len(text) * budget / tokens * 0.95))]
    return text


def _head(number: int, past: Round) -> str:
    standing = {chunk for one in past["clusters"] for chunk in one["chunks"]}
    # An answer that two chunks gave together stands for one that was rejected, and rests on its chunks.
    rejected = {chunk for rival in past["rejected"] for chunk in rival["chunks"]} - standing
    silent = past["asked"] - len(standing) - len(rejected)
    found = f"{past['asked']} members replied, {silent} of them found nothing."
    if rejected:
        found += f" {len(rejected)} others gave answers that did not stand when two parts were read together."
    return f"Round {number}. Your instruction: {past['instruction']}\n{found}"


def _said(one: Cluster, ctx: Context) -> str:
    first, *others = one["answers"]
    also = f" (also said: {'; '.join(others)})" if others else ""
    places = [_place(index, ctx) for index in one["chunks"][:_PLACES]]
    more = len(one["chunks"]) - len(places)
    return f"{first}{also} [{'; '.join(places)}{f'; and {more} more' if more else ''}]"


def _place(index: int, ctx: Context) -> str:
    span = ctx.chunks[index].span
    unit = "page" if span.document.paged else "section"
    pages = f"{unit} {span.page}" if span.page == span.page_end else f"{unit}s {span.page}-{span.page_end}"
    return f"chunk {index + 1}, {pages}"
