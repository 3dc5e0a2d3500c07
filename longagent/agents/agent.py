"""An agent is a role: a prompt, a way to read the reply, a cap, and one model call."""

from collections.abc import Callable
from functools import cached_property
from typing import Generic, TypeVar

from longagent.agents.prompt import Prompt
from longagent.llm.model import Model, Request

R = TypeVar("R")


class Agent(Generic[R]):
    """A role that can be called: values in, a typed reply out."""

    def __init__(self, name: str, *, parse: Callable[[str], R]) -> None:
        self.name = name
        self._parse = parse

    @cached_property
    def prompt(self) -> Prompt:
        """The role's prompt, read on first use."""
        return Prompt.load(self.name)

    async def __call__(
        self, model: Model, *, max_tokens: int, seed: int | None = None, stop: tuple[str, ...] = (), **values: str
    ) -> R:
        """Make one call and read its reply. `values` fill the slots of the prompt."""
        messages = self.prompt.render(values)
        request = Request(messages=messages, max_tokens=max_tokens, seed=seed, stop=stop, role=self.name)
        reply = await model.complete(request)
        return self._parse(reply.text)

    async def overhead(self, model: Model, **values: str) -> int:
        """Return the tokens of the prompt filled with these values, with a little for the chat's own markers."""
        text = "\n".join(message["content"] for message in self.prompt.render(values))
        return await model.count_tokens(text) + 24
