"""Counts tokens as a model's server does, or with another vocabulary and a margin learned from what it reports."""

import asyncio
import json
import math
from collections.abc import Sequence
from typing import Any

from longagent.errors import ModelError
from longagent.llm.base_url import is_openai
from longagent.llm.client import Client
from longagent.llm.model import Message
from longagent.llm.wire import exchange

UNKNOWN_TOKENIZER_MARGIN = 1.15
"""Factor on counts made with a vocabulary that may not be the model's, before anything was reported."""

_SAFETY = 1.02
_MOST = 4.0
_TELLING = 256
"""Tokens from which a prompt is telling: in a shorter one the chat template weighs too much."""
_LESSONS = 8
"""Prompts from which the margin is learned: counting each one would cost more than it tells."""

_LONGEST = 200_000
"""Characters of a text that is sent to be counted; a longer one is many windows long: a guess is good enough."""
_SECONDS = 10.0


class Margin:
    """A factor on our own counts that makes them rather a little too high than too low.

    It only ever grows. How a document is cut and how much goes into a prompt hang on it, and on these the keys under
    which replies are remembered: a margin that shrank with the first report would cut the same document another way
    the next time, and pay for all of it again. Grow it must, for a prompt beyond the window is refused.
    """

    def __init__(self) -> None:
        self._factor = UNKNOWN_TOKENIZER_MARGIN

    @property
    def factor(self) -> float:
        """Tokens of the model for one of ours."""
        return self._factor

    def of(self, count: int) -> int:
        """Return a count of ours in tokens of the model, rounded up."""
        return math.ceil(count * self._factor)

    def learn(self, counted: int, reported: int) -> None:
        """Take in what the server reported for a prompt that we had counted, without margin, ourselves."""
        if counted < _TELLING or reported <= 0:
            return
        # Nonsense has bounds, too.
        self._factor = max(self._factor, min(reported / counted * _SAFETY, _MOST))


class Guess:
    """Counts with our own vocabulary, and a margin learned from what a server reports."""

    def __init__(self) -> None:
        self.margin = Margin()
        self._lessons = 0

    async def count(self, text: str) -> int:
        """Return the length of a text in tokens, on the high side."""
        return self.margin.of(await _counted([text]))

    async def learn(self, messages: Sequence[Message], reported: int | None) -> None:
        """Correct the margin by what the server reported as the length of a prompt, while that still teaches much."""
        if reported is None or reported < _TELLING or self._lessons == _LESSONS:
            return
        self._lessons += 1
        self.margin.learn(await _counted([message["content"] for message in messages]), reported)


class TokenCounter:
    """Counts as the model's server does, where it offers that, and else guesses on the high side. It never fails."""

    def __init__(self, client: Client, base_urls: Sequence[str], *, served: str, key: str | None) -> None:
        """Describe the server; nothing is sent before the first count.

        Args:
            client: for asking the servers.
            base_urls: the model's addresses; the first is asked.
            served: the model's name there.
            key: sent along.
        """
        self._client = client
        self._server = base_urls[0]
        self._served = served
        self._key = key
        # `None` until it is found out, by one call for all.
        self._server_counts: bool | None = False if is_openai(self._server) else None
        self._finding_out = asyncio.Lock()
        self._guess = Guess()

    @property
    def margin(self) -> Margin:
        """The factor on counts of our own."""
        return self._guess.margin

    async def count(self, text: str) -> int:
        """Return the length of a text in tokens, rather a little too many than too few."""
        if len(text) <= _LONGEST and await self._offers():
            counted = await self._ask(text)
            if counted is not None:
                return counted
            # One odd answer is enough: no count is worth a second wait.
            self._server_counts = False
        return await self._guess.count(text)

    async def learn(self, messages: Sequence[Message], reported: int | None) -> None:
        """Learn from what the server reported as the length of a prompt, where it does not count itself."""
        if self._server_counts is False:
            await self._guess.learn(messages, reported)

    async def _offers(self) -> bool:
        if self._server_counts is None:
            async with self._finding_out:
                if self._server_counts is None:
                    self._server_counts = await self._ask("a") is not None
        return self._server_counts

    async def _ask(self, text: str) -> int | None:
        # vLLM reads `prompt`, llama.cpp `content`; each ignores the other's.
        asked = {"model": self._served, "prompt": text, "content": text}
        try:
            response = await exchange(
                self._client,
                "POST",
                f"{self._server.removesuffix('/v1')}/tokenize",
                server=self._server,
                key=self._key,
                timeout=_SECONDS,
                body=json.dumps(asked, ensure_ascii=False).encode("utf-8", "replace"),
            )
            return _told(json.loads(response.body)) if response.status == 200 else None
        except (ModelError, ValueError, RecursionError):
            return None


async def _counted(texts: Sequence[str]) -> int:
    from longagent.documents.tokens import count_tokens

    # In a thread: a long document takes a while, and calls in flight must go on meanwhile.
    return await asyncio.to_thread(lambda: sum(map(count_tokens, texts)))


def _told(answer: Any) -> int | None:
    """Return the count in an answer of vLLM (`count`) or llama.cpp (a list of `tokens`)."""
    if not isinstance(answer, dict):
        return None
    count, tokens = answer.get("count"), answer.get("tokens")
    if type(count) is int and count >= 0:
        return count
    return len(tokens) if isinstance(tokens, list) else None
