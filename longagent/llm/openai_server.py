"""Models behind servers that speak OpenAI's protocol: vLLM, llama.cpp, api.openai.com and many more."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from longagent.errors import ModelError, ModelRejectedError, UsageError
from longagent.llm.addresses import Addresses
from longagent.llm.base_url import is_openai, normal_base_url
from longagent.llm.chat_reply import read_reply
from longagent.llm.chat_request import write_request
from longagent.llm.client import Client
from longagent.llm.dialect import WISHES, Feature, not_accepted, thinking_tokens
from longagent.llm.limits import Limit
from longagent.llm.model import Profile, Reply, Request
from longagent.llm.presence import FIRST_LOOK
from longagent.llm.pulse import Pulse
from longagent.llm.refusals import refusal
from longagent.llm.server_info import answers, is_well, served_models
from longagent.llm.tokenizers import TokenCounter
from longagent.llm.wire import Response, exchange
from longagent.llm.wishes import Engine

_ADAPTATIONS = 4
"""Times one call is put otherwise at once, because the server turned out not to accept something in it."""

_CAPS: frozenset[Feature] = frozenset({"max_tokens", "max_completion_tokens"})


class OpenAIServer:
    """A model served at one or more OpenAI-compatible addresses.

    Each call goes where the beginning of its prompt was computed before, unless that address has too much to do.
    """

    def __init__(
        self,
        *,
        name: str,
        served: str,
        base_urls: Sequence[str],
        profile: Profile,
        engine: Engine | None = None,
        api_key: str | None = None,
        concurrency: int | None = None,
        limits: dict[str, Limit] | None = None,
        timeout: float = 300.0,
        probe_after: float = 30.0,
        look_after: float = FIRST_LOOK,
        counter: Callable[[str], int] | None = None,
    ) -> None:
        """Describe the model; nothing is sent before the first call.

        Args:
            name: as the user names the model.
            served: as the servers name it.
            base_urls: addresses such as `http://127.0.0.1:8000/v1`, all serving the same model.
            profile: what is known about the model; the room to think and the identity are filled in if missing.
            engine: what runs the model on all of them; `None` when that is not known.
            api_key: sent to every one of the addresses.
            concurrency: calls in flight over all addresses; `None`: as many as each turns out to bear.
            limits: the session's fixed limits, so that its models at the same addresses share `concurrency`.
            timeout: seconds for one call, from sending to the last byte.
            probe_after: seconds of silence after which the server is asked whether it is still there.
            look_after: seconds after which an address that failed is asked whether it is well; then twice as many.
            counter: the model's own tokenizer; called in worker threads, perhaps in several at once.

        Raises:
            UsageError: an address, the key or `concurrency` cannot be used.
        """
        if not base_urls:
            raise UsageError("no base URL was given.")
        if concurrency is not None and concurrency < 1:
            raise UsageError(f"concurrency must be at least 1, not {concurrency}.")
        urls = tuple(dict.fromkeys(map(normal_base_url, base_urls)))
        self._name = name
        self._served = served
        self._profile = replace(
            profile,
            thinking_tokens=profile.thinking_tokens or min(thinking_tokens(served), profile.window // 4),
            # Their order says nothing about who replies.
            identity=profile.identity or " ".join(sorted(urls)),
        )
        self._engine = engine
        self._key = clean_key(api_key)
        self._timeout = timeout
        self._counter = counter
        self._client = Client(urls)
        self._addresses = Addresses(
            urls, answers=self._is_well, concurrency=concurrency, limits=limits, first_look=look_after
        )
        self._tokens = TokenCounter(self._client, urls, served=served, key=self._key)
        self._not_accepted: dict[str, set[Feature]] = {url: set() for url in urls}
        self._pulses = {url: Pulse(url, partial(self._answers, url), after=probe_after) for url in urls}

    def __repr__(self) -> str:
        return f"OpenAIServer({self._name!r}, base_urls={list(self.base_urls)})"

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
        return self._addresses.base_urls

    async def complete(self, request: Request) -> Reply:
        """Make one call, in one attempt; see `Model.complete`."""
        async with self._addresses.slot(request.run, prefix=request.prefix) as server:
            reply = await self._attempt(server, request)
        await self._tokens.learn(request.messages, reply.prompt_tokens)
        return reply

    async def count_tokens(self, text: str) -> int:
        """Return the length of a text in tokens; on the high side where neither the server nor the caller counts."""
        if self._counter is not None:
            # In a thread: a long document takes a while, and calls in flight must go on meanwhile.
            return await asyncio.to_thread(self._counter, text)
        return await self._tokens.count(text)

    async def aclose(self) -> None:
        """Close all connections; calls still in flight fail. Safe to call twice."""
        await self._addresses.aclose()
        await self._client.aclose()

    async def _attempt(self, server: str, request: Request) -> Reply:
        known = self._not_accepted[server]
        given_up: set[Feature] = set()
        for _ in range(1 + _ADAPTATIONS):
            written = write_request(
                request,
                served=self._served,
                openai=is_openai(server),
                engine=self._engine,
                refused=known | given_up,
                thinking=self._profile.thinking_tokens,
            )
            response = await self._send(server, written.body)
            if 200 <= response.status < 300:
                # What the server minded is known only now that it goes without.
                known |= given_up
                logprobs = request.logprobs is not None
                reply = read_reply(response, server=server, key=self._key, messages=request.messages, logprobs=logprobs)
                return _stopped(reply, request.stop) if "stop" in known else reply
            lesson = not_accepted(response, written.used)
            wished = WISHES.intersection(written.used)
            if lesson is None and wished and self._is_refused(server, response):
                given_up |= wished
                continue
            # Without any cap a reply could go on forever.
            if lesson is None or (lesson in _CAPS and known & (_CAPS - {lesson})):
                break
            known.add(lesson)
        raise await self._refused(server, response, request)

    def _is_refused(self, server: str, response: Response) -> bool:
        """Return whether a request was refused for no reason that is known, such as its length or what it is about."""
        if response.status not in {400, 422}:
            return False
        return type(refusal(response, server=server, served=self._served, key=self._key)) is ModelRejectedError

    async def _send(self, server: str, body: bytes) -> Response:
        url = f"{server}/chat/completions"
        async with self._pulses[server].watch():
            return await exchange(
                self._client, "POST", url, server=server, key=self._key, timeout=self._timeout, body=body
            )

    async def _is_well(self, server: str) -> bool:
        return await is_well(self._client, server, key=self._key)

    async def _answers(self, server: str) -> bool:
        return await answers(self._client, server, key=self._key)

    async def _refused(self, server: str, response: Response, request: Request) -> ModelError:
        listed: tuple[str, ...] = ()
        if response.status == 404:
            # 404 says either "no such model" or "no such path"; the list of models tells which.
            try:
                models = await served_models(self._client, server, key=self._key)
                listed = tuple(model.id for model in models or ())
            except ModelError:
                listed = ()
        return refusal(
            response, server=server, served=self._served, listed=listed, key=self._key, messages=request.messages
        )


def _stopped(reply: Reply, stop: Sequence[str]) -> Reply:
    """End a reply where the server would have, had it taken the stop words."""
    ends = [place for word in stop if (place := reply.text.find(word)) >= 0]
    return replace(reply, text=reply.text[: min(ends)], finish="stop", logprobs=None) if ends else reply


def clean_key(key: str | None) -> str | None:
    """Return a key without surrounding white space, or `None` for an empty one.

    Raises:
        UsageError: it cannot be sent in a header. Told here, for the HTTP library would quote it in its error.
    """
    key = (key or "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("the API key contains characters that no key has.", hint="Was it copied in full, on one line?")
    return key or None
