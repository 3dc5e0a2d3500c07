"""What a strategy is tried with: a document with one needle, and a reader that finds it in any prompt."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from longagent.answer import Answer
from longagent.documents import Document, Loaded
from longagent.events import Event
from longagent.graphs import Forecast, Means, Models, Run
from longagent.graphs.cutting import Cut, Cutter
from longagent.graphs.registry import configure
from longagent.graphs.resolve import Resolved
from longagent.graphs.strategy import Estimate, Strategy
from longagent.llm.model import Reply, Request
from longagent.testing.models import ScriptedModel

NEEDLE = "The harbour of Skagen was rebuilt in 1907 for 482,000 crowns."
NEEDLE_PAGE = 8
QUESTION = "What did rebuilding the harbour of Skagen cost?"
PAGES = 12
LONGEST = 30.0
"""Seconds after which a run is taken to hang."""

Trouble = Callable[[Request, int], Awaitable[str | None]]
"""Is awaited before each reply, with the request and how many came before it. What it returns is replied instead; or
it waits, or raises."""


def marker(page: int) -> str:
    """Return words that stand on one page only."""
    return f"gull number {page} was seen"


def _document() -> Document:
    filler = (
        "On day {n} the surveyor walked the northern dunes and noted wind, tide and the colour of the sand. "
        "Nothing of importance was recorded before the evening of day {n}, when the tide came in. "
    )
    texts = [f"Page heading {n}\n\n{filler.format(n=n) * 4}Later {marker(n)}. " for n in range(1, PAGES + 1)]
    texts[NEEDLE_PAGE - 1] += NEEDLE
    return Document.from_pages(texts, id="c0" * 32, name="survey.pdf", paged=True)


DOCUMENT = _document()


def reply_with_needle(request: Request) -> str:
    """Reply with the needle if the prompt holds it, else that nothing was found."""
    if any(NEEDLE in message["content"] for message in request.messages):
        return NEEDLE
    return "Not found."


class Reader(ScriptedModel):
    """Replies as told, gets into trouble as told, and keeps account of the calls that ended well."""

    name = "conformance"

    def __init__(self, reply: Callable[[Request], str], *, window: int, trouble: Trouble | None = None) -> None:
        super().__init__(reply, window=window)
        # Without an identity nothing would be cached.
        self.profile = replace(self.profile, identity="conformance")
        self.done: list[Request] = []
        self.said: list[str] = []
        self.spent = 0
        """Tokens of prompts and replies."""
        self._trouble = trouble

    async def complete(self, request: Request) -> Reply:
        """Get into trouble, or reply."""
        before = len(self.requests)
        reply = await super().complete(request)
        said = await self._trouble(request, before) if self._trouble else None
        await asyncio.sleep(0)  # a call lets others run, as real ones do
        if said is not None:
            reply = replace(reply, text=said, completion_tokens=await self.count_tokens(said))
        self.done.append(request)
        self.said.append(reply.text)
        self.spent += (reply.prompt_tokens or 0) + (reply.completion_tokens or 0)
        return reply


class Prepared(NamedTuple):
    """What is known before the first call."""

    cut: Cut
    estimate: Estimate
    resolved: Resolved


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A strategy with the settings it is tried in."""

    strategy: Strategy
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The strategy's own."""
    window: int = 8192
    """Of the model. The document has about 1,500 tokens; a strategy that reads chunk by chunk should find several."""
    reply: Callable[[Request], str] = reply_with_needle
    """Plays all roles. Give one where roles reply in a form of their own, such as JSON."""

    def reader(self, trouble: Trouble | None = None) -> Reader:
        """Return a fresh model."""
        return Reader(self.reply, window=self.window, trouble=trouble)

    @property
    def resolved(self) -> Resolved:
        """The strategy, configured."""
        return Resolved(self.strategy, configure(self.strategy, self.settings), "as asked")

    def prepare(self) -> Prepared:
        """Cut the document and estimate the calls."""
        return asyncio.run(self.prepared())

    async def prepared(self) -> Prepared:
        """Cut the document and estimate the calls."""
        resolved = self.resolved
        cutter = Cutter([DOCUMENT], Models(self.reader()), scales={}, delimiters=Means().delimiters)
        return Prepared(*await cutter.prepare(QUESTION, resolved), resolved)

    def forecast(self) -> Forecast:
        """Return what `--dry-run` tells."""
        return asyncio.run(self._run(Models(self.reader()), Means(), []).forecast(QUESTION))

    def ask(self, models: Models | Reader, means: Means | None = None, *, events: list[Event] | None = None) -> Answer:
        """Ask the question. Must be called outside of any event loop."""
        return asyncio.run(self.asked(models, means, events=events))

    async def asked(
        self, models: Models | Reader, means: Means | None = None, *, events: list[Event] | None = None
    ) -> Answer:
        """Ask the question."""
        models = models if isinstance(models, Models) else Models(models)
        run = self._run(models, means or Means(), [] if events is None else events)
        try:
            async with asyncio.timeout(LONGEST) as deadline:
                return await run.answer(QUESTION, seed=7)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise AssertionError(f"{self.strategy.name}: a run did not end within {LONGEST:g} s") from error

    def _run(self, models: Models, means: Means, events: list[Event]) -> Run:
        return Run(Loaded((DOCUMENT,), ()), models, self.resolved, emit=events.append, means=means)
