"""A run: documents cut for a strategy, one question after another through its graph, answers out."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from longagent.answer import Answer, Coverage
from longagent.documents import Loaded, chunk
from longagent.errors import UsageError
from longagent.events import Emit, Event, RunStarted, Warned
from longagent.graphs import orchestrator, registry
from longagent.graphs.auto import choose
from longagent.graphs.room import check_window
from longagent.graphs.strategy import Context, Strategy
from longagent.llm.meter import Metered
from longagent.llm.model import Model
from longagent.retrievers import Bm25, Retriever


class Resolved(NamedTuple):
    """A strategy with its config, and why it was chosen."""

    strategy: Strategy
    config: Any
    reason: str


def resolve(name: str, settings: Mapping[str, Any], *, reason: str = "as asked") -> Resolved | None:
    """Return the named strategy, configured; `None` for `auto`, which needs documents and model first.

    Raises:
        UsageError: an unknown strategy or setting.
    """
    if name == "auto":
        if settings:
            raise UsageError("Strategy settings need a strategy.", hint=f"Name one: {', '.join(registry.names())}.")
        return None
    strategy = registry.get(name)
    return Resolved(strategy, registry.configure(strategy, settings), reason)


class Run:
    """Documents and a model, ready for questions. Making one takes time: the documents are cut."""

    def __init__(self, loaded: Loaded, model: Model, resolved: Resolved | None, *, emit: Emit) -> None:
        """Take documents and model; `resolved` is `None` for `auto`.

        Raises:
            WindowTooSmallError: the model's window holds no useful piece of document.
        """
        check_window(model.profile.window)
        if resolved is None:
            choice = choose(loaded.documents, model.profile)
            strategy = registry.get(choice.name)
            resolved = Resolved(strategy, registry.configure(strategy, {}), choice.reason)
        self._resolved = resolved
        self._loaded = loaded
        self._model = model
        self._emit = emit
        size = resolved.strategy.chunk_tokens(resolved.config, model.profile)
        self._chunks = chunk(loaded.documents, tokens=size)
        self._graph = orchestrator.build(resolved.strategy)
        self._retriever: Retriever | None = None
        self._indexing = Lock()

    async def answer(self, question: str, *, seed: int | None) -> Answer:
        """Answer one question."""
        from langsmith.run_helpers import tracing_context

        started = monotonic()
        strategy = self._resolved.strategy
        run_id = self._run_id(question, seed)

        def emit(event: Event) -> None:
            self._emit(replace(event, run_id=run_id))

        model = Metered(self._model, emit)
        reason, chunks = self._resolved.reason, len(self._chunks)
        emit(RunStarted(strategy=strategy.name, reason=reason, model=model.name, chunks=chunks))
        context = Context(
            model=model,
            documents=self._loaded.documents,
            chunks=self._chunks,
            retriever=self._index,
            config=self._resolved.config,
            emit=emit,
            seed=seed,
        )
        # A tracing variable meant for another program must not send this document's questions anywhere.
        with tracing_context(enabled=False):
            state = await self._graph.ainvoke({"question": question}, context=context)
        for warning in state["warnings"]:
            emit(Warned(message=warning))
        return Answer(
            question=question,
            text=state["text"],
            found=state["text"] is not None,
            partial=state["partial"],
            citations=tuple(context.citation(ref) for ref in state["citations"]),
            strategy=strategy.name,
            model=model.name,
            usage=model.usage,
            coverage=Coverage(chunks=chunks, read=len(state["chunks_read"])),
            seconds=round(monotonic() - started, 3),
            warnings=(*self._loaded.warnings, *state["warnings"]),
            run_id=run_id,
        )

    def _index(self) -> Retriever:
        """Return the index over the chunks: built when first needed, by one thread, for all questions."""
        with self._indexing:
            if self._retriever is None:
                self._retriever = Bm25(self._chunks)
            return self._retriever

    def _run_id(self, question: str, seed: int | None) -> str:
        """Hash what determines the run: the same command is the same run."""
        strategy = self._resolved.strategy
        identity = {
            "documents": [document.id for document in self._loaded.documents],
            "question": question,
            "strategy": strategy.name,
            "config": asdict(self._resolved.config),
            "model": self._model.name,
            "window": self._model.profile.window,
            "seed": seed,
            "prompts": {agent.name: agent.prompt.hash for agent in strategy.agents},
        }
        return sha256(json.dumps(identity, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()[:16]
