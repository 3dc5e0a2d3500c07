"""Where settings, a model, documents and a strategy meet."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from longagent import background
from longagent.agents.passages import Delimiters
from longagent.answer import Answer, Verify
from longagent.documents import Loaded, Source, load_for
from longagent.documents.sources import Sources, listed, looks_like_text
from longagent.errors import UsageError
from longagent.events import Emit, Event, Numbered, RunFinished
from longagent.llm.budget import Budget, Limits
from longagent.llm.opened import Opened
from longagent.llm.retries import Policy
from longagent.llm.workers.found import settled
from longagent.settings import Settings
from longagent.store.manifest import manifest
from longagent.store.secret import install_secret
from longagent.tracing import Tracers, open_tracers

if TYPE_CHECKING:
    from longagent.graphs import Forecast, Run, Strategy
    from longagent.graphs.asked import Asked
    from longagent.graphs.graph_reader.fact_graph import FactGraph
    from longagent.llm.model import Model

REASONING = "infty-think"
"""The strategy that needs no document."""
GRAPH = "graph-reader"
"""The strategy whose index is a graph of facts."""


class Session:
    """Asks questions about documents. Keeps its models open between questions; close it, or use it in a `with`.

    Replies are journalled: a question that was interrupted, asked again, goes on where it stopped. Those of a model
    object are only if its `Profile` has an `identity`.

    Args:
        model: `local`, `local/NAME` or `local/PATH` of a model file, `openai/NAME`, `vllm/NAME`, `auto` for the one
            that workers serve, or an object that implements `Model` (it is called from longagent's own event loop, and
            stays yours to close).
        base_url: OpenAI-compatible server or servers.
        strategy: a name, `auto`, or a `Strategy` of your own.
        settings: the strategy's own settings.
        verify: what becomes of quotes and sentences that cannot be verified: `mark` (the default) keeps and marks
            them, `strict` takes them out, `off` looks for nothing.
        options: anything else in `Settings`: window, concurrency, seed, max_cost, timeout, cache, offline, api_key,
            password, ocr, …

    Raises:
        UsageError: an unknown strategy, setting or option.
    """

    def __init__(
        self,
        *,
        model: "str | Model | None" = None,
        base_url: str | Sequence[str] | None = None,
        strategy: "str | Strategy | None" = None,
        settings: Mapping[str, Any] | None = None,
        verify: Verify | None = None,
        **options: Any,
    ) -> None:
        named = model if isinstance(model, str) else None
        if model is not None and named is None and not hasattr(model, "complete"):
            raise UsageError(f"A model is a name, or an object with the protocol Model; not {type(model).__name__}.")
        # A strategy may be a name, or an object with one.
        called = strategy if isinstance(strategy, str | None) else strategy.name
        found = Settings.resolve(model=named, base_url=base_url, strategy=called, verify=verify, **options)
        self.settings = settled(found)
        self._strategy = strategy if called != strategy else None
        self._strategy_settings = dict(settings or {})
        self._opened = Opened(self.settings, given=None if isinstance(model, str) else model)

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
        with self._tracers(on_event) as tracers:
            return background.run(lambda: self._ask(listed(sources), [question], tracers))[0]

    async def aask(self, sources: Sources, question: str, *, on_event: Emit | None = None) -> Answer:
        """Answer a question from documents; as `ask`, awaited."""
        with self._tracers(on_event) as tracers:
            return (await background.run_async(lambda: self._ask(listed(sources), [question], tracers)))[0]

    def ask_many(self, sources: Sources, questions: Sequence[str], *, on_event: Emit | None = None) -> list[Answer]:
        """Answer several questions from the same documents, which are loaded once; answers in the questions' order.

        Each question is read for by itself, unless the strategy's settings say that one reading is to serve all
        (`together` of `mem-agent`). Then the calls that read count once in all, in the `usage` of the answer whose run
        made them, and among the `cached_calls` of the others: the sum over the answers is what was spent.
        """
        with self._tracers(on_event) as tracers:
            return background.run(lambda: self._ask(listed(sources), questions, tracers))

    def reason(self, question: str, *, on_event: Emit | None = None) -> Answer:
        """Answer a question without documents: in rounds of bounded reasoning, as `infty-think` does.

        The conclusion is not checked against anything, and cites nothing. The strategy's settings hold if the session's
        strategy is `infty-think`, or `auto`; of another strategy's role models, those for roles that `infty-think` has.

        Args:
            question: with all that is needed to answer it.
            on_event: called with every event of the run, from another thread; `Reasoned` tells of each round.

        Raises:
            ModelError: the model failed.
            UsageError: something in the call is wrong.
        """
        with self._tracers(on_event) as tracers:
            return background.run(lambda: self._ask(None, [question], tracers))[0]

    async def areason(self, question: str, *, on_event: Emit | None = None) -> Answer:
        """Answer a question without documents; as `reason`, awaited."""
        with self._tracers(on_event) as tracers:
            return (await background.run_async(lambda: self._ask(None, [question], tracers)))[0]

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

    def estimate(
        self, sources: Sources | None, question: str | Sequence[str], *, on_event: Emit | None = None
    ) -> "Forecast":
        """Return what a question, or `ask_many` of several, would take in calls, tokens and cost, without any call.

        With `None` for sources, that is what `reason` would take.
        """
        questions = [question] if isinstance(question, str) else question
        several = None if sources is None else listed(sources)
        return background.run(lambda: self._estimate(several, questions, on_event))

    def fact_graph(self, sources: Sources, *, on_event: Emit | None = None) -> "FactGraph":
        """Return the graph of facts that `graph-reader` walks; what is not indexed yet is indexed, and kept for it.

        The strategy's settings hold if the session's strategy is `graph-reader`, or `auto`. Where a limit ends the
        indexing, a warning says so, and the graph holds what was read.

        Args:
            sources: one source or several.
            on_event: called with every event of the run, from another thread.

        Raises:
            SourceError: a document cannot be read.
            ModelError: the model failed.
            UsageError: something in the call is wrong.
        """
        with self._tracers(on_event) as tracers:
            return background.run(lambda: self._index(listed(sources), tracers))

    def close(self) -> None:
        """End the models' processes and connections. Safe to call twice; asking again opens them anew."""
        self._close()

    def _close(self, timeout: float | None = None) -> None:
        background.run(self._opened.aclose, timeout=timeout)

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

    def _tracers(self, on_event: Emit | None) -> Tracers:
        """Open what listens to a question; in the caller's thread, whose spans ours are to be part of."""
        settings = self.settings
        return open_tracers(settings.trace, settings.tracing, listener=on_event, offline=settings.offline)

    async def _ask(self, sources: Sequence[Source] | None, questions: Sequence[str], tracers: Tracers) -> list[Answer]:
        if isinstance(questions, str):
            raise UsageError("ask_many takes a list of questions, not one text.", hint="Use ask for one question.")
        _check(questions)
        emit, seed = Numbered(tracers), self.settings.seed
        run = await self._prepare(sources, emit, tracers)
        async with AsyncExitStack() as stack:
            # All of them before the first call: the limits have to hold an answer for each.
            asked = {}
            for question in dict.fromkeys(questions):
                asked[question] = await run.prepare(question, seed=seed, batch=questions)
                stack.push_async_callback(asked[question].aclose)
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = {question: group.create_task(_finished(one, emit)) for question, one in asked.items()}
            except BaseExceptionGroup as failed:
                first = failed.exceptions[0]
                raise first from first.__cause__
            return [tasks[question].result() for question in questions]

    async def _estimate(
        self, sources: Sequence[Source] | None, questions: Sequence[str], on_event: Emit | None
    ) -> "Forecast":
        if not questions:
            raise UsageError("There is no question.")
        _check(questions)
        run = await self._prepare(sources, Numbered(on_event), Tracers())
        return await run.forecast(*dict.fromkeys(questions), seed=self.settings.seed)

    async def _index(self, sources: Sequence[Source], tracers: Tracers) -> "FactGraph":
        emit = Numbered(tracers)
        run = await self._prepare(sources, emit, tracers, index=True)
        from longagent.graphs.graph_reader.indexing import fact_graph

        asked = await run.prepare(f"({GRAPH} index)", seed=self.settings.seed)
        try:
            answer = await asked.answer()
            emit(RunFinished(answer=answer, run_id=answer.run_id))
            return await fact_graph(asked.context)
        finally:
            await asked.aclose()

    async def _prepare(
        self, sources: Sequence[Source] | None, emit: Emit, tracers: Tracers, *, index: bool = False
    ) -> "Run":
        """Load documents, if any, open models, and put them together; `index`: to index, not to answer."""
        budget = Budget(self._limits())
        # In a thread: loading LangGraph takes a second; the loop must stay free.
        graphs = await asyncio.to_thread(import_module, "longagent.graphs")
        from longagent.graphs.wanted import ranking, reranker

        named, chosen = self._strategy or self.settings.strategy, self._strategy_settings
        only = GRAPH if index else REASONING if sources is None else None
        foreign = only is not None and self.settings.strategy not in {"auto", only}
        if only is not None:
            # Settings and roles of another strategy mean nothing to this one.
            chosen = {} if foreign else chosen
            named = await asyncio.to_thread(_index_only) if index else only
        resolved = graphs.resolve(named, chosen)
        # A server that is down or a missing key is told before documents are read; starting a model comes after.
        if self._opened.remote:
            await self._opened.models(emit)
        loaded = Loaded((), ())
        if sources is not None:
            store = self._opened.index
            texts = None if store is None else store.shelf("documents")
            loaded = await load_for(self.settings, sources, emit=emit, kept=texts)
        models = await self._opened.models(emit)
        if foreign:
            known = {agent.role for agent in resolved.strategy.agents}
            models = replace(models, by_role={role: of for role, of in models.by_role.items() if role in known})
        # Replies of an object of which nobody knows what it is would be mixed with those of its successor.
        remembered = all(model.profile.identity for model in models.each())
        means = graphs.Means(
            budget=budget,
            flights=self._opened.flights,
            scales=self._opened.scales,
            delimiters=Delimiters(await asyncio.to_thread(install_secret, self.settings.state_dir)),
            policy=Policy(attempts=1 + self.settings.retries),
            cache=self._opened.cache,
            ranking=await ranking(self.settings, self._opened if sources is not None else None),
            reranker=await reranker(self.settings, self._opened if sources is not None else None),
            index=self._opened.index,
            cached_only=self.settings.cache_only,
            verify=self.settings.verify,
            # An index is kept chunk by chunk: it needs no journal, and is no run to look back on.
            runs=self.settings.state_dir / "runs" if remembered and not index else None,
            checkpoints=self.settings.checkpoints,
            langsmith=tracers.langsmith,
            callbacks=tracers.callbacks,
            manifest=manifest(self.settings, chosen, _paths(sources or ()), model=self._opened.given_name),
        )
        run: Run = await asyncio.to_thread(graphs.Run, loaded, models, resolved, emit=emit, means=means)
        return run

    def _limits(self) -> Limits:
        settings = self.settings
        return Limits(
            calls=settings.max_calls,
            tokens=settings.max_total_tokens,
            cost=settings.max_cost,
            seconds=settings.timeout,
        )


async def _finished(asked: "Asked", emit: Emit) -> Answer:
    answer = await asked.answer()
    emit(RunFinished(answer=answer, run_id=answer.run_id))
    return answer


def _index_only() -> "Strategy":
    from longagent.graphs import registry
    from longagent.graphs.graph_reader.index_only import index_only

    return index_only(registry.get(GRAPH))


def _check(questions: Sequence[str]) -> None:
    for question in questions:
        if not isinstance(question, str) or not question.strip():
            raise UsageError(f"The question is {'empty' if isinstance(question, str) else 'not text'}.")


def _paths(sources: Sequence[Source]) -> list[str | Path | None]:
    """Return the sources that are paths; a text that was given as such goes nowhere but to the model."""
    paths = (source if isinstance(source, str | Path) else None for source in sources)
    return [None if isinstance(path, str) and looks_like_text(path) else path for path in paths]
