"""Embeddings of every provider that LiteLLM knows."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from longagent.errors import ModelError, ModelUnavailableError
from longagent.llm.embedding.embedder import Kind
from longagent.llm.embedding.remote import Remote
from longagent.llm.litellm_errors import LiteLLMFailure
from longagent.llm.litellm_import import hushed, litellm
from longagent.llm.model import Message
from longagent.llm.openai_server import clean_key
from longagent.llm.providers import OWN_CREDENTIALS, address
from longagent.llm.retries import DEFAULT, Policy

_NO_KEY = "none"


class LiteLLMEmbedder(Remote):
    """A model named `provider/model`, called through LiteLLM."""

    def __init__(
        self, *, name: str, api_key: str | None = None, timeout: float = 300.0, policy: Policy = DEFAULT
    ) -> None:
        """Describe the model, in the event loop that will call it; nothing is imported or sent.

        Args:
            name: as the user and LiteLLM name it.
            api_key: for the provider.
            timeout: seconds for one request.
            policy: how often a request is tried again.
        """
        self._provider = name.partition("/")[0]
        where = f"litellm {self._provider} {address(self._provider, os.environ)}".strip()
        super().__init__(name=name, identity=f"{where} {name}", policy=policy)
        self._key = clean_key(api_key)
        self._timeout = timeout

    async def request(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        """Ask once for the vectors of texts."""
        outcome = await self._send(await litellm(), texts, kind)
        if isinstance(outcome, LiteLLMFailure):
            raise outcome.explain()
        if isinstance(outcome, ModelError):
            raise outcome
        return _read(outcome, len(texts), provider=self._provider)

    async def _send(self, module: Any, texts: Sequence[str], kind: Kind) -> Any:
        """Return the response or the failure: an error raised in here would carry LiteLLM's along, document and all."""
        arguments: dict[str, Any] = {
            "model": self.name,
            "input": [*texts],
            "timeout": self._timeout,
            "num_retries": 0,
            "max_retries": 0,
            "no-log": True,
            # Never left to LiteLLM: with several providers it would fall back to OPENAI_API_KEY.
            "api_key": self._key or (None if self._provider in OWN_CREDENTIALS else _NO_KEY),
        }
        if self._provider == "cohere":
            # The one provider that refuses to embed before it is told what for.
            arguments["input_type"] = "search_query" if kind == "query" else "search_document"
        try:
            async with asyncio.timeout(self._timeout):
                with hushed():
                    return await module.aembedding(**arguments)
        except TimeoutError:
            return ModelUnavailableError(f"{self._provider} did not answer in time.", trouble="timeout")
        except Exception as error:
            asked = [Message(role="user", content=text) for text in texts]
            return LiteLLMFailure(error, model=self.name, key=self._key, messages=asked)


def _read(response: Any, count: int, *, provider: str) -> list[list[float]]:
    entries = getattr(response, "data", None) or []
    found = {_field(entry, "index"): _field(entry, "embedding") for entry in entries}
    vectors = [found.get(at) for at in range(count)]
    if not all(isinstance(vector, list) and vector for vector in vectors):
        raise ModelUnavailableError(
            f"{provider} sent no usable reply: it lacks a vector for each text.", trouble="reply"
        )
    return vectors  # type: ignore[return-value]


def _field(entry: Any, name: str) -> Any:
    """Return a field of what LiteLLM makes a mapping of with some providers, and an object with others."""
    return entry.get(name) if isinstance(entry, dict) else getattr(entry, name, None)
