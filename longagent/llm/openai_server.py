"""Models behind servers that speak OpenAI's protocol: vLLM, llama.cpp, api.openai.com and many more."""

import asyncio
import math
from collections.abc import Callable, Sequence

from longagent.errors import ModelError, UsageError
from longagent.llm.base_url import is_openai, normal_base_url
from longagent.llm.chat_reply import read_reply
from longagent.llm.chat_request import write_request
from longagent.llm.clients import Clients
from longagent.llm.model import Profile, Reply, Request
from longagent.llm.refusals import refusal
from longagent.llm.server_info import served_models
from longagent.llm.wire import Response, exchange

DEFAULT_CONCURRENCY = 8
"""Calls in flight when nothing is fixed: enough to fill a small server's batch, few enough not to swamp a laptop."""

UNKNOWN_TOKENIZER_MARGIN = 1.15
"""Factor on counts made with a vocabulary that may not be the model's."""


class OpenAIServer:
    """A model served at one or more OpenAI-compatible addresses; each call goes to the least busy one."""

    def __init__(
        self,
        *,
        name: str,
        served: str,
        base_urls: Sequence[str],
        profile: Profile,
        api_key: str | None = None,
        concurrency: int | None = None,
        timeout: float = 300.0,
        counter: Callable[[str], int] | None = None,
    ) -> None:
        """Describe the model; nothing is sent before the first call.

        Args:
            name: as the user names the model.
            served: as the servers name it.
            base_urls: addresses such as `http://127.0.0.1:8000/v1`, all serving the same model.
            profile: what is known about the model.
            api_key: sent to every one of the addresses.
            concurrency: calls in flight over all addresses.
            timeout: seconds for one call, from sending to the last byte.
            counter: the model's own tokenizer; called in worker threads, perhaps in several at once.

        Raises:
            UsageError: an address, the key or `concurrency` cannot be used.
        """
        if not base_urls:
            raise UsageError("no base URL was given.")
        if concurrency is not None and concurrency < 1:
            raise UsageError(f"concurrency must be at least 1, not {concurrency}.")
        self._name = name
        self._served = served
        self._profile = profile
        self._key = clean_key(api_key)
        self._timeout = timeout
        self._counter = counter
        self._in_flight = {normal_base_url(url): 0 for url in base_urls}
        # Limits that adapt to each address take this semaphore's place when `concurrency` is not given.
        self._slots = asyncio.Semaphore(concurrency or DEFAULT_CONCURRENCY)
        self._clients = Clients(self.base_urls)

    def __repr__(self) -> str:
        return f"OpenAIServer({self._name!r}, base_urls={list(self._in_flight)})"

    @property
    def name(self) -> str:
        """As the user names it."""
        return self._name

    @property
    def profile(self) -> Profile:
        """What is known about the model."""
        return self._profile

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The addresses, in their normal form."""
        return tuple(self._in_flight)

    async def complete(self, request: Request) -> Reply:
        """Make one call.

        Raises:
            ModelUnavailableError: no usable reply came, and trying again may help.
            ModelRejectedError: the server refused the request for good.
        """
        async with self._slots:
            # Retries go here, around the choice of a server, so that a second attempt may take another one.
            server = min(self._in_flight, key=self._in_flight.__getitem__)
            self._in_flight[server] += 1
            try:
                return await self._attempt(server, request)
            finally:
                self._in_flight[server] -= 1

    async def count_tokens(self, text: str) -> int:
        """Return the length of a text in tokens; on the high side unless the model's own tokenizer was given."""
        # In a thread: a long document takes a while, and calls in flight must go on meanwhile.
        if self._counter is not None:
            return await asyncio.to_thread(self._counter, text)
        from longagent.documents.tokens import count_tokens

        return math.ceil(await asyncio.to_thread(count_tokens, text) * UNKNOWN_TOKENIZER_MARGIN)

    async def aclose(self) -> None:
        """Close all connections; calls still in flight fail. Safe to call twice."""
        await self._clients.aclose()

    async def _attempt(self, server: str, request: Request) -> Reply:
        response = await exchange(
            self._clients,
            "POST",
            f"{server}/chat/completions",
            server=server,
            key=self._key,
            timeout=self._timeout,
            body=write_request(request, served=self._served, openai=is_openai(server)),
        )
        if not 200 <= response.status < 300:
            raise await self._refused(server, response)
        return read_reply(response, server=server, key=self._key)

    async def _refused(self, server: str, response: Response) -> ModelError:
        listed: tuple[str, ...] = ()
        if response.status == 404:
            # 404 says either "no such model" or "no such path"; the list of models tells which.
            try:
                models = await served_models(self._clients, server, key=self._key)
                listed = tuple(model.id for model in models or ())
            except ModelError:
                listed = ()
        return refusal(response, server=server, served=self._served, listed=listed, key=self._key)


def clean_key(key: str | None) -> str | None:
    """Return a key without surrounding white space, or `None` for an empty one.

    Raises:
        UsageError: it cannot be sent in a header. Told here, for the HTTP library would quote it in its error.
    """
    key = (key or "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("the API key contains characters that no key has.", hint="Was it copied in full, on one line?")
    return key or None
