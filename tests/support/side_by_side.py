"""A scripted model for strategies that read chunks side by side; it tells what its prompts held."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from longagent.answer import Answer
from longagent.documents import Document, Loaded
from longagent.documents.tokens import count_tokens
from longagent.events import Event
from longagent.graphs import Forecast, Means, Models, Run, resolve
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Reply, Request
from longagent.testing import ScriptedModel
from longagent.testing.readers import Read, read_prompt
from support.survey import QUESTION, long_document


class SideBySide(ScriptedModel):
    """Replies from a function of what a prompt holds; or raises what it returns."""

    def __init__(self, reply: Callable[[Read], str | Exception], *, name: str = "scripted", **profile: Any) -> None:
        super().__init__(self._said, **profile)
        self.name = name
        self._reply_to = reply
        self.reads: list[Read] = []
        self.in_flight = self.peak = 0

    def _said(self, request: Request) -> str:
        said = self._reply_to(self.reads[-1])
        if isinstance(said, Exception):
            raise said
        return said

    async def complete(self, request: Request) -> Reply:
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await asyncio.sleep(0)
            read = read_prompt(request.messages)
            # Asked again, a prompt has a line more.
            self.reads.append(read or Read("again", {}))
            reply = await super().complete(request)
            await asyncio.sleep(0.001)
            return reply
        finally:
            self.in_flight -= 1

    @property
    def roles(self) -> list[str]:
        return [request.role.partition("/")[2] for request in self.requests]

    def of(self, *roles: str) -> list[Read]:
        """What the calls of some roles held."""
        return [read for read, role in zip(self.reads, self.roles, strict=True) if role in roles]

    def prompts_of(self, *roles: str) -> list[str]:
        return [prompt for prompt, role in zip(self.prompts, self.roles, strict=True) if role in roles]


class Rambling(SideBySide):
    """Fills every reply to its cap."""

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        text = " ".join(["dune"] * request.max_tokens)
        while count_tokens(text) > request.max_tokens:
            text = text[: text.rindex(" ")]
        return replace(reply, text=text, finish="length", completion_tokens=request.max_tokens)


class Asked:
    """A question through a strategy."""

    def __init__(
        self,
        strategy: str,
        model: ScriptedModel,
        settings: Mapping[str, Any] | None = None,
        *,
        document: Document | None = None,
        question: str = QUESTION,
        limits: Limits | None = None,
        by_role: Mapping[str, ScriptedModel] | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.document = document or long_document(10, needle_on=5)

        async def go() -> tuple[Forecast, Answer]:
            resolved = resolve(strategy, {"window": 1024, **(settings or {})})
            means = Means(budget=Budget(limits or Limits()))
            models = Models(model, dict(by_role or {}))
            run = Run(Loaded((self.document,), ()), models, resolved, emit=self.events.append, means=means)
            return await run.forecast(question), await run.answer(question, seed=None)

        self.forecast, self.answer = asyncio.run(go())

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]
