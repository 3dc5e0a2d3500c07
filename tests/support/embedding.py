"""Embedders for tests: one in this process, and a server of embeddings that really speaks HTTP."""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from longagent.llm.embedding import Kind, normalised
from longagent.testing.http_thread import Connection, HttpRequest, HttpThread

DIMS = 64


def vector(text: str) -> list[float]:
    """Return a vector that texts share as far as they share words."""
    row = [0.0] * DIMS
    for word in text.lower().split():
        row[crc32(word.strip(".,?!").encode()) % DIMS] += 1.0
    return row


class WordEmbedder:
    """Embeds in this process, and counts what it was given."""

    def __init__(self, name: str = "words", languages: frozenset[str] | None = None) -> None:
        self.name = name
        self.identity = f"{name} 1"
        self.languages = languages
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str], kind: Kind = "passage") -> NDArray[np.float32]:
        self.seen += texts
        return normalised(np.array([vector(text) for text in texts], np.float32).reshape(len(texts), DIMS))

    @property
    def passages(self) -> list[str]:
        """What it was given that is no question."""
        return [text for text in self.seen if not text.endswith("?")]


class EmbeddingServer:
    """Serves `/v1/embeddings` and `/v1/rerank`; `replies`, where there are any, are sent first."""

    def __init__(self, *replies: tuple[int, Any]) -> None:
        self.bodies: list[tuple[str, Any]] = []
        self.keys: list[str | None] = []
        self._replies = list(replies)
        self._http = HttpThread(self._handle)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.port}/v1"

    @property
    def texts(self) -> list[str]:
        """All that was to be embedded."""
        return [text for path, body in self.bodies if path == "/v1/embeddings" for text in body["input"]]

    async def _handle(self, request: HttpRequest, connection: Connection) -> None:
        body = json.loads(request.body)
        self.bodies.append((request.path, body))
        self.keys.append(request.headers.get("authorization"))
        status, reply = self._replies.pop(0) if self._replies else (200, _reply(request.path, body))
        await connection.respond(status, reply, headers={"retry-after": "0"} if status == 429 else {})

    def __enter__(self) -> Self:
        self._http.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()


def _reply(path: str, body: Any) -> Any:
    if path == "/v1/rerank":
        scores = [float(np.dot(vector(body["query"]), vector(text))) for text in body["documents"]]
        entries = [{"index": at, "relevance_score": score} for at, score in enumerate(scores)]
        return {"results": sorted(entries, key=lambda entry: -entry["relevance_score"])}
    # Not in order: each says whose it is.
    data = [{"index": at, "embedding": vector(text)} for at, text in enumerate(body["input"])]
    return {"data": data[::-1], "model": body["model"]}
