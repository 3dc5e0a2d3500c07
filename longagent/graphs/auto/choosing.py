"""What `auto` means for a question: the first way of its rule that is there, and fits the window and the limits."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import replace
from functools import cached_property
from math import ceil
from typing import NamedTuple

from longagent.documents import Document
from longagent.documents.tokens import count_tokens
from longagent.errors import UsageError, WindowTooSmallError
from longagent.graphs import registry
from longagent.graphs.auto.question_type import Told, question_type
from longagent.graphs.auto.rules import FALLBACK, INDEX_SERVES, RULES, Situation, Way, rule_for
from longagent.graphs.cutting import Cut, Cutter
from longagent.graphs.resolve import Resolved
from longagent.graphs.strategy import Estimate
from longagent.llm.budget import Limits, Spend
from longagent.llm.model import Profile
from longagent.llm.roles import Models
from longagent.llm.spending import most_of
from longagent.store.index_store import IndexStore

COMFORTABLE = 16_000
"""Above this many tokens models read visibly worse than their window promises, and every question costs real money."""

MOST_TOKENS = 1_000_000
"""A question that would take more is not given to a strategy that reads everything unless the user says so: by naming
the strategy, or by a limit on tokens or cost, which then counts instead."""

_CALL_SECONDS = 4.0
_IN_FLIGHT = 4
"""Taken for granted where a limit on time is set: how long a call takes, and how many run side by side at first."""

_CUE = 40
"""Code points of a question that are quoted in a reason, at most."""

Begun = Callable[[Resolved], Awaitable[bool]]
"""Tells whether a run with this strategy was begun for the question, and has not come to its end."""


class Length(NamedTuple):
    """How long documents are, measured by what a model reads well at a time."""

    short: bool
    words: str


def length_of(documents: Sequence[Document], profile: Profile) -> Length:
    """Measure documents; slow, unless they are much longer than what a model reads well."""
    comfortable = min(profile.window // 2, profile.reading_tokens or COMFORTABLE, COMFORTABLE)
    well = f"the {comfortable:,} tokens this model reads well at a time"
    # A token of prose is four or five code points, of any text hardly twelve: no need to count a much longer one.
    if sum(len(document.text) for document in documents) > 12 * comfortable:
        return Length(False, f"the document is far longer than {well}")
    tokens = sum(count_tokens(document.text) for document in documents)
    if tokens <= comfortable:
        return Length(True, f"all {tokens:,} tokens fit")
    return Length(False, f"its {tokens:,} tokens are more than {well}")


class Chooser:
    """Chooses strategies for questions about the same documents. No model is called."""

    def __init__(
        self,
        documents: Sequence[Document],
        models: Models,
        cutter: Cutter,
        *,
        limits: Limits,
        index: IndexStore | None = None,
    ) -> None:
        """Take what choices depend on.

        Args:
            documents: what is read.
            models: who reads.
            cutter: of these documents.
            limits: of all questions together.
            index: where what was read for all questions is kept, if anywhere.
        """
        self._documents = documents
        self._models = models
        self._cutter = cutter
        self._limits = limits
        self._index = index
        self._found: frozenset[str] | None = None

    async def choose(self, question: str, batch: Sequence[str], begun: Begun) -> Resolved:
        """Choose for one question.

        Args:
            question: in the user's words.
            batch: all questions that are asked with it.
            begun: tells which run was begun: that one goes on, whatever has been indexed or allowed since.
        """
        length = await asyncio.to_thread(lambda: self._length)
        questions = set(batch) | {question}
        situation = self._situation(question, questions, length)
        there = [way for way in rule_for(situation).ways if way.strategy in registry.names()]
        # Looking means cutting the documents; of rules that an index means nothing to, nothing depends on it.
        if any(way.where == "indexed" for way in there):
            situation = replace(situation, indexed=await self._indexed())
        others = there if len({way.strategy for way in there}) > 1 else []
        for way in others:
            resolved = _resolved(way, f"it was begun with {way.called}, and goes on; {_asked(situation.asked)}")
            if await begun(resolved):
                return resolved
        refused = []
        for way in there:
            if not way.open(situation):
                continue
            # Nothing costs less; what it lacks in room is said when it is asked.
            if way.strategy == FALLBACK:
                return _resolved(way, way.because.format(chunks="", length=length.words))
            fit = await self._fit(question, way, questions=len(questions), readings=situation.readings)
            if isinstance(fit, Cut):
                return _resolved(way, _reason(way, situation, len(fit.chunks)))
            refused.append(f"{way.strategy} {fit}")
        lacking = "; ".join(refused) or "no strategy for that is installed"
        why = f"{_asked(situation.asked)}, but {lacking}; so the passages that rank best are read"
        return _resolved(Way(FALLBACK, why), why)

    @cached_property
    def _length(self) -> Length:
        return length_of(self._documents, self._models.default.profile)

    async def _indexed(self) -> frozenset[str]:
        """Return the strategies whose index of these documents is there, all of it."""
        if self._found is None:
            # Once: all questions asked together are to find the same.
            names = {way.strategy for rule in RULES for way in rule.ways if way.where == "indexed"}
            there = [name for name in sorted(names & {*registry.names()}) if await self._has_index(name)]
            self._found = frozenset(there)
        return self._found

    async def _has_index(self, name: str) -> bool:
        if self._index is None:
            return False
        try:
            # An index does not depend on what is asked; and a strategy plans no calls for what it has.
            _, estimate = await self._cutter.prepare("", _resolved(Way(name, ""), ""))
        except (WindowTooSmallError, UsageError):
            return False
        shared = [part.calls for part in estimate.planned if part.shared]
        return bool(shared) and not sum(shared)

    def _situation(self, question: str, questions: Set[str], length: Length) -> Situation:
        profile = self._models.default.profile
        small = not profile.abstains or profile.reading_tokens is not None
        return Situation(
            asked=question_type(question),
            length=length.words,
            short=length.short,
            small=small,
            readings=sum(question_type(each).kind in INDEX_SERVES for each in questions),
            hurry=self._limits.seconds is not None,
        )

    async def _fit(self, question: str, way: Way, *, questions: int, readings: int) -> Cut | str:
        """Return the documents as the strategy wants them cut, or what it would not fit."""
        resolved = _resolved(way, "")
        try:
            cut, estimate = await self._cutter.prepare(question, resolved)
        except WindowTooSmallError:
            return "would not fit the model's window"
        except UsageError:
            return "does not load"
        spend = self._spend(estimate, readings)
        return self._exceeds(spend, estimate.depth, questions) or cut

    def _spend(self, estimate: Estimate, readings: int) -> Spend:
        """Return what one question takes; what questions share is shared out."""
        spend = Spend()
        for part in estimate.planned:
            among = max(1, readings) if part.shared else 1
            spend = spend.plus(
                most_of(
                    self._models.of(part.agent.role).profile,
                    calls=ceil(part.calls / among),
                    prompt=ceil(part.prompt_tokens / among),
                    completion=ceil(part.completion_tokens / among),
                )
            )
        return spend

    def _exceeds(self, spend: Spend, depth: int, questions: int) -> str:
        """Return what would be exceeded, in words; empty if nothing."""
        limits = self._limits
        seconds = _CALL_SECONDS * max(depth, ceil(spend.calls * questions / _IN_FLIGHT))
        if limits.calls is not None and spend.calls * questions > limits.calls:
            return f"may take {spend.calls * questions:,} calls"
        if limits.tokens is not None and spend.tokens * questions > limits.tokens:
            return f"may take {spend.tokens * questions:,} tokens"
        if limits.cost is not None and spend.cost * questions > limits.cost:
            return f"may cost ${spend.cost * questions:.4f}"
        if limits.seconds is not None and seconds > limits.seconds:
            return f"may take {seconds:.0f} s"
        if not limits.priced and spend.tokens > MOST_TOKENS:
            return f"may take {spend.tokens:,} tokens, which is left to you to ask for by its name or a limit"
        return ""


def _resolved(way: Way, reason: str) -> Resolved:
    strategy = registry.get(way.strategy)
    return Resolved(strategy, registry.configure(strategy, way.settings), reason, way.settings)


def _reason(way: Way, situation: Situation, chunks: int) -> str:
    counted = "1 chunk" if chunks == 1 else f"{chunks:,} chunks"
    because = way.because.format(chunks=counted, length=situation.length)
    if situation.small or way.strategy == "full-context":
        return because
    settings = ", ".join(f"{key}={value}" for key, value in way.settings.items())
    return f"{_asked(situation.asked)}: {because}{f' ({settings})' if settings else ''}"


def _asked(told: Told) -> str:
    if not told.cue:
        return f"the question asks for {told.meaning}"
    cue = told.cue if len(told.cue) <= _CUE else told.cue[: _CUE - 2].rstrip() + " …"
    return f"the question asks for {told.meaning} (“{cue}”)"
