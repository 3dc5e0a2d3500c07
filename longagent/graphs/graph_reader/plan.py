"""How the windows of those who walk the graph are shared, and what a question will take."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, NamedTuple

from longagent.agents.agent import Agent
from longagent.agents.graph_reader import (
    answer,
    answer_brief,
    at_chunk,
    at_facts,
    at_neighbours,
    note_brief,
    otherwise,
    start,
)
from longagent.agents.graph_reader import plan as plan_role
from longagent.documents import Chunk
from longagent.errors import WindowTooSmallError
from longagent.graphs.graph_reader.config import GraphReaderConfig
from longagent.graphs.graph_reader.index_plan import steady
from longagent.graphs.graph_reader.indexing import index_chunk_tokens, index_planned
from longagent.graphs.room import chunk_room, prompt_tokens, window_of
from longagent.graphs.strategy import Estimate, Plan, Planned
from longagent.llm.model import Model, Profile

LINE = 12
"""Tokens of a node's name and the line's end, on average, that lists of nodes have room for."""
BRIEF_READS = 2
"""Passages that an explorer reads of a model that never abstains."""
START_NODES = 10
"""That are asked for, at least."""

_USUAL_NODE = 2000
_BLOCK = 28
"""Tokens of the lines around what a model wrote."""
_LEAST_SHARE = 48
"""Tokens of a notebook before the answer, at least."""
_HINT = "Raise --window or -S window=N, lower -S chunk_tokens=N or -S notebook_tokens=N, or shorten the question."


class Caps(NamedTuple):
    """Tokens that texts of an explorer may have."""

    plan: int
    actions: int
    notebook: int
    turn: int
    """Of its reply."""
    start: int
    """Of the reply that names start nodes."""

    @property
    def carried(self) -> int:
        """What stands in every prompt of an explorer, lines around it included."""
        return self.plan + self.actions + self.notebook + 3 * _BLOCK


def caps(config: GraphReaderConfig, profile: Profile) -> Caps:
    """Return how long texts may be; in small windows all are shorter, so that a passage fits beside them."""
    window = window_of(profile, config.window)
    usual = min(512, window // 10) if profile.abstains else BRIEF_READS * (note_cap(config, profile) + 4)
    notebook = config.notebook_tokens or usual
    return Caps(
        plan=min(256, window // 20),
        actions=min(192, window // 24),
        notebook=notebook,
        turn=notebook + min(96, window // 16),
        start=min(512, window // 4),
    )


def brief(model_of: Callable[[Agent[Any]], Model]) -> bool:
    """Whether explorers are played by a model that never abstains: then code leads them, and they note a sentence."""
    return not model_of(note_brief).profile.abstains


def plans(model_of: Callable[[Agent[Any]], Model]) -> bool:
    """Whether a model plans and chooses start nodes."""
    return all(model_of(role).profile.abstains for role in (plan_role, start)) and not brief(model_of)


def note_cap(config: GraphReaderConfig, profile: Profile) -> int:
    """Return how long a note may be of a model that never abstains."""
    return config.notebook_tokens or profile.reply_tokens or 50


def answer_cap(config: GraphReaderConfig, profile: Profile) -> int:
    """Return how long the answer may be, with the analysis before it."""
    return config.answer_tokens or profile.reply_tokens or min(512, window_of(profile, config.window) // 8)


def answer_for(model_of: Callable[[Agent[Any]], Model]) -> Agent[str]:
    """Return who answers."""
    return answer if model_of(answer).profile.abstains else answer_brief


def words(tokens: int) -> str:
    """Return how many words to ask for, so that a cap is hardly ever reached."""
    return str(max(10, tokens * 3 // 5))


async def chunk_tokens(plan: Plan) -> int:
    """Return the length of chunks. The question must not matter: with other chunks the index would be of no use to it.

    Raises:
        WindowTooSmallError: prompts and what explorers carry leave no room for a chunk.
    """
    config: GraphReaderConfig = plan.config
    role = note_brief if brief(plan.model) else at_chunk
    model = plan.model(role)
    # What a question usually takes; a longer one is refused where chunks do not fit beside it.
    usual = window_of(model.profile, config.window) // 16
    room = await room_for(role, model, "", config) - usual
    if room < 1:
        room = await room_for(role, model, "", config)
    room = min(room, model.profile.reading_tokens or room)
    return max(1, min(await index_chunk_tokens(plan), steady(room / 1.05 / await plan.scale(model))))


async def room_for(role: Agent[Any], model: Model, question: str, config: GraphReaderConfig) -> int:
    """Return the tokens a role has for what it is to read: a passage, facts, names of nodes, notebooks.

    Raises:
        WindowTooSmallError: hardly any.
    """
    cap, profile = caps(config, model.profile), model.profile
    kept = {
        start.name: cap.plan + _BLOCK + cap.start,
        note_brief.name: note_cap(config, profile),
        answer.name: answer_cap(config, profile),
        answer_brief.name: answer_cap(config, profile),
    }.get(role.name, cap.carried + cap.turn)
    return chunk_room(
        "graph-reader",
        window_of(profile, config.window),
        prompt=await _beside(role, model, question),
        kept=kept,
        kept_for="plan, notebook and reply",
        hint=_HINT,
    )


def node_cap(config: GraphReaderConfig, room: int) -> int:
    """Return the tokens that the facts of a node may take."""
    return min(room, config.node_tokens or _USUAL_NODE)


def names_cap(config: GraphReaderConfig, room: int) -> int:
    """Return the tokens that names of neighbours may take."""
    return min(room, config.neighbours * LINE)


def most_lists(config: GraphReaderConfig, room: int) -> int:
    """Return in how many lists nodes are shown to choose from, at most."""
    return ceil(config.candidates * LINE / room)


def share(config: GraphReaderConfig, room: int) -> int:
    """Return the tokens of a notebook before the answer.

    Raises:
        WindowTooSmallError: the notebooks of so many explorers do not fit.
    """
    each = room // config.agents - _BLOCK
    if each < _LEAST_SHARE:
        raise WindowTooSmallError(
            f"graph-reader: {config.agents} notebooks do not fit before the answer, which leaves {room} tokens.",
            hint="Lower -S agents=N, raise --window or -S window=N, or lower -S answer_tokens=N.",
        )
    return each


async def estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    """Count the calls at most: explorers stop when they have what they need. Those of the index exactly.

    Raises:
        WindowTooSmallError: a chunk or the notebooks do not fit beside the question.
    """
    index = await index_planned(plan, chunks)
    ahead = await _ahead(plan) if plans(plan.model) else []
    walking, waits = await _walking(plan, chunks)
    depth = bool(index.calls) + len(ahead) + waits + 1
    return Estimate(planned=(index, *ahead, walking, await _final(plan)), depth=depth, exact=False)


async def _ahead(plan: Plan) -> list[Planned]:
    """Plan the calls before the walk."""
    config, question = plan.config, plan.question.strip()
    model = plan.model(plan_role)
    cap = caps(config, model.profile)
    planning = Planned(plan_role, 1, await _beside(plan_role, model, question), cap.plan)
    _check(planning.prompt_tokens + cap.plan, window_of(model.profile, config.window), "the plan")
    room = await room_for(start, model, question, config)
    calls, each = most_lists(config, room), await _beside(start, model, question) + cap.plan + 2 * _BLOCK
    prompts = calls * each + min(calls * room, config.candidates * LINE)
    return [planning, Planned(start, calls, prompts, calls * cap.start)]


async def _walking(plan: Plan, chunks: Sequence[Chunk]) -> tuple[Planned, int]:
    """Plan the steps of all explorers, and tell how many wait for each other."""
    config, question = plan.config, plan.question.strip()
    model = plan.model(at_chunk)
    longest = ceil(max((chunk.tokens for chunk in chunks), default=0) * await plan.scale(model) * 1.05)
    cap = caps(config, model.profile)
    if brief(plan.model):
        _check(longest, await room_for(note_brief, model, question, config), "a chunk")
        steps = min(config.steps, BRIEF_READS)
        prompt, reply = await _beside(note_brief, model, question) + longest, note_cap(config, model.profile)
        return Planned(
            note_brief, config.agents * steps, config.agents * steps * prompt, config.agents * steps * reply
        ), steps
    rooms = {role: await room_for(role, model, question, config) for role in (at_facts, at_chunk, at_neighbours)}
    _check(longest, rooms[at_chunk], "a chunk")
    shown = {
        at_facts: node_cap(config, rooms[at_facts]),
        at_chunk: longest,
        at_neighbours: names_cap(config, rooms[at_neighbours]),
    }
    prompt = max([await _beside(role, model, question) + cap.carried + tokens for role, tokens in shown.items()])
    calls = config.agents * config.steps
    return Planned(at_chunk, calls, calls * prompt, calls * cap.turn), config.steps


async def _final(plan: Plan) -> Planned:
    config, role = plan.config, answer_for(plan.model)
    model = plan.model(role)
    room = await room_for(role, model, plan.question.strip(), config)
    share(config, room)
    cap = caps(config, plan.model(at_chunk).profile).notebook
    # Notebooks are cut to their shares where a reader counts more tokens than their writer.
    notebooks = min(room, config.agents * (2 * cap + _BLOCK))
    prompt = await _beside(role, model, plan.question) + notebooks
    return Planned(role, 1, prompt, answer_cap(config, model.profile), final=True)


async def _beside(role: Agent[Any], model: Model, question: str) -> int:
    """Return the tokens of a role's prompt without what it reads and carries."""
    empty = dict.fromkeys(("passages", "facts", "names", "nodes", "notebooks", "plan", "actions", "notebook"), "")
    values = {"words": "1000", "least": str(START_NODES), "otherwise": otherwise(model)}
    return await prompt_tokens(role, model, question=question, **empty, **values)


def _check(needed: int, room: int, what: str) -> None:
    if needed > room:
        raise WindowTooSmallError(
            f"graph-reader: {what} of {needed} tokens does not fit beside the question, which leaves room for {room}.",
            hint=_HINT,
        )
