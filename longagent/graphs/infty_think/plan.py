"""How a round's window is shared, and what the rounds will take."""

from collections.abc import Sequence
from typing import NamedTuple

from longagent.agents.agent import Agent
from longagent.agents.infty_think import (
    Turn,
    concluder,
    concluder_alone,
    otherwise,
    rule,
    thinker,
    thinker_at_end,
    thinker_brief,
    thinker_brief_alone,
    thinker_reading,
)
from longagent.documents import Chunk
from longagent.errors import WindowTooSmallError
from longagent.graphs.infty_think.config import InftyConfig
from longagent.graphs.room import DELIMITERS, as_read_by, chunk_room, prompt_tokens, window_of
from longagent.graphs.strategy import Estimate, Plan, Planned
from longagent.llm.model import Model, Profile

_SEGMENT, _SUMMARY, _ANSWER = 1024, 512, 512
_BRIEF = 50
"""One sentence, for models that read only little well."""
_PASSAGE = 300
"""Tokens of a chunk that competes with others to be evidence."""
_EVIDENCE = 6000
_HINT = "Raise --window or -S window=N, lower -S segment_tokens=N or -S summary_tokens=N, or shorten the question."


class Caps(NamedTuple):
    """Tokens that parts of replies may have."""

    segment: int
    """Of reasoning. Of models that never abstain nothing is asked but a sentence."""
    summary: int
    answer: int

    @property
    def round(self) -> int:
        """Of a round's whole reply."""
        return self.segment + self.summary

    @staticmethod
    def words(tokens: int) -> str:
        """Return how many words a thinker is told to keep to: few enough for so many tokens."""
        return str(max(10, tokens * 6 // 100 * 10))


def caps(config: InftyConfig, profile: Profile) -> Caps:
    """Return how long reasoning, summaries and answers may be."""
    window = window_of(profile, config.window)
    answer = config.answer_tokens or profile.reply_tokens or min(_ANSWER, window // 8)
    if not profile.abstains:
        return Caps(0, config.summary_tokens or min(_BRIEF, window // 8), answer)
    segment = config.segment_tokens or min(_SEGMENT, window // 8)
    return Caps(segment, config.summary_tokens or min(_SUMMARY, window // 16), answer)


def thinker_for(model: Model, *, document: bool, may_stop: bool, in_parts: bool = False) -> Agent[Turn]:
    """Return who thinks in a round: in a form, or in a sentence where a model cannot keep to one."""
    if not model.profile.abstains:
        return thinker_brief if document else thinker_brief_alone
    if not may_stop:
        return thinker_reading
    return thinker_at_end if in_parts else thinker


def concluder_for(*, document: bool) -> Agent[str]:
    """Return who concludes when the rounds are over."""
    return concluder if document else concluder_alone


def thoughts(config: InftyConfig, profile: Profile, *, document: bool) -> int:
    """Return how many rounds there may be without anything to read."""
    if not profile.abstains:
        # What such a model says once more about its own sentence is worth nothing.
        return 0 if document else 1
    return config.rounds - (document and config.form == "evidence")


async def evidence_room(config: InftyConfig, model: Model, question: str) -> int:
    """Return how many of a model's tokens the passages of one round may have.

    Raises:
        WindowTooSmallError: too few.
    """
    limits = caps(config, model.profile)
    room = chunk_room(
        "infty-think",
        window_of(model.profile, config.window),
        prompt=await _prompt(config, model, question, document=True),
        kept=limits.round + limits.summary,
        kept_for="reasoning and two summaries",
        hint=_HINT,
    )
    usual = model.profile.reading_tokens or room
    if config.form == "read":
        return min(room, usual)
    return min(room, config.evidence_tokens or min(_EVIDENCE, usual))


async def chunk_tokens(plan: Plan) -> int:
    """Return the length of chunks: with `read` all that fits into a round, else what competes to be evidence.

    Raises:
        WindowTooSmallError: too little fits.
    """
    config: InftyConfig = plan.config
    model = plan.model(thinker)
    room = await evidence_room(config, model, plan.question)
    if config.form == "evidence":
        room = min(_PASSAGE, max(1, room - DELIMITERS))
    return max(1, int(room / await plan.scale(model)))


async def estimate(plan: Plan, chunks: Sequence[Chunk]) -> Estimate:
    """Count the calls and their tokens at most: a thinker may conclude in any round.

    Raises:
        WindowTooSmallError: reasoning, summary or answer do not fit.
    """
    config, document = plan.config, bool(chunks)
    model = plan.model(thinker)
    limits = caps(config, model.profile)
    prompt = await _prompt(config, model, plan.question, document=document)
    readings, passages = 0, 0
    if document:
        passages = int(sum(chunk.tokens for chunk in chunks) * await plan.scale(model) * 1.05)
        readings = len(chunks) if config.form == "read" else 1
    if document and config.form == "evidence":
        passages += DELIMITERS * len(chunks)
        passages = min(passages, await evidence_room(config, model, plan.question))
    rounds = readings + thoughts(config, model.profile, document=document)
    _check_round(prompt, limits, window_of(model.profile, config.window))
    thinking = Planned(thinker, rounds, passages + rounds * (prompt + limits.summary), rounds * limits.round)
    return Estimate(planned=(thinking, await _final(plan, limits, document)), depth=rounds + 1, exact=False)


def _check_round(prompt: int, limits: Caps, window: int) -> None:
    kept = limits.round + limits.summary
    if prompt + kept + window // 32 > window:
        raise WindowTooSmallError(
            f"infty-think: instructions and question take {prompt} tokens, reasoning and two summaries {kept}; "
            f"the window has {window}.",
            hint=_HINT,
        )


async def _final(plan: Plan, limits: Caps, document: bool) -> Planned:
    """Plan the call that concludes when no thinker did."""
    role = concluder_for(document=document)
    model = plan.model(role)
    prompt = await prompt_tokens(role, model, summary="", question=plan.question, otherwise=otherwise(model))
    prompt += as_read_by(model, limits.summary, writer=plan.model(thinker))
    answer = caps(plan.config, model.profile).answer
    window = window_of(model.profile)
    if prompt + answer + window // 32 > window:
        raise WindowTooSmallError(
            f"infty-think: a summary of {limits.summary} tokens and an answer of {answer} do not fit before the "
            f"{role.role}, whose window is {window} tokens.",
            hint="Lower -S summary_tokens=N or -S answer_tokens=N, or shorten the question.",
        )
    return Planned(role, 1, prompt, answer, final=True)


async def _prompt(config: InftyConfig, model: Model, question: str, *, document: bool) -> int:
    """Return the tokens of the longest prompt of a round, without passages and summary."""
    words = Caps.words(caps(config, model.profile).round)
    values = {"passages": "", "summary": "", "question": question, "words": words, "summary_words": words}
    longest = 0
    # With more of a document to come, with the last of it, and without any.
    for more, stops in [(True, False), (True, True), (False, True)][0 if document else 2 :]:
        role = thinker_for(model, document=document, may_stop=stops)
        told = rule(document=document, more=more)
        longest = max(longest, await prompt_tokens(role, model, **values, rule=told))
    return longest
