"""A document whose pages are chunks, a graph over it, and a model that walks it as told."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from longagent.answer import Answer
from longagent.documents import Document, Loaded
from longagent.events import Event, Stepped
from longagent.graphs import Means, Models, Run, resolve
from longagent.graphs.forecast import Forecast
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Reply, Request
from longagent.testing import ScriptedModel
from longagent.testing.readers import Read, read_prompt

QUESTION = "In which country was the builder of the Skagen lighthouse born?"
ANSWER = "Aarhus lies in Denmark."
STAGES = ("at_facts", "at_chunk", "at_neighbours")

_FACTS: Sequence[Sequence[str]] = (
    ("The Skagen lighthouse was built by Ada Brandt. | Skagen lighthouse | Ada Brandt",),
    ("Ada Brandt was born in Aarhus. | Ada Brandt | Aarhus",),
    ("Aarhus lies in Denmark. | Aarhus | Denmark",),
    ("The Skagen harbour cost 482,000 crowns. | Skagen harbour | crowns",),
    ("Gulls nest near the Skagen lighthouse. | gulls | Skagen lighthouse",),
)
"""By page, with their key elements."""
PAGES = len(_FACTS)


def sentence(page: int) -> str:
    """Return what a page, counted from 1, is about."""
    return _FACTS[page - 1][0].partition(" | ")[0]


def document(pages: int = PAGES) -> Document:
    """Make a document; with more pages than there are facts, the others are about the surveyor."""
    filler = "On day {n} the surveyor walked the dunes and noted wind and tide, and that nothing else was to be seen. "
    texts = [f"Page {n}\n\n{sentence(n) if n <= PAGES else ''} {filler.format(n=n) * 8}" for n in range(1, pages + 1)]
    return Document.from_pages(texts, id=f"{pages:064x}", name="north.pdf", paged=True)


def facts_of(text: str) -> str:
    """Reply with the facts of a page, as an ideal reader of facts would."""
    # A page may be longer than a chunk.
    page = int(re.findall(r"(?:Page|day) (\d+)", text)[0])
    facts = _FACTS[page - 1] if page <= PAGES else (f"The surveyor walked on day {page}. | surveyor | day {page}",)
    return "\n".join(f"{number}. {fact}" for number, fact in enumerate(facts, start=1))


def turn(action: str, notebook: str = "", rationale: str = "because") -> str:
    """Return an explorer's reply."""
    return f"Notebook: {notebook or 'unchanged'}\nRationale: {rationale}\nAction: {action}"


Step = Callable[[str, Read], str]
"""Replies to an explorer, told its stage and what its prompt holds."""


class Walker(ScriptedModel):
    """Indexes ideally, plans, begins at some nodes, and walks as told; tells what its prompts held."""

    name = "walker"

    def __init__(
        self,
        walk: Step | Sequence[str] = (),
        *,
        start: str = "Skagen lighthouse | 90",
        plan: str = "First find who built it.",
        answer: str = f"Analysis: all agree\nAnswer: {ANSWER}",
        **profile: Any,
    ) -> None:
        super().__init__(self._said, **profile)
        self.profile = replace(self.profile, identity="tests")
        self._start, self._plan, self._answer = start, plan, answer
        queue = iter(() if callable(walk) else walk)
        self._walk: Step = walk if callable(walk) else lambda stage, read: next(queue)
        self.fail: Callable[[str, str], Exception | None] = lambda role, prompt: None
        self.pause: Callable[[str], float] = lambda prompt: 0

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        await asyncio.sleep(self.pause(self.prompts[-1]))
        return reply

    def _said(self, request: Request) -> str:
        role, prompt = self.roles[-1], self.prompts[-1]
        if error := self.fail(role, prompt):
            raise error
        if role == "facts":
            return facts_of(prompt)
        read = read_prompt(request.messages)
        if read is None:  # asked once more
            read = Read("", {})
        told = {"plan": self._plan, "start": self._start, "answer": self._answer, "answer_brief": self._answer}
        return told[role] if role in told else self._walk(role, read)

    @property
    def roles(self) -> list[str]:
        """Who was called, in order."""
        return [request.role.partition("/")[2] for request in self.requests]

    @property
    def walked(self) -> list[str]:
        """The stages that were called, in order."""
        return [role for role in self.roles if role in STAGES]

    def of(self, *roles: str) -> list[Read]:
        """What the calls of some roles held, but for those that asked again."""
        reads = [read_prompt(request.messages) for request in self.requests]
        return [read for read, role in zip(reads, self.roles, strict=True) if role in roles and read is not None]


class Asked:
    """A run of `graph-reader`."""

    def __init__(
        self,
        model: ScriptedModel,
        settings: Mapping[str, Any] | None = None,
        *,
        source: Document | None = None,
        question: str = QUESTION,
        limits: Limits | None = None,
        means: Means | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.forecast: Forecast

        async def go() -> Answer:
            resolved = resolve("graph-reader", {"chunk_tokens": 300, "agents": 1, **(settings or {})})
            within = means or Means(budget=Budget(limits or Limits()))
            loaded = Loaded((source or document(),), ())
            run = Run(loaded, Models(model), resolved, emit=self.events.append, means=within)
            self.forecast = await run.forecast(question)
            return await run.answer(question, seed=None)

        self.answer = asyncio.run(go())

    @property
    def steps(self) -> list[Stepped]:
        """The steps of all explorers, as they came."""
        return [event for event in self.events if isinstance(event, Stepped)]

    @property
    def actions(self) -> list[str]:
        """The functions called, as they came."""
        return [step.action for step in self.steps]
