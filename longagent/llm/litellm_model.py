"""Models of every provider that LiteLLM knows."""

import asyncio
import os
from dataclasses import replace
from typing import Any

from longagent.errors import ContentRefusedError, ModelError, ModelUnavailableError, UsageError
from longagent.llm.chat_reply import encodable, finish_of, tokens, without_thoughts
from longagent.llm.chat_request import without_system
from longagent.llm.limits import Limit, limit_for
from longagent.llm.litellm_errors import LiteLLMFailure
from longagent.llm.litellm_import import hushed, litellm
from longagent.llm.logprobs import read_logprobs
from longagent.llm.model import Message, Profile, Reply, Request, TokenLogprob
from longagent.llm.openai_server import clean_key
from longagent.llm.providers import OWN_CREDENTIALS, address
from longagent.llm.tokenizers import Guess
from longagent.llm.wishes import wishes

_NO_KEY = "none"


class LiteLLMModel:
    """A model named `provider/model`, called through LiteLLM."""

    def __init__(
        self,
        *,
        name: str,
        profile: Profile,
        api_key: str | None = None,
        system: bool = True,
        max_output: int | None = None,
        concurrency: int | None = None,
        limits: dict[str, Limit] | None = None,
        timeout: float = 300.0,
    ) -> None:
        """Describe the model, in the event loop that will call it; nothing is imported or sent before the first call.

        Args:
            name: as the user and LiteLLM name it.
            profile: what is known about the model; the identity is filled in if missing.
            api_key: for the provider; without one LiteLLM looks for the credentials of a cloud, and for no other key.
            system: whether it takes a system message; else that becomes part of the user's.
            max_output: longest reply the provider allows, in tokens.
            concurrency: calls in flight; `None` adapts to what the provider bears.
            limits: the session's fixed limits, so that its models of one provider share `concurrency`.
            timeout: seconds for one call, from sending to the last byte.

        Raises:
            UsageError: the key or `concurrency` cannot be used.

        The provider's address is LiteLLM's to know, or to find in the environment (`OLLAMA_API_BASE` and the like).
        """
        if concurrency is not None and concurrency < 1:
            raise UsageError(f"concurrency must be at least 1, not {concurrency}.")
        self._name = name
        where = f"litellm {self._provider} {address(self._provider, os.environ)}".strip()
        # The longest reply is no part of a request, but may end one earlier.
        self._profile = replace(profile, identity=profile.identity or f"{where} max_output={max_output}")
        self._key = clean_key(api_key)
        self._system = system
        self._wishes = True
        """Whether the model takes what LiteLLM says that it takes."""
        self._max_output = max_output
        self._timeout = timeout
        # Providers measure each model by itself; what the user says is about all of them.
        self._limit = limit_for(f"{where} {name}" if concurrency is None else where, concurrency, limits)
        self._guess = Guess()
        self._closed = False

    def __repr__(self) -> str:
        return f"LiteLLMModel({self._name!r})"

    @property
    def name(self) -> str:
        """As the user names it."""
        return self._name

    @property
    def profile(self) -> Profile:
        """What is known about the model."""
        return self._profile

    async def complete(self, request: Request) -> Reply:
        """Make one call.

        Raises:
            ModelUnavailableError: no usable reply came, and another attempt may go well.
            ContextTooLongError: the request does not fit the window.
            ContentRefusedError: the provider declined this text.
            ModelRejectedError: the provider refused the request for good.
        """
        if self._closed:
            raise ModelUnavailableError(f"{self._name} was closed.")
        module = await litellm()
        async with self._limit.slot(request.run):
            response = await self._attempt(module, request)
            reply = _read(response, provider=self._provider, logprobs=request.logprobs is not None)
        await self._guess.learn(request.messages, reply.prompt_tokens)
        return reply

    async def count_tokens(self, text: str) -> int:
        """Return the length of a text in tokens, on the high side."""
        return await self._guess.count(text)

    async def aclose(self) -> None:
        """Take no more calls. Connections are LiteLLM's own, shared with whoever uses it too: it closes them idle."""
        self._closed = True

    @property
    def _provider(self) -> str:
        return self._name.partition("/")[0]

    async def _attempt(self, module: Any, request: Request) -> Any:
        outcome = await self._send(module, request)
        if isinstance(outcome, LiteLLMFailure) and self._system and outcome.no_system_role:
            # Refused before it was read, so this is still the first attempt; and nobody asks that way again.
            self._system = False
            outcome = await self._send(module, request)
        if isinstance(outcome, LiteLLMFailure) and self._taken(module, request) and outcome.refused:
            self._wishes = False
            outcome = await self._send(module, request)
        if isinstance(outcome, LiteLLMFailure):
            raise outcome.explain()
        if isinstance(outcome, ModelError):
            raise outcome
        return outcome

    async def _send(self, module: Any, request: Request) -> Any:
        """Return the response or the failure: an error raised in here would carry LiteLLM's along, document and all."""
        messages = [_encodable(message) for message in request.messages]
        if not self._system:
            messages = without_system(messages)
        try:
            # LiteLLM's timeout is, with most providers, for each read: a trickle could go on for ever.
            async with asyncio.timeout(self._timeout):
                with hushed():
                    return await module.acompletion(messages=messages, **self._arguments(module, request))
        except TimeoutError:
            return ModelUnavailableError(f"{self._provider} did not answer in time.", trouble="timeout")
        except Exception as error:
            return LiteLLMFailure(error, model=self._name, key=self._key, messages=request.messages)

    def _arguments(self, module: Any, request: Request) -> dict[str, Any]:
        cap = request.max_tokens + self._profile.thinking_tokens
        arguments: dict[str, Any] = {
            "model": self._name,
            "max_tokens": min(cap, self._max_output or cap),
            "temperature": request.temperature,
            # What a model does not take is left out rather than refused: temperatures, seeds and stops above all.
            "drop_params": True,
            "timeout": self._timeout,
            "num_retries": 0,
            "max_retries": 0,
            "no-log": True,
            # Never left to LiteLLM: with several providers it would fall back to OPENAI_API_KEY.
            "api_key": self._key or (None if self._provider in OWN_CREDENTIALS else _NO_KEY),
        }
        if request.seed is not None:
            arguments["seed"] = request.seed
        if request.stop:
            arguments["stop"] = list(request.stop)
        return arguments | self._taken(module, request)

    def _taken(self, module: Any, request: Request) -> dict[str, Any]:
        """Return what of a request's wishes the model takes, as far as LiteLLM knows."""
        # No provider that is called this way has closed choices but in JSON.
        wanted = wishes(replace(request, choices=()))
        if not wanted or not self._wishes or self._profile.thinking_tokens:
            return {}
        try:
            known = {*(module.get_supported_openai_params(model=self._name) or ())}
            if not module.supports_response_schema(model=self._name):
                known.discard("response_format")
        except Exception:
            return {}
        return {str(name): value for name, value in wanted.items() if name in known}


def _encodable(message: Message) -> Message:
    return Message(role=message["role"], content=encodable(message["content"]))


def _read(response: Any, *, provider: str, logprobs: bool) -> Reply:
    choices = getattr(response, "choices", None) or [None]
    message = getattr(choices[0], "message", None)
    if message is None:
        raise ModelUnavailableError(f"{provider} sent no usable reply: it has no choices.", trouble="reply")
    reason = getattr(choices[0], "finish_reason", None)
    finish = finish_of(reason)
    content = getattr(message, "content", None)
    content = encodable(content) if isinstance(content, str) else ""
    text = without_thoughts(content, finish=finish)
    thought = text != content or bool(getattr(message, "reasoning_content", None))
    if thought:
        # Where LiteLLM takes thoughts out itself, it leaves the blank lines behind them.
        text = text.lstrip()
    if reason == "content_filter":
        raise ContentRefusedError(f"{provider} declined the text: its content filter ended the reply.")
    usage = getattr(response, "usage", None)
    prompt = tokens(getattr(usage, "prompt_tokens", None))
    # LiteLLM writes zeros where the provider said nothing.
    reported = bool(prompt)
    details = getattr(usage, "prompt_tokens_details", None)
    return Reply(
        text=text,
        finish=finish,
        prompt_tokens=prompt if reported else None,
        cached_prompt_tokens=tokens(getattr(details, "cached_tokens", None)) if reported else None,
        completion_tokens=tokens(getattr(usage, "completion_tokens", None)) if reported else None,
        logprobs=_logprobs(choices[0]) if logprobs and not thought else None,
    )


def _logprobs(choice: Any) -> tuple[TokenLogprob, ...] | None:
    said: Any = getattr(choice, "logprobs", None)
    return read_logprobs(said.model_dump() if hasattr(said, "model_dump") else said)
