"""An agent is a role: a prompt, a way to read the reply, a cap, and one model call."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from longagent.agents.prompt import Prompt
from longagent.errors import ModelError
from longagent.llm.model import Model, Request

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Said(Generic[R]):
    """What an agent replied."""

    value: R
    cut: bool
    """Whether the cap ended the reply."""


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
    ) -> Said[R]:
        """Make one call and read its reply. `values` fill the slots of the prompt.

        Raises:
            ModelError: nothing was said, because the cap was used up (by thinking, say) or the server held it back.
        """
        messages = self.prompt.render(values)
        request = Request(messages=messages, max_tokens=max_tokens, seed=seed, stop=stop, role=self.name)
        reply = await model.complete(request)
        if not reply.text.strip() and reply.finish != "stop":
            cause = f"used up its {max_tokens} tokens before" if reply.finish == "length" else "was kept from"
            raise ModelError(
                f"{model.name} {cause} answering.",
                hint="Raise the reply's cap (-S answer_tokens=N), or use another model.",
            )
        return Said(self._parse(reply.text), cut=reply.finish == "length")

    async def overhead(self, model: Model, **values: str) -> int:
        """Return the tokens of the prompt filled with these values, with a little for the chat's own markers."""
        text = "\n".join(message["content"] for message in self.prompt.render(values))
        return await model.count_tokens(text) + 24
