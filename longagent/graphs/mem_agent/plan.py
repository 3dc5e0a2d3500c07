"""How a reader's window is shared, and what a reading will take."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from longagent.agents.agent import Agent
from longagent.agents.mem_agent import answer, answer_paper, form, otherwise, update, update_brief, update_paper
from longagent.agents.passages import Delimiters
from longagent.documents import Chunk
from longagent.errors import UsageError, WindowTooSmallError
from longagent.graphs.mem_agent.config import MemAgentConfig
from longagent.graphs.reading import all_asked
from longagent.graphs.room import DELIMITERS, as_read_by, chunk_room, prompt_tokens, window_of
from longagent.graphs.strategy import Estimate, Plan, Planned
from longagent.llm.model import Model, Profile

_LONGEST_MEMORY = 1024
_BRIEF_MEMORY = 50
"""One sentence, for models that read only little well."""


def update_for(config: MemAgentConfig, model_of: Callable[[Agent[Any]], Model]) -> Agent[str]:
    """Return the reader; a model that never says "nothing found" is asked for a sentence, not for a memory."""
    if not model_of(update_brief).profile.abstains:
        return update_brief
    return update_paper if config.layout == "paper" else update


def answer_for(config: MemAgentConfig) -> Agent[str]:
    """Return who answers."""
    return answer_paper if config.layout == "paper" else answer


def shown(role: Agent[str], delimiters: Delimiters, question: str) -> str:
    """Return what is asked as a role's prompt shows it: in the paper's layout, a block among others."""
    return delimiters.block("problem", question) if role in {update_paper, answer_paper} else question


class Caps(NamedTuple):
    """Tokens a reply may have."""

    memory: int
    answer: int


def caps(config: MemAgentConfig, profile: Profile) -> Caps:
    """Return how long memory and answer may be."""
    usual = min(_LONGEST_MEMORY if profile.abstains else _BRIEF_MEMORY, window_of(profile) // 8)
    memory = config.memory_tokens or usual
    return Caps(memory, config.answer_tokens or profile.reply_tokens or min(_LONGEST_MEMORY, max(memory, usual)))


async def chunk_tokens(plan: Plan) -> int:
    """Return the length of chunks: what prompt, question, old and new memory leave of the window, up to the setting.

    Raises:
        WindowTooSmallError: that is too little.
        UsageError: a memory of one sentence is to serve several questions.
    """
    config: MemAgentConfig = plan.config
    role = update_for(config, plan.model)
    model = plan.model(role)
    if role is update_brief and plan.questions:
        raise UsageError(
            f"mem-agent: {model.name} keeps a memory of one sentence, which cannot serve several questions.",
            hint="Leave the setting `together` out.",
        )
    room = chunk_room(
        "mem-agent",
        window_of(model.profile),
        prompt=await _reading_prompt(plan, role, model),
        kept=2 * caps(config, model.profile).memory,
        kept_for="two memories",
        hint="Raise --window, lower -S memory_tokens=N, or shorten the question.",
    )
    most = min(room, config.chunk_tokens, model.profile.reading_tokens or room)
    return max(1, int(most / await plan.scale(model)))


async def estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    """Count the calls, and their tokens at most.

    The number of calls is exact unless the reading may end early, or with an empty memory, from which nobody answers.

    Raises:
        WindowTooSmallError: memory and answer do not fit before who writes it.
    """
    config: MemAgentConfig = plan.config
    role, n = update_for(config, plan.model), len(chunks)
    model = plan.model(role)
    memory = caps(config, model.profile).memory
    total = int(sum(chunk.tokens for chunk in chunks) * await plan.scale(model) * 1.05)
    prompt = await _reading_prompt(plan, role, model)
    reading = Planned(role, n, total + n * (prompt + memory), n * memory)
    exact = role is not update_brief and not (config.update_gate or config.exit_gate)
    return Estimate(planned=(reading, await _final(plan, memory)), depth=n + 1, exact=exact)


async def _final(plan: Plan, memory: int) -> Planned:
    """Plan the call that writes the answer."""
    config: MemAgentConfig = plan.config
    role = answer_for(config)
    model = plan.model(role)
    question = shown(role, plan.delimiters, plan.question)
    prompt = await prompt_tokens(role, model, memory="", question=question, otherwise=otherwise(model))
    reader = plan.model(update_for(config, plan.model))
    prompt += as_read_by(model, memory, writer=reader) + DELIMITERS
    cap, window = caps(config, model.profile).answer, window_of(model.profile)
    if prompt + cap > window:
        raise WindowTooSmallError(
            f"mem-agent: a memory of {memory} tokens and an answer of {cap} do not fit before who answers, with "
            f"{prompt - memory} tokens of instructions and question and a window of {window}.",
            hint="Lower -S memory_tokens=N or -S answer_tokens=N, or shorten the question.",
        )
    return Planned(role, 1, prompt, cap, final=True)


async def _reading_prompt(plan: Plan, role: Agent[str], model: Model) -> int:
    """Return the tokens of a reader's prompt without passage and memory."""
    config: MemAgentConfig = plan.config
    asked = shown(role, plan.delimiters, all_asked(plan.question, plan.questions))
    wanted = form(update_gate=config.update_gate, exit_gate=config.exit_gate)
    return await prompt_tokens(role, model, passages="", memory="", question=asked, form=wanted)
