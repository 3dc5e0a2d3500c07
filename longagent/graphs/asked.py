"""One question on its way through a strategy's graph."""

from contextlib import nullcontext
from time import monotonic
from typing import cast

from longagent.answer import Answer, Coverage, Retrieval
from longagent.documents import Loaded
from longagent.errors import BudgetReached, ModelError
from longagent.events import RunResumed, RunStarted, Warned
from longagent.graphs import orchestrator
from longagent.graphs.checkpoints import checkpointer, forget, resume_or_start
from longagent.graphs.context import Context
from longagent.graphs.cutting import Cut
from longagent.graphs.means import Means
from longagent.graphs.orchestrator import RunState
from longagent.graphs.resolve import Resolved
from longagent.graphs.seen import Seen
from longagent.graphs.strategy import Estimate
from longagent.llm.calls import Calls
from longagent.llm.replies import Replies
from longagent.llm.roles import Models
from longagent.store.journal import Journal

_STEPS = 100
"""LangGraph's own limit on steps ends runaway graphs; this many, and some for each chunk, are none."""


class Asked:
    """A question with all that answering it needs. Made by `Run.prepare`; answer it once, then close it."""

    def __init__(
        self,
        question: str,
        *,
        run_id: str,
        together: tuple[str, ...],
        resolved: Resolved,
        loaded: Loaded,
        models: Models,
        cut: Cut,
        estimate: Estimate,
        seen: Seen,
        journal: Journal | None,
        means: Means,
        seed: int | None,
    ) -> None:
        self._question = question
        self._run = run_id
        self._resolved = resolved
        self._loaded = loaded
        self._models = models
        self._cut = cut
        self._estimate = estimate
        self._seen = seen
        self._journal = journal
        self._means = means
        replies = Replies(journal=journal, cache=means.cache, cached_only=means.cached_only)
        self._context = Context(
            models=models,
            writer=models.of(estimate.writers[0].role),
            calls=Calls(
                run_id, emit=seen, budget=means.budget, replies=replies, flights=means.flights, policy=means.policy
            ),
            documents=loaded.documents,
            chunks=cut.chunks,
            retriever=cut.ranking.get,
            config=resolved.config,
            emit=seen,
            delimiters=means.delimiters,
            seed=seed,
            verify=means.verify,
            questions=together,
            reranker=means.reranker,
            index=means.index,
        )

    @property
    def context(self) -> Context:
        """What the nodes work with."""
        return self._context

    async def answer(self) -> Answer:
        """Answer the question; go on where an attempt at the same stopped.

        Raises:
            ModelError: the server refuses all calls or is gone, no chunk could be read, or no answer written. What was
                read is kept for the next attempt.
        """
        started, journal, calls = monotonic(), self._journal, self._context.calls
        self._seen(
            RunStarted(
                strategy=self._resolved.strategy.name,
                reason=self._resolved.reason,
                model=self._models.default.name,
                chunks=len(self._cut.chunks),
                calls=self._estimate.calls,
            )
        )
        if journal is not None and journal.resumed:
            self._seen(RunResumed(calls=journal.taken))
        try:
            state = await self._walk()
            if journal is not None and journal.before == "running":
                # A checkpoint spares also the replay.
                calls.meter.spare(max(0, journal.taken - self._seen.replayed))
            answer = self._answer(state, seconds=round(monotonic() - started, 3))
        except Exception:
            # Not when cancelled: then the next attempt goes on as if nothing had been.
            if journal is not None:
                await journal.finish("failed")
            raise
        if journal is not None:
            await journal.finish("partial" if answer.partial else "finished", answer.to_dict())
        return answer

    async def aclose(self) -> None:
        """Give back what is still promised, and let go of the journal. Safe to call twice."""
        self._means.budget.forget(self._run)
        if self._journal is not None:
            await self._journal.aclose()

    async def _walk(self) -> RunState:
        """Lead the question through the graph."""
        from langsmith.run_helpers import tracing_context

        means, journal = self._means, self._journal
        store = None
        # Runs that read together take the same way again, from their journals: checkpoints of one that failed and one
        # that was interrupted by it would lead them apart.
        if journal is not None and journal.works and not self._context.questions:
            store = checkpointer(means.checkpoints or journal.path)
        # A tracing variable meant for another program must not send this document's questions anywhere.
        with tracing_context(enabled=means.langsmith):
            async with store or nullcontext() as saver:
                if saver is not None and journal is not None and journal.before != "running":
                    # What a limit or a failure cut off is read on from the journal.
                    await forget(saver, self._run)
                graph = orchestrator.build(self._resolved.strategy, saver)
                try:
                    state = await resume_or_start(
                        graph,
                        {"question": self._question},
                        context=self._context,
                        run_id=self._run,
                        # The nodes after the strategy do other things for another `verify`; that costs no call.
                        about=f"{self._cut.hash} {means.verify}",
                        steps=_STEPS + 4 * len(self._cut.chunks),
                        callbacks=means.callbacks,
                    )
                    return cast("RunState", state)
                except BudgetReached as reached:
                    return orchestrator.unwritten(self._question, reached.message)

    def _answer(self, state: RunState, *, seconds: float) -> Answer:
        context, chunks = self._context, len(self._cut.chunks)
        read = self._seen.read.union(state["chunks_read"])
        # Of several chains one may have read what another could not.
        failed = self._seen.failed.union(state["chunks_failed"]) - read
        # A chunk that was read in parts, one of which could not be, failed as a whole; but it may have told something.
        if failed and not read and not context.calls.stopped and not state["evidence"]:
            raise ModelError(f"None of the chunks could be read; the last: {self._seen.last_failure}")
        warnings = [*state["warnings"]]
        if context.calls.stopped:
            what = "Not everything was read" if chunks else "The reasoning was cut short"
            warnings.append(f"{what}: {context.calls.stopped}")
        if failed:
            warnings.append(f"{len(failed)} of {chunks} chunks could not be read.")
        for warning in warnings:
            self._seen(Warned(message=warning))
        return Answer(
            question=self._question,
            text=state["text"],
            found=state["text"] is not None,
            partial=state["partial"] or bool(context.calls.stopped),
            written="unwritten" not in state,
            traced=self._traced(state),
            verify=context.verify,
            citations=tuple(context.citation(ref) for ref in state["citations"]),
            conflicts=tuple(context.conflict(ref) for ref in state.get("conflicts", [])),
            strategy=self._resolved.strategy.name,
            strategy_reason=self._resolved.reason,
            model=self._models.default.name,
            usage=context.calls.meter.usage,
            coverage=Coverage(chunks=chunks, read=len(read), failed=len(failed)),
            ranking=self._cut.ranking.name,
            retrieval=Retrieval(**state["retrieval"]) if "retrieval" in state else None,
            seconds=seconds,
            warnings=(*self._loaded.warnings, *warnings),
            caveat=next((model.profile.caveat for model in self._models.each() if model.profile.caveat), None),
            run_id=self._run,
        )

    def _traced(self, state: RunState) -> bool | None:
        if not self._loaded.documents or self._context.verify == "off":
            return None
        return state["text"] is None or state["grounded"] or bool(state.get("overall"))
