"""Where settings, a model, documents and a strategy meet."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from longagent import background
from longagent.answer import Answer
from longagent.documents import Loaded, Source, load
from longagent.errors import UsageError
from longagent.events import DocumentLoaded, Emit, Event, Numbered, RunFinished, Warned
from longagent.settings import Settings

if TYPE_CHECKING:
    from longagent.documents import Document
    from longagent.llm.model import Model

Sources: TypeAlias = Source | Sequence[Source]
"""A path, folder, glob, bytes, file object, text, `Document`, or several of them."""


class Session:
    """Asks questions about documents. Keeps its model open between questions; close it, or use it in a `with`.

    Args:
        model: `local`, `openai/NAME`, `vllm/NAME`, a path as `local/FILE.gguf`, or an object that implements `Model`
            (it is called from longagent's own event loop, and stays yours to close).
        base_url: OpenAI-compatible server or servers.
        strategy: a name, or `auto`.
        settings: the strategy's own settings.
        options: anything else in `Settings`: window, concurrency, seed, offline, api_key, data_dir, …

    Raises:
        UsageError: an unknown strategy, setting or option.
    """

    def __init__(
        self,
        *,
        model: "str | Model | None" = None,
        base_url: str | Sequence[str] | None = None,
        strategy: str | None = None,
        settings: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        named = model if isinstance(model, str) else None
        self.settings = Settings.resolve(model=named, base_url=base_url, strategy=strategy, **options)
        self._strategy_settings = dict(settings or {})
        self._own_model = model is None or named is not None
        self._model: Model | None = None if isinstance(model, str) else model
        self._opening = asyncio.Lock()
        self._pid = os.getpid()

    def ask(self, sources: Sources, question: str, *, on_event: Emit | None = None) -> Answer:
        """Answer a question from documents.

        Args:
            sources: one source or several.
            question: in plain words.
            on_event: called with every event of the run, from another thread.

        Raises:
            SourceError: a document cannot be read.
            ModelError: the model failed.
            UsageError: something in the call is wrong.
        """
        return background.run(lambda: self._ask(sources, [question], on_event))[0]

    async def aask(self, sources: Sources, question: str, *, on_event: Emit | None = None) -> Answer:
        """Answer a question from documents; as `ask`, awaited."""
        return (await background.run_async(lambda: self._ask(sources, [question], on_event)))[0]

    def ask_many(self, sources: Sources, questions: Sequence[str], *, on_event: Emit | None = None) -> list[Answer]:
        """Answer several questions from the same documents, which are read once; answers in the questions' order."""
        return background.run(lambda: self._ask(sources, questions, on_event))

    async def astream(self, sources: Sources, question: str) -> AsyncIterator[Event]:
        """Yield the events of a run as they happen; the last is `RunFinished` and carries the answer."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[Event | None]()

        def put(event: Event) -> None:
            with suppress(RuntimeError):  # the caller's loop is closed: nobody listens any more
                loop.call_soon_threadsafe(queue.put_nowait, event)

        task = asyncio.ensure_future(self.aask(sources, question, on_event=put))
        task.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            await task
        finally:
            task.cancel()

    def close(self) -> None:
        """End the model's process and connections. Safe to call twice; asking again opens them anew."""
        self._close()

    def _close(self, timeout: float | None = None) -> None:
        if self._own_model and self._model is not None:
            model, self._model = self._model, None
            background.run(model.aclose, timeout=timeout)

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not KeyboardInterrupt:
            self.close()
            return
        # The loop may be busy with what was interrupted; the person should not wait for it.
        with suppress(TimeoutError):
            self._close(timeout=0.2)

    async def _ask(self, sources: Sources, questions: Sequence[str], on_event: Emit | None) -> list[Answer]:
        if isinstance(questions, str):
            raise UsageError("ask_many takes a list of questions, not one text.", hint="Use ask for one question.")
        for question in questions:
            if not isinstance(question, str) or not question.strip():
                raise UsageError(f"The question is {'empty' if isinstance(question, str) else 'not text'}.")
        # In threads: loading LangGraph takes a second and cutting a long document several; the loop must stay free.
        graphs = await asyncio.to_thread(import_module, "longagent.graphs.run")
        resolved = graphs.resolve(self.settings.strategy, self._strategy_settings)
        emit = Numbered(on_event)
        # A server that is down or a missing key is told before documents are read; starting a model comes after.
        if not self.settings.embedded:
            await self._open_model(emit)
        loaded = await self._load(sources, emit)
        model = await self._open_model(emit)
        run = await asyncio.to_thread(graphs.Run, loaded, model, resolved, emit=emit)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(run.answer(question, seed=self.settings.seed)) for question in questions]
        except BaseExceptionGroup as failed:
            first = failed.exceptions[0]
            raise first from first.__cause__
        answers = [task.result() for task in tasks]
        for answer in answers:
            emit(RunFinished(answer=answer))
        return answers

    async def _load(self, sources: Sources, emit: Emit) -> Loaded:
        def tell(document: "Document") -> None:
            emit(
                DocumentLoaded(
                    name=document.name,
                    document_id=document.id,
                    pages=len(document.pages),
                    characters=len(document.text),
                )
            )

        loaded = await load(_listed(sources), loaded=tell)
        for warning in loaded.warnings:
            emit(Warned(message=warning))
        return loaded

    async def _open_model(self, emit: Emit) -> "Model":
        from longagent.llm.open import open_model

        if self._pid != os.getpid():  # forked: connections and locks belong to the parent's loop
            self._pid, self._opening = os.getpid(), asyncio.Lock()
            self._model = None if self._own_model else self._model
        async with self._opening:
            if self._model is None:
                settings = self.settings
                self._model = await open_model(
                    settings.model,
                    base_urls=settings.base_url,
                    api_key=settings.api_key,
                    openai_key=settings.openai_api_key,
                    window=settings.window,
                    concurrency=settings.concurrency,
                    offline=settings.offline,
                    data_dir=settings.data_dir,
                    emit=emit,
                )
            return self._model


def _listed(sources: Sources) -> Sequence[Source]:
    several = isinstance(sources, Sequence) and not isinstance(sources, str | bytes | bytearray | memoryview)
    return cast("Sequence[Source]", sources if several else [sources])


def ask(sources: Sources, question: str, **session: Any) -> Answer:
    """Answer one question; takes what `Session` takes. For several questions, keep a `Session`."""
    with Session(**session) as opened:
        return opened.ask(sources, question)


async def aask(sources: Sources, question: str, **session: Any) -> Answer:
    """Answer one question; as `ask`, awaited."""
    opened = Session(**session)
    try:
        return await opened.aask(sources, question)
    finally:
        await asyncio.to_thread(opened.close)
