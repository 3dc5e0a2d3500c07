"""An agent is a role: a prompt, a way to read the reply, a cap, and one model call."""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from longagent.agents.prompt import Prompt
from longagent.errors import BudgetReached, ContextTooLongError, ReplyError
from longagent.llm.model import Message, Model, Reply, Request

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Said(Generic[R]):
    """What an agent replied."""

    value: R
    cut: bool
    """Whether the cap ended the reply."""
    assumed: bool = False
    """Whether this is what the role falls back on, because twice nothing could be read."""


class Agent(Generic[R]):
    """A role that can be called: values in, a typed reply out.

    Args:
        name: of ours, the path of the prompt below `longagent/agents/`, without `.md`.
        parse: reads the reply's text; raises `ReplyError` when it is not in the form that was asked for.
        tagged: whether a reply that its cap cut off is worthless, because its end carries meaning.
        silence: what it means to say nothing, even when asked again; `None`: it is a failure.
        fallback: what is taken for a decision that cannot be read, even when asked again; `None`: it is a failure. Who
            asks says so in a warning.
        salvage: what is made of a reply that cannot be read, even when asked again, where its words are of use all the
            same; goes before `fallback`.
        role: what `--role-model` calls it; by default the last part of the name.
        prompt: for agents of other packages, whose prompts don't lie below `longagent/agents/`.
        choices: what the whole reply can be. Servers that can hold a model to it do; the prompt still has to name them,
            and `parse` to read a reply that is none of them.
        schema: a JSON schema for the whole reply; likewise. Small models answer worse in JSON than in words.
    """

    def __init__(
        self,
        name: str,
        *,
        parse: Callable[[str], R],
        tagged: bool = False,
        silence: R | None = None,
        fallback: R | None = None,
        salvage: Callable[[str], R] | None = None,
        role: str | None = None,
        prompt: Prompt | None = None,
        choices: Sequence[str] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        if choices and schema is not None:
            raise ValueError(f"the agent {name!r} has choices and a schema, and a reply cannot be both.")
        self.name = name
        self.role = role or name.rpartition("/")[2]
        self._parse = parse
        self._tagged = tagged
        self._silence = silence
        self._fallback = fallback
        self._salvage = salvage
        self._prompt = prompt
        self._choices = tuple(choices)
        # In the order of the schema: models write the properties as they are listed there.
        self._schema = None if schema is None else json.dumps(schema)

    def __repr__(self) -> str:
        return f"Agent({self.name!r})"

    @cached_property
    def prompt(self) -> Prompt:
        """The role's prompt, read on first use."""
        return self._prompt or Prompt.load(self.name)

    def reading(self, parse: Callable[[str], R]) -> "Agent[R]":
        """Return the same role with a reader of replies that knows what this prompt offers, such as names to choose."""
        role = copy(self)
        role._parse = parse
        return role

    def choosing(self, choices: Sequence[str]) -> "Agent[R]":
        """Return the same role, whose whole reply is to be one of what this prompt offers."""
        role = copy(self)
        role._choices, role._schema = tuple(choices), None
        return role

    async def __call__(
        self,
        model: Model,
        *,
        max_tokens: int,
        seed: int | None = None,
        stop: tuple[str, ...] = (),
        temperature: float = 0.0,
        sample: int = 0,
        final: bool = False,
        **values: str,
    ) -> Said[R]:
        """Make one call and read its reply, or ask once more when that cannot be read.

        Args:
            model: who plays the role.
            max_tokens: cap of the reply.
            seed: of sampling.
            stop: texts that end the reply.
            temperature: of sampling.
            sample: tells calls apart that differ in nothing else.
            final: whether this call writes the answer, for which a budget keeps room.
            values: fill the slots of the prompt.

        Raises:
            ReplyError: nothing usable was said, twice.
            ModelError: see `Model.complete`.
        """
        request = Request(
            messages=self.prompt.render(values),
            max_tokens=max_tokens,
            temperature=temperature,
            # With the same seed samples would be copies.
            seed=None if seed is None else seed + sample,
            stop=stop,
            choices=self._choices,
            schema=self._schema,
            sample=sample,
            role=self.name,
            prompt=self.prompt.hash,
            check=self._read,
            final=final,
            prefix=self.prompt.prefix(values),
        )
        reply = await model.complete(request)
        try:
            return self._read(reply)
        except ReplyError as error:
            # One that was cut off would be cut off again.
            if reply.finish == "length":
                return self._fall_back(_cut_off(model, max_tokens), reply)
            return await self._ask_again(model, request, reply, error)

    async def _ask_again(self, model: Model, request: Request, first: Reply, error: ReplyError) -> Said[R]:
        again = replace(request, messages=_once_more(request.messages, error.message))
        try:
            reply = await model.complete(again)
        except ContextTooLongError:
            return self._fall_back(error, first)
        except BudgetReached:
            # What was paid for is used, where the role can make something of it.
            if self._fallback is None and (self._salvage is None or not first.text.strip()):
                raise
            return self._fall_back(error, first)
        if self._silence is not None and not reply.text.strip() and reply.finish == "stop":
            return Said(self._silence, cut=False)
        try:
            return self._read(reply)
        except ReplyError as worthless:
            return self._fall_back(worthless, reply if reply.text.strip() else first)

    def _fall_back(self, error: ReplyError, reply: Reply) -> Said[R]:
        if self._salvage is not None and reply.text.strip():
            return Said(self._salvage(reply.text), cut=reply.finish == "length", assumed=True)
        if self._fallback is None:
            raise error from None
        return Said(self._fallback, cut=False, assumed=True)

    def _read(self, reply: Reply) -> Said[R]:
        if not reply.text.strip():
            raise ReplyError("the reply was empty.")
        cut = reply.finish == "length"
        if cut and self._tagged:
            raise ReplyError("the reply was cut off.")
        return Said(self._parse(reply.text), cut=cut)

    async def overhead(self, model: Model, **values: str) -> int:
        """Return the tokens of the prompt filled with these values, with a little for the chat's own markers."""
        text = "\n".join(message["content"] for message in self.prompt.render(values))
        return await model.count_tokens(text) + 24


def _cut_off(model: Model, max_tokens: int) -> ReplyError:
    return ReplyError(
        f"{model.name} used up its {max_tokens} tokens before answering.",
        hint="Raise the reply's cap (-S answer_tokens=N), or use another model.",
    )


def _once_more(messages: tuple[Message, ...], problem: str) -> tuple[Message, ...]:
    """Ask again in the same message: the worthless reply is left out, for the window may not hold it too."""
    *before, last = messages
    content = f"{last['content']}\n\n(Your last reply could not be used: {problem} Please reply as asked.)"
    return (*before, {"role": last["role"], "content": content})
