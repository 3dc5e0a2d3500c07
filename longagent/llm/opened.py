"""What a session holds open: models, opened when first needed, the cache, and the calls being made."""

import asyncio
import os
from contextlib import AsyncExitStack
from functools import cached_property
from typing import TYPE_CHECKING

from longagent.errors import UsageError
from longagent.events import Emit
from longagent.llm.flights import Flights
from longagent.llm.limits import Limit
from longagent.llm.model import Model
from longagent.llm.retries import Policy
from longagent.llm.roles import Models
from longagent.settings import Settings, is_embedded
from longagent.store.index_store import IndexStore, open_index
from longagent.store.response_cache import ResponseCache

if TYPE_CHECKING:
    from longagent.llm.embedding import Embedder
    from longagent.llm.embedding.server import ServerEmbedder
    from longagent.llm.prices import ModelFacts


class Opened:
    """Opens what the settings name; a model object that was given is used as it is, and stays its giver's to close."""

    def __init__(self, settings: Settings, *, given: Model | None) -> None:
        self._settings = settings
        self._given = given
        self._start()

    def _start(self) -> None:
        settings = self._settings
        self._pid = os.getpid()
        self._opening = asyncio.Lock()
        self._models: dict[str | None, Model] = {}
        self._limits: dict[str, Limit] = {}
        self._embedder: Embedder | None = None
        self._cross_encoder: ServerEmbedder | None = None
        self.flights = Flights()
        self.scales: dict[tuple[str, str], float] = {}
        self.cache: ResponseCache | None = None
        # Whoever wants everything asked anew wants no reading of before either.
        self._index = open_index(settings)
        if settings.cache:
            self.cache = ResponseCache(settings.cache_dir, max_bytes=settings.cache_mb * 2**20)

    @property
    def given_name(self) -> str | None:
        """Name of the model object that was given, if one was."""
        return None if self._given is None else self._given.name

    @property
    def remote(self) -> bool:
        """Whether the model lives on a server, which can be asked before any work is done."""
        return self._given is None and not self._settings.embedded

    @property
    def reads_one_passage(self) -> bool:
        """Whether the model is the small one that comes along."""
        try:
            return self._given is None and self._settings.embedded and self._key(self._settings.model) == "local"
        except UsageError:  # no such file, which is told when it is opened
            return False

    @property
    def index(self) -> IndexStore | None:
        """The index store, which is asked before any model is opened."""
        self._start_if_forked()
        return self._index

    def _start_if_forked(self) -> None:
        if self._pid != os.getpid():  # connections, threads and locks are the parent's
            self._start()

    async def models(self, emit: Emit) -> Models:
        """Return the models, opening those that are not open; `emit` is told of progress."""
        self._start_if_forked()
        async with self._opening:
            default = self._given or await self._open(self._settings.model, emit)
            names = self._settings.role_model
            return Models(default, {role: await self._open(name, emit) for role, name in names.items()})

    async def aclose(self) -> None:
        """Close what was opened here."""
        models, stores = self._models.values(), (self.cache, self._index)
        remote = (self._embedder, self._cross_encoder)
        self._start()
        async with AsyncExitStack() as stack:
            # The last first: ending the models' processes must not wait for a disk.
            for store in stores:
                if store is not None:
                    stack.push_async_callback(store.aclose)
            for each in remote:
                if each is not None and hasattr(each, "aclose"):
                    stack.push_async_callback(each.aclose)
            for model in models:
                stack.push_async_callback(model.aclose)

    async def embedder(self) -> "Embedder":
        """Return the embedder that the settings name; see `open_embedder`."""
        from longagent.llm.embedding.open import open_embedder

        settings = self._settings
        async with self._opening:
            if self._embedder is None:
                self._embedder = await open_embedder(
                    settings.embedder,
                    base_url=settings.embedder_url,
                    api_key=settings.embedder_api_key,
                    openai_key=settings.openai_api_key,
                    offline=settings.offline,
                    config_dir=settings.config_dir,
                    state_dir=settings.state_dir,
                    timeout=settings.call_timeout,
                    policy=Policy(attempts=1 + settings.retries),
                )
            return self._embedder

    async def cross_encoder(self) -> "ServerEmbedder":
        """Return the model that the settings name for reranking.

        Raises:
            UsageError: no server is named that it would be on, or it may not be asked.
        """
        from longagent.llm.embedding.open import open_cross_encoder

        settings = self._settings
        async with self._opening:
            if self._cross_encoder is None:
                self._cross_encoder = await open_cross_encoder(
                    settings.rerank,
                    base_url=settings.embedder_url,
                    api_key=settings.embedder_api_key,
                    offline=settings.offline,
                    state_dir=settings.state_dir,
                    timeout=settings.call_timeout,
                )
            return self._cross_encoder

    @cached_property
    def _overrides(self) -> "dict[str, ModelFacts]":
        from longagent.llm.prices import parse_overrides

        try:
            return parse_overrides(self._settings.models)
        except ValueError as error:
            raise UsageError(f"The configuration is wrong: {error}") from None

    async def _open(self, name: str | None, emit: Emit) -> Model:
        key = await asyncio.to_thread(self._key, name)
        if key not in self._models:
            self._models[key] = await self._opened(name, emit)
        return self._models[key]

    def _key(self, name: str | None) -> str | None:
        """Return the same for all names of a model file: it is loaded once, whoever plays which role with it."""
        from longagent.llm.open import embedded_file

        settings = self._settings
        if not (is_embedded(name) if name else not settings.base_url):
            return name
        path = embedded_file(name or "local", data_dir=settings.data_dir)
        return "local" if path is None else f"local/{path.resolve()}"

    async def _opened(self, name: str | None, emit: Emit) -> Model:
        from longagent.llm.open import open_model

        settings = self._settings
        # The servers of --base-url serve OpenAI's protocol; a role's model of another provider is not on them.
        elsewhere = name != settings.model and (name or "").partition("/")[0] not in {"openai", "vllm"}
        return await open_model(
            name,
            base_urls=() if elsewhere else settings.base_url,
            api_key=settings.api_key,
            openai_key=settings.openai_api_key,
            window=settings.window if name == settings.model else None,
            concurrency=settings.concurrency,
            limits=self._limits,
            call_timeout=settings.call_timeout,
            offline=settings.offline,
            data_dir=settings.data_dir,
            config_dir=settings.config_dir,
            state_dir=settings.state_dir,
            threads=settings.threads,
            overrides=self._overrides,
            emit=emit,
        )
