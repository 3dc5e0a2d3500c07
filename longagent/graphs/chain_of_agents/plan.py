"""How a worker's window is shared, and what a chain will take."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from longagent.agents.agent import Agent
from longagent.agents.chain_of_agents import (
    judge,
    manager,
    manager_code,
    manager_summary,
    otherwise,
    pass_on,
    worker,
    worker_brief,
    worker_code,
    worker_summary,
)
from longagent.documents import Chunk
from longagent.errors import WindowTooSmallError
from longagent.graphs.chain_of_agents.config import ChainConfig
from longagent.graphs.room import DELIMITERS, as_read_by, chunk_room, prompt_tokens, window_of
from longagent.graphs.strategy import Estimate, Plan, Planned
from longagent.llm.model import Model, Profile

WORKERS = {"qa": worker, "summary": worker_summary, "code": worker_code}
MANAGERS = {"qa": manager, "summary": manager_summary, "code": manager_code}

_LONGEST_UNIT = 1024
_BRIEF_UNIT = 50
"""One sentence, for models that read only little well."""


def worker_for(config: ChainConfig, model_of: Callable[[Agent[Any]], Model]) -> Agent[str]:
    """Return the worker for a task; a model that never says "nothing found" is asked for a sentence, not a summary."""
    role = WORKERS[config.task]
    return worker_brief if role is worker and not model_of(worker_brief).profile.abstains else role


class Caps(NamedTuple):
    """Tokens a reply may have."""

    unit: int
    answer: int


def caps(config: ChainConfig, profile: Profile) -> Caps:
    """Return how long units and answers may be."""
    usual = min(_LONGEST_UNIT if profile.abstains else _BRIEF_UNIT, window_of(profile, config.window) // 8)
    unit = config.unit_tokens or usual
    return Caps(unit, config.answer_tokens or profile.reply_tokens or min(_LONGEST_UNIT, max(unit, usual)))


async def chunk_tokens(plan: Plan) -> int:
    """Return the length of chunks: what prompt, question, incoming and outgoing unit leave of the window.

    Raises:
        WindowTooSmallError: that is too little.
    """
    config: ChainConfig = plan.config
    role = worker_for(config, plan.model)
    model = plan.model(role)
    room = chunk_room(
        "chain-of-agents",
        window_of(model.profile, config.window),
        prompt=await _prompt(role, model, plan.question),
        kept=2 * caps(config, model.profile).unit,
        kept_for="two summaries",
        hint="Raise --window or -S window=N, lower -S unit_tokens=N, or shorten the question.",
    )
    return max(1, int(min(room, model.profile.reading_tokens or room) / await plan.scale(model)))


async def estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    """Count the calls, which is exact, and their tokens at most.

    Raises:
        WindowTooSmallError: units and answer do not fit before who writes it.
    """
    config: ChainConfig = plan.config
    role, n, chains = worker_for(config, plan.model), len(chunks), config.chains
    model = plan.model(role)
    unit = caps(config, model.profile).unit
    total = int(sum(chunk.tokens for chunk in chunks) * await plan.scale(model) * 1.05)
    prompt = await _prompt(role, model, plan.question)
    reading = Planned(role, chains * n, chains * (total + n * (prompt + unit)), chains * n * unit)
    return Estimate(planned=(reading, await _final(plan, unit)), depth=n + 1)


async def _final(plan: Plan, unit: int) -> Planned:
    """Plan the calls that write the answer."""
    config: ChainConfig = plan.config
    role: Agent[Any] = judge if config.judged else MANAGERS[config.task]
    model = plan.model(role)
    prompt = await _prompt(role, model, plan.question)
    answer = caps(config, model.profile).answer
    calls, units = (1, config.chains) if config.judged else (config.chains, 1)
    writer = plan.model(worker_for(config, plan.model))
    prompt += units * (as_read_by(model, unit, writer=writer) + DELIMITERS)
    window = window_of(model.profile)
    if prompt + answer > window:
        what = f"{units} summaries of {unit} tokens" if units > 1 else f"a summary of {unit} tokens"
        raise WindowTooSmallError(
            f"chain-of-agents: {what} and an answer of {answer} do not fit before the {role.role}, whose window is "
            f"{window} tokens.",
            hint=f"Lower -S unit_tokens=N or {'-S paths=N' if units > 1 else '-S answer_tokens=N'}.",
        )
    return Planned(role, calls, calls * prompt, calls * answer, final=True)


async def _prompt(role: Agent[Any], model: Model, question: str) -> int:
    """Return the tokens of a role's prompt without passage and units."""
    last = pass_on(model) if role.role == worker.role else otherwise(model)
    values = {"passages": "", "summary": "", "summaries": "", "question": question, "otherwise": last}
    return await prompt_tokens(role, model, **values)
