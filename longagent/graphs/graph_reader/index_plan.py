"""Who indexes, how long chunks and lists of facts are, and what indexing will take."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from longagent.agents.agent import Agent
from longagent.agents.graph_reader import facts
from longagent.documents import Chunk
from longagent.graphs.graph_reader.config import GraphReaderConfig
from longagent.graphs.graph_reader.entries import entry_key
from longagent.graphs.room import chunk_room, prompt_tokens, window_of
from longagent.graphs.strategy import Plan, Planned
from longagent.llm.model import Model, Profile

_USUAL_CHUNK = 2000
_LONGEST_FACTS = 1024


def form_of(config: GraphReaderConfig, model_of: Callable[[Agent[Any]], Model]) -> Literal["model", "code"]:
    """Return who reads the facts; a model that never abstains writes lists that have little to do with the text."""
    if config.index != "auto":
        return config.index
    return "model" if model_of(facts).profile.abstains else "code"


def facts_cap(config: GraphReaderConfig, profile: Profile) -> int:
    """Return how long the facts of a chunk may be. It depends on nothing but the model, so that they serve all."""
    return config.facts_tokens or min(_LONGEST_FACTS, window_of(profile, config.window) // 4)


def words_for(cap: int) -> str:
    """Return how many words to ask for, so that the cap is hardly ever reached."""
    return str(max(20, cap // 2))


async def index_chunk_tokens(plan: Plan) -> int:
    """Return the length of chunks, as far as indexing decides it.

    The question does not matter: with other chunks the index would be of no use to it.

    Raises:
        WindowTooSmallError: prompt and facts leave no room for a chunk.
    """
    config: GraphReaderConfig = plan.config
    usual = config.chunk_tokens or _USUAL_CHUNK
    if form_of(config, plan.model) == "code":
        return usual
    model = plan.model(facts)
    cap = facts_cap(config, model.profile)
    room = chunk_room(
        "graph-reader",
        window_of(model.profile, config.window),
        prompt=await prompt_tokens(facts, model, passages="", words=words_for(cap)),
        kept=cap,
        kept_for="the facts of a chunk",
        hint="Raise --window or -S window=N, or lower -S facts_tokens=N.",
    )
    most = min(room, model.profile.reading_tokens or room)
    return max(1, min(usual, steady(most / await plan.scale(model))))


def steady(tokens: float) -> int:
    """Return the length of a chunk that a window bounds, rounded down by at most a sixteenth.

    How a model's tokens compare with ours is measured on the text: an edit changes it a little. Exact lengths would
    cut the other pages anew with it, and their index would be lost.
    """
    step = 1 << max(0, int(tokens).bit_length() - 5)
    return int(tokens) // step * step


async def index_planned(plan: Plan, chunks: Sequence[Chunk]) -> Planned:
    """Plan the calls that index what is not in the index store yet: exact, and none where code indexes."""
    config: GraphReaderConfig = plan.config
    if form_of(config, plan.model) == "code":
        return Planned(facts, 0, 0, 0, shared=True)
    model = plan.model(facts)
    cap = facts_cap(config, model.profile)
    missing = await _missing(plan, model, chunks, cap)
    n = len(missing)
    total = int(sum(chunk.tokens for chunk in missing) * await plan.scale(model) * 1.05)
    prompt = await prompt_tokens(facts, model, passages="", words=words_for(cap))
    return Planned(facts, n, total + n * prompt, n * cap, shared=True)


async def _missing(plan: Plan, model: Model, chunks: Sequence[Chunk], cap: int) -> list[Chunk]:
    if plan.index is None or not model.profile.identity:
        return [*chunks]
    keys = [entry_key(chunk.search_text, model, cap=cap) for chunk in chunks]
    there = await plan.index.get_many(keys)
    return [chunk for chunk, key in zip(chunks, keys, strict=True) if key not in there]
