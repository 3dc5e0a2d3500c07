"""Embeddings and scores of servers that speak OpenAI's protocol: vLLM, llama.cpp, api.openai.com."""

import json
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from longagent.errors import ModelError, ModelUnavailableError
from longagent.llm.addresses import Addresses
from longagent.llm.base_url import normal_base_url
from longagent.llm.client import Client
from longagent.llm.embedding.embedder import Kind
from longagent.llm.embedding.remote import Remote
from longagent.llm.model import Message
from longagent.llm.openai_server import clean_key
from longagent.llm.refusals import refusal
from longagent.llm.retries import DEFAULT, Policy, with_retries
from longagent.llm.server_info import is_well
from longagent.llm.wire import Response, exchange


class ServerEmbedder(Remote):
    """A model behind `/v1/embeddings` of one or more servers; each request goes to the least busy one."""

    def __init__(
        self,
        *,
        name: str,
        served: str,
        base_urls: Sequence[str],
        identity: str | None = None,
        api_key: str | None = None,
        timeout: float = 300.0,
        policy: Policy = DEFAULT,
    ) -> None:
        """Describe the model, in the event loop that will call it; nothing is sent.

        Args:
            name: as the user names it.
            served: as the server names it.
            base_urls: such as `http://127.0.0.1:8000/v1`, all serving the same model.
            identity: what decides its vectors; `None`: addresses and name.
            api_key: sent along.
            timeout: seconds for one request.
            policy: how often a request is tried again.

        Raises:
            UsageError: address or key cannot be used.
        """
        urls = tuple(dict.fromkeys(map(normal_base_url, base_urls)))
        super().__init__(name=name, identity=identity or " ".join([*sorted(urls), served]), policy=policy)
        self._served = served
        self._key = clean_key(api_key)
        self._timeout = timeout
        self._client = Client(urls)
        self._addresses = Addresses(urls, answers=partial(is_well, self._client, key=self._key))

    async def request(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:  # noqa: ARG002
        """Ask once for the vectors of texts."""
        body = {"model": self._served, "input": [*texts], "encoding_format": "float"}
        async with self._addresses.slot() as server:
            return read_vectors(await self._post(server, "embeddings", body, texts), len(texts), server=server)

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return how well each text fits a query, by a cross-encoder behind `/v1/rerank` (vLLM's and Jina's form).

        Raises:
            ModelError: no answer came, or one that cannot be used.
        """
        body = {"model": self._served, "query": query, "documents": [*texts]}

        async def attempt() -> list[float]:
            async with self._addresses.slot() as server:
                return read_scores(await self._post(server, "rerank", body, [query, *texts]), len(texts), server=server)

        async def moves(_error: ModelError, _seconds: float) -> None:
            return

        # It only goes on where another server works: an order of chunks that fails is not worth a wait.
        return await with_retries(attempt, on_retry=moves, policy=Policy(attempts=1))

    async def aclose(self) -> None:
        """Close connections. Safe to call twice."""
        await super().aclose()
        await self._addresses.aclose()
        await self._client.aclose()

    async def _post(self, server: str, path: str, body: dict[str, Any], texts: Sequence[str]) -> Response:
        response = await exchange(
            self._client,
            "POST",
            f"{server}/{path}",
            server=server,
            key=self._key,
            timeout=self._timeout,
            body=json.dumps(body).encode(),
        )
        if not 200 <= response.status < 300:
            asked = [Message(role="user", content=text) for text in texts]
            raise refusal(response, server=server, served=self._served, key=self._key, messages=asked)
        return response


def read_vectors(response: Response, count: int, *, server: str) -> list[list[float]]:
    """Return the vectors in an answer, in the order of the texts.

    Raises:
        ModelUnavailableError: it does not hold one for each.
    """
    found = {entry.get("index"): entry.get("embedding") for entry in _entries(response.body, "data")}
    vectors = [found.get(at) for at in range(count)]
    if not all(isinstance(vector, list) and vector and all(map(_is_number, vector)) for vector in vectors):
        raise _unusable(server, "vector")
    return vectors  # type: ignore[return-value]


def read_scores(response: Response, count: int, *, server: str) -> list[float]:
    """Return the scores in an answer, in the order of the texts.

    Raises:
        ModelUnavailableError: it does not hold one for each.
    """
    found = {entry.get("index"): entry.get("relevance_score") for entry in _entries(response.body, "results")}
    scores = [found.get(at) for at in range(count)]
    if not all(map(_is_number, scores)):
        raise _unusable(server, "score")
    return scores  # type: ignore[return-value]


def _entries(body: bytes, name: str) -> list[dict[str, Any]]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return []
    entries = answer.get(name) if isinstance(answer, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and math.isfinite(value)


def _unusable(server: str, what: str) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"the model server at {server} sent no usable reply: it lacks a {what} for each text.",
        hint="Is this a server of embeddings?",
        trouble="reply",
    )
