"""How a member's window is shared between two chunks, and what a question will take."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from longagent.agents.agent import Agent
from longagent.agents.long_agent import Found, aliases, answer, decide, instruct, member, member_brief, otherwise
from longagent.documents import Chunk
from longagent.graphs.long_agent.config import LongAgentConfig
from longagent.graphs.room import DELIMITERS, as_read_by, chunk_room, prompt_tokens, window_of
from longagent.graphs.strategy import Estimate, Plan, Planned
from longagent.llm.model import Model, Profile

INSTRUCTION = 128
"""Tokens of an instruction; what is longer is cut."""
ALIASES = 128
"""Cap of what the leader says of aliases: some numbers."""

_LONGEST = 512
_LEAST_CHUNK = 128
_LINE = 64
"""Tokens around an answer in the history: its number, its chunks and pages."""

ModelOf = Callable[[Agent[Any]], Model]


def leads(model_of: ModelOf) -> bool:
    """Whether there is a leader. A model that never says "not found" neither splits a question nor weighs answers."""
    return model_of(instruct).profile.abstains


def member_for(model_of: ModelOf) -> Agent[Found]:
    """Return who reads a chunk; a model that never says "not found" is asked for a sentence."""
    return member if model_of(member).profile.abstains else member_brief


def member_cap(config: LongAgentConfig, profile: Profile) -> int:
    """Return how long a member's reply may be."""
    usual = profile.reply_tokens or min(_LONGEST, window_of(profile, config.window) // 8)
    return config.member_tokens or usual


def answer_cap(config: LongAgentConfig, profile: Profile) -> int:
    """Return how long the leader's answer may be."""
    return config.answer_tokens or profile.reply_tokens or min(_LONGEST, window_of(profile) // 8)


def decision_cap(config: LongAgentConfig, profile: Profile) -> int:
    """Return how long the leader's decision may be, which holds an answer or an instruction."""
    return INSTRUCTION + answer_cap(config, profile)


def settles(config: LongAgentConfig) -> bool:
    """Whether two chunks may have to be read together."""
    return config.conflicts and config.gather != "always"


async def room_for(role: Agent[Any], model: Model, question: str, config: LongAgentConfig) -> int:
    """Return the tokens of answers that a leader's prompt has room for.

    Raises:
        WindowTooSmallError: hardly any.
    """
    final = role is answer
    cap = answer_cap(config, model.profile) if final else decision_cap(config, model.profile)
    return chunk_room(
        "long-agent",
        window_of(model.profile),
        prompt=await _leader_prompt(role, model, question),
        kept=ALIASES if role is aliases else cap,
        kept_for="the leader's reply",
        hint="Raise --window, lower -S answer_tokens=N, or shorten the question.",
    )


async def chunk_tokens(plan: Plan) -> int:
    """Return the length of chunks: two of them, an instruction and a reply fit a member's window.

    Raises:
        WindowTooSmallError: they would be too short.
    """
    config: LongAgentConfig = plan.config
    role = member_for(plan.model)
    model = plan.model(role)
    second = DELIMITERS + _LEAST_CHUNK if settles(config) else 0
    room = chunk_room(
        "long-agent",
        window_of(model.profile, config.window),
        prompt=await _member_prompt(plan, role),
        kept=member_cap(config, model.profile) + second,
        kept_for="a reply and a second chunk" if second else "a reply",
        hint="Raise --window or -S window=N, use -S conflicts=false, or shorten the question.",
    )
    each = (room + _LEAST_CHUNK) // 2 if second else room
    # Only few readings are of two chunks; were those as long as a model reads well, there were twice as many chunks.
    return max(1, int(min(each, model.profile.reading_tokens or each) / await plan.scale(model)))


async def estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    """Count calls and tokens, at most: rounds may end early, and answers agree.

    Raises:
        WindowTooSmallError: question and answers do not fit before the leader.
    """
    config: LongAgentConfig = plan.config
    led, n = leads(plan.model), len(chunks)
    rounds = config.rounds if led else 1
    merges = min(config.max_merges, max(0, n - 1)) if settles(config) else 0
    members = await _members(plan, chunks, rounds, merges)
    if not led:
        return Estimate(planned=(members,), depth=min(n, 1) + merges, exact=not merges, worded_by=members.agent)
    shown = await _shown(plan, rounds * n)
    first = Planned(instruct, 1, await _leader_prompt(instruct, plan.model(instruct), plan.question), INSTRUCTION)
    judging = rounds if config.aliases and config.gather != "always" and n > 1 else 0
    final = await _led(plan, answer, 1, shown)
    leading = first.plus(await _led(plan, decide, rounds - 1, shown)).plus(await _led(plan, aliases, judging, shown))
    depth = 1 + rounds * (2 + merges) + judging
    return Estimate(planned=(members, leading, final._replace(final=True)), depth=depth, exact=False)


async def _members(plan: Plan, chunks: Sequence[Chunk], rounds: int, merges: int) -> Planned:
    role = member_for(plan.model)
    model, n = plan.model(role), len(chunks)
    scale = await plan.scale(model) * 1.05
    total = int(sum(chunk.tokens for chunk in chunks) * scale)
    longest = ceil(max((chunk.tokens for chunk in chunks), default=0) * scale)
    prompt, cap = await _member_prompt(plan, role), member_cap(plan.config, model.profile)
    calls = rounds * (n + merges)
    both = rounds * merges * (2 * longest + DELIMITERS)
    return Planned(role, calls, rounds * total + both + calls * prompt, calls * cap)


async def _led(plan: Plan, role: Agent[Any], calls: int, shown: int) -> Planned:
    config, model = plan.config, plan.model(role)
    room = await room_for(role, model, plan.question, config)
    prompt = await _leader_prompt(role, model, plan.question) + min(room, shown)
    cap = answer_cap(config, model.profile) if role is answer else decision_cap(config, model.profile)
    return Planned(role, calls, calls * prompt, calls * (ALIASES if role is aliases else cap))


async def _shown(plan: Plan, answers: int) -> int:
    """Return the tokens of so many answers as the leader is shown them, at most."""
    model, writer = plan.model(decide), plan.model(member)
    line = _LINE + as_read_by(model, member_cap(plan.config, writer.profile), writer=writer)
    config: LongAgentConfig = plan.config
    heads = config.rounds * (_LINE + max(INSTRUCTION, await model.count_tokens(plan.question)))
    return DELIMITERS + heads + answers * line


async def _member_prompt(plan: Plan, role: Agent[Found]) -> int:
    """Return the tokens of a member's prompt; the question takes the place of an instruction that cannot be read."""
    model = plan.model(role)
    longest = as_read_by(model, INSTRUCTION, writer=plan.model(instruct)) if leads(plan.model) else 0
    empty = await prompt_tokens(role, model, passages="", instruction="", question="", otherwise="")
    return empty + max(longest, await model.count_tokens(plan.question))


async def _leader_prompt(role: Agent[Any], model: Model, question: str) -> int:
    values = {"history": "", "answers": "", "instruction": question, "question": question}
    tokens = await prompt_tokens(role, model, **values, otherwise=otherwise(model))
    return tokens + (INSTRUCTION if role is aliases else 0)
