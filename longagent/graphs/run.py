"""A run: documents cut for a strategy, one question after another through its graph, answers out."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from time import monotonic
from typing import Any, NamedTuple

from longagent.answer import Answer, Citation, Coverage
from longagent.documents import Loaded, chunk
from longagent.errors import UsageError
from longagent.events import Emit, RunStarted, Warned
from longagent.graphs import orchestrator, registry
from longagent.graphs.auto import choose
from longagent.graphs.strategy import Context, Strategy
from longagent.llm.meter import Metered
from longagent.llm.model import Model


class Resolved(NamedTuple):
    """A strategy with its config."""

    strategy: Strategy
    config: Any


def resolve(name: str, settings: Mapping[str, Any]) -> Resolved | None:
    """Return the named strategy, configured; `None` for `auto`, which needs documents and model first.

    Raises:
        UsageError: an unknown strategy or setting.
    """
    if name == "auto":
        if settings:
            raise UsageError("Strategy settings need a strategy.", hint=f"Name one: {', '.join(registry.names())}.")
        return None
    strategy = registry.get(name)
    return Resolved(strategy, registry.configure(strategy, settings))


class Run:
    """Documents and a model, ready for questions."""

    def __init__(self, loaded: Loaded, model: Model, *, strategy: str, settings: Mapping[str, Any], emit: Emit) -> None:
        chosen, self._reason = strategy, "as asked"
        if strategy == "auto":
            chosen, self._reason = choose(loaded.documents, model.profile)
        self._strategy = registry.get(chosen)
        self._config = registry.configure(self._strategy, settings)
        self._loaded = loaded
        self._model = model
        self._emit = emit
        size = self._strategy.chunk_tokens(self._config, model.profile)
        self._chunks = chunk(loaded.documents, tokens=size)
        self._graph = orchestrator.build(self._strategy)

    async def answer(self, question: str, *, seed: int | None) -> Answer:
        """Answer one question."""
        from langsmith.run_helpers import tracing_context

        if not question.strip():
            raise UsageError("The question is empty.")
        started = monotonic()
        run_id = self._run_id(question, seed)
        model = Metered(self._model, self._emit)
        self._emit(
            RunStarted(
                run_id=run_id,
                strategy=self._strategy.name,
                reason=self._reason,
                model=model.name,
                chunks=len(self._chunks),
            )
        )
        context = Context(
            model=model,
            documents=self._loaded.documents,
            chunks=self._chunks,
            config=self._config,
            emit=self._emit,
            seed=seed,
        )
        # A tracing variable meant for another program must not send this document's questions anywhere.
        with tracing_context(enabled=False):
            state = await self._graph.ainvoke({"question": question}, context=context)
        for warning in state["warnings"]:
            self._emit(Warned(message=warning))
        return Answer(
            question=question,
            text=state["text"],
            found=state["text"] is not None,
            citations=tuple(Citation(**citation) for citation in state["citations"]),
            strategy=self._strategy.name,
            model=model.name,
            usage=model.usage,
            coverage=Coverage(chunks=len(self._chunks), read=len(state["chunks_read"])),
            seconds=round(monotonic() - started, 3),
            warnings=(*self._loaded.warnings, *state["warnings"]),
            run_id=run_id,
        )

    def _run_id(self, question: str, seed: int | None) -> str:
        """Hash what determines the run: the same command is the same run."""
        identity = {
            "documents": [document.id for document in self._loaded.documents],
            "question": question,
            "strategy": self._strategy.name,
            "config": asdict(self._config),
            "model": self._model.name,
            "window": self._model.profile.window,
            "seed": seed,
            "prompts": {agent.name: agent.prompt.hash for agent in self._strategy.agents},
        }
        return sha256(json.dumps(identity, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()[:16]
