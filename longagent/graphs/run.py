"""Documents and models, ready for questions."""

from collections.abc import Sequence
from dataclasses import replace

from longagent.answer import Answer
from longagent.documents import Loaded
from longagent.errors import UsageError
from longagent.events import Emit
from longagent.graphs.asked import Asked
from longagent.graphs.auto import Chooser
from longagent.graphs.cutting import Cutter
from longagent.graphs.forecast import Forecast, all_of, forecast, most_for_answer
from longagent.graphs.identity import run_id
from longagent.graphs.means import Means
from longagent.graphs.promise import check_room, promise
from longagent.graphs.resolve import Resolved, check_roles
from longagent.graphs.room import check_window
from longagent.graphs.seen import Seen
from longagent.llm.budget import Spend
from longagent.llm.flights import Flights
from longagent.llm.replies import remind
from longagent.llm.roles import Models
from longagent.store.journal import Journal
from longagent.store.runs import read_run


class Run:
    """Answers questions from documents, with one strategy or with one that is chosen for each question."""

    def __init__(
        self, loaded: Loaded, models: Models, resolved: Resolved | None, *, emit: Emit, means: Means | None = None
    ) -> None:
        """Take documents and models; `resolved` is `None` for `auto`.

        Raises:
            WindowTooSmallError: a model's window holds no useful piece of document.
            UsageError: a model was named for a role that the strategy does not have, or a limit on cost lacks a price.
        """
        for model in models.each():
            check_window(model.profile.window)
        if resolved is not None:
            check_roles(resolved.strategy, list(models.by_role))
        self._resolved = resolved
        self._loaded = loaded
        self._models = models
        self._emit = emit
        self._means = means or Means()
        self._flights = Flights(keep=True)
        self._cutter = Cutter(
            loaded.documents,
            models,
            scales=self._means.scales,
            delimiters=self._means.delimiters,
            index=self._means.index,
            ranking=self._means.ranking,
            emit=emit,
        )
        self._chooser = Chooser(
            loaded.documents,
            models,
            self._cutter,
            limits=self._means.budget.limits,
            index=self._means.index,
        )
        self._check_prices()

    async def forecast(self, *questions: str, seed: int | None = None) -> Forecast:
        """Tell what a question, or several as one batch, will take, without asking them."""
        ways = [await self._resolve(question, questions, seed) for question in questions]
        together = _together(ways[0], questions)
        prepared = [
            await self._cutter.prepare(question, resolved, together)
            for question, resolved in zip(questions, ways, strict=True)
        ]
        chunks = max((cut.chunks for cut, _ in prepared), key=len)
        estimate = all_of([estimate for _, estimate in prepared], reads_once=bool(together))
        names = dict.fromkeys(resolved.strategy.name for resolved in ways)
        reasons = dict.fromkeys(resolved.reason for resolved in ways)
        return forecast(", ".join(names), "; ".join(reasons), self._models, chunks, estimate)

    async def _resolve(self, question: str, batch: Sequence[str], seed: int | None) -> Resolved:
        """Return the strategy for a question: as asked, or chosen."""
        if self._resolved is not None:
            return self._resolved

        async def begun(resolved: Resolved) -> bool:
            if self._means.runs is None:
                return False
            run = self._run_id(question, resolved, (), seed)
            record = await read_run(self._means.runs, run)
            return record is not None and record.run_id == run and record.status != "finished"

        resolved = await self._chooser.choose(question, batch, begun)
        check_roles(resolved.strategy, list(self._models.by_role))
        return resolved

    def _run_id(self, question: str, resolved: Resolved, together: tuple[str, ...], seed: int | None) -> str:
        return run_id(
            self._loaded.documents,
            question,
            together=together,
            strategy=resolved.strategy,
            config=resolved.config,
            models=self._models,
            ranking=self._ranked_by,
            seed=seed,
        )

    @property
    def _ranked_by(self) -> str:
        ranking, reranker = self._means.ranking, self._means.reranker
        return ranking.identity if reranker is None else f"{ranking.identity} {reranker.identity}"

    async def prepare(self, question: str, *, seed: int | None, batch: Sequence[str] = ()) -> Asked:
        """Get a question ready to be answered: documents cut, journal open, room for the answer promised. Close it.

        Args:
            question: in the user's words.
            seed: of sampling.
            batch: all questions that are asked with it. All are to be prepared before the first is answered.

        Raises:
            UsageError: the limits do not hold even the calls that write the answers.
        """
        means, resolved = self._means, await self._resolve(question, batch, seed)
        together = _together(resolved, batch)
        cut, estimate = await self._cutter.prepare(question, resolved, together)
        final = most_for_answer(estimate, self._models)
        run = self._run_id(question, resolved, together, seed)
        journal = None
        if means.runs is not None:
            manifest = {**means.manifest, "question": question, "strategy": resolved.strategy.name}
            if resolved.chosen:
                manifest["settings"] = {key: str(value) for key, value in resolved.chosen.items()}
            if together:
                manifest["together"] = [*together]
            journal = await Journal.open(
                means.runs,
                run,
                manifest,
                anew=means.cache is None,
                # Before anything of an earlier attempt goes: a command that is refused must cost nothing.
                admit=lambda spent: check_room(means.budget, run, final, Spend(*spent)),
            )
        try:
            promise(means.budget, run, final, Spend() if journal is None else Spend(*journal.spent))
        except UsageError:
            if journal is not None:
                await journal.aclose()
            raise
        if together:
            means = replace(means, flights=self._flights)
            if journal is not None:
                # What one run had finished when all were interrupted, another may not have noted yet.
                await remind(self._flights, journal)
        return Asked(
            question,
            run_id=run,
            together=together,
            resolved=resolved,
            loaded=self._loaded,
            models=self._models,
            cut=cut,
            estimate=estimate,
            seen=Seen(self._emit, run),
            journal=journal,
            means=means,
            seed=seed,
        )

    async def answer(self, question: str, *, seed: int | None) -> Answer:
        """Answer a question; see `prepare` and `Asked.answer`."""
        asked = await self.prepare(question, seed=seed)
        try:
            return await asked.answer()
        finally:
            await asked.aclose()

    def _check_prices(self) -> None:
        unpriced = [model.name for model in self._models.each() if model.profile.price is None]
        if self._means.budget.limits.cost is not None and unpriced:
            raise UsageError(
                f"A limit on cost needs prices, and that of {unpriced[0]} is not known.",
                hint="Give it in the configuration (docs/models.md), or limit tokens or calls.",
            )


def _together(resolved: Resolved, batch: Sequence[str]) -> tuple[str, ...]:
    """Return the questions of a batch, if they are to be read for together."""
    questions = tuple(dict.fromkeys(question.strip() for question in batch))
    return questions if len(questions) > 1 and resolved.strategy.reads_once(resolved.config) else ()
