"""Embedders that are asked over the network: in batches, some at a time, again where a passing trouble was met."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longagent.errors import ModelError, ModelRejectedError, ModelUnavailableError
from longagent.llm.embedding.embedder import Kind, normalised
from longagent.llm.retries import DEFAULT, Policy, with_retries

_TEXTS = 64
"""Texts in one request."""
_CHARACTERS = 100_000
"""Characters in one request, unless a single text is longer."""
_IN_FLIGHT = 8
_HELD = 32_000
"""Characters of a text that are sent: windows are far shorter, and a longer query is no query."""


class Remote(ABC):
    """Turns texts into requests, and what comes back into rows.

    Called in worker threads, as all embedders are, while the requests are made in the event loop it was made in.
    """

    languages = None

    def __init__(self, *, name: str, identity: str, policy: Policy = DEFAULT) -> None:
        self.name = name
        self.identity = identity
        self._policy = policy
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(_IN_FLIGHT)
        self._embedding = set[asyncio.Task[Any]]()
        self._closed = False

    @abstractmethod
    async def request(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        """Ask once for the vectors of texts."""

    async def aclose(self) -> None:
        """Close connections, and let go of the threads that wait."""
        # Those of a question that was interrupted would hold up the end of the program.
        self._closed = True
        for task in self._embedding:
            task.cancel()

    def embed(self, texts: Sequence[str], kind: Kind = "passage") -> NDArray[np.float32]:
        """Return a row for each text; see `Embedder.embed`. Never in the event loop's own thread, which it waits for.

        Raises:
            ModelError: no answer came, or one that cannot be used.
        """
        if not texts:
            return np.zeros((0, 0), np.float32)
        return asyncio.run_coroutine_threadsafe(self._tracked(texts, kind), self._loop).result()

    async def _tracked(self, texts: Sequence[str], kind: Kind) -> NDArray[np.float32]:
        task = asyncio.current_task()
        if self._closed or task is None:
            raise ModelUnavailableError(f"the embedder {self.name!r} was closed.")
        self._embedding.add(task)
        try:
            return await self._embed(texts, kind)
        finally:
            self._embedding.discard(task)

    async def _embed(self, texts: Sequence[str], kind: Kind) -> NDArray[np.float32]:
        # Servers refuse empty texts, and lone surrogates are no Unicode.
        sent = [text[:_HELD].encode("utf-8", "replace").decode() or " " for text in texts]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._batch(batch, kind)) for batch in batches(sent)]
        except BaseExceptionGroup as failed:
            first = failed.exceptions[0]
            raise first from first.__cause__
        rows = [row for task in tasks for row in task.result()]
        if len({len(row) for row in rows}) != 1:
            raise ModelRejectedError(f"{self.name} sent vectors of different lengths.", hint="Check --embedder.")
        return normalised(np.array(rows, np.float32))

    async def _batch(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        async def attempt() -> list[list[float]]:
            async with self._slots:
                return await self.request(texts, kind)

        async def waits(_error: ModelError, _seconds: float) -> None:
            return

        return await with_retries(attempt, on_retry=waits, policy=self._policy)


def batches(texts: Sequence[str]) -> list[list[str]]:
    """Return texts in order, as many together as go into one request."""
    found: list[list[str]] = []
    size = 0
    for text in texts:
        if not found or len(found[-1]) == _TEXTS or size + len(text) > _CHARACTERS:
            found.append([])
            size = 0
        found[-1].append(text)
        size += len(text)
    return found
