"""Documents and models, ready for questions."""

from collections.abc import Sequence
from dataclasses import replace

from longagent.answer import Answer
from longagent.documents import Loaded
from longagent.errors import UsageError
from longagent.events import Emit
from longagent.graphs.asked import Asked
from longagent.graphs.cutting import Cutter
from longagent.graphs.forecast import Forecast, all_of, forecast, most_for_answer
from longagent.graphs.identity import run_id
from longagent.graphs.means import Means
from longagent.graphs.promise import check_room, promise
from longagent.graphs.resolve import Resolved, check_roles, resolve_auto
from longagent.graphs.room import check_window
from longagent.graphs.seen import Seen
from longagent.llm.budget import Spend
from longagent.llm.flights import Flights
from longagent.llm.replies import remind
from longagent.llm.roles import Models
from longagent.store.journal import Journal


class Run:
    """Answers questions from documents with one strategy. Making one takes time where that is to be chosen."""

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
        self._resolved = resolved or resolve_auto(loaded.documents, models.default.profile)
        check_roles(self._resolved.strategy, list(models.by_role))
        self._loaded = loaded
        self._models = models
        self._emit = emit
        self._means = means or Means()
        self._flights = Flights(keep=True)
        self._cutter = Cutter(
            loaded.documents,
            models,
            self._resolved,
            scales=self._means.scales,
            delimiters=self._means.delimiters,
            index=self._means.index,
        )
        self._check_prices()

    async def forecast(self, *questions: str) -> Forecast:
        """Tell what a question, or several as one batch, will take, without asking them."""
        together = self._together(questions)
        prepared = [await self._cutter.prepare(question, together) for question in questions]
        chunks = max((cut.chunks for cut, _ in prepared), key=len)
        estimate = all_of([estimate for _, estimate in prepared], reads_once=bool(together))
        strategy, reason = self._resolved.strategy.name, self._resolved.reason
        return forecast(strategy, reason, self._models, chunks, estimate)

    def _together(self, batch: Sequence[str]) -> tuple[str, ...]:
        """Return the questions of a batch, if they are to be read for together."""
        questions = tuple(dict.fromkeys(question.strip() for question in batch))
        once = len(questions) > 1 and self._resolved.strategy.reads_once(self._resolved.config)
        return questions if once else ()

    async def prepare(self, question: str, *, seed: int | None, batch: Sequence[str] = ()) -> Asked:
        """Get a question ready to be answered: documents cut, journal open, room for the answer promised. Close it.

        Args:
            question: in the user's words.
            seed: of sampling.
            batch: all questions that are asked with it. All are to be prepared before the first is answered.

        Raises:
            UsageError: the limits do not hold even the calls that write the answers.
        """
        together, means = self._together(batch), self._means
        cut, estimate = await self._cutter.prepare(question, together)
        final = most_for_answer(estimate, self._models)
        strategy, config, _ = self._resolved
        run = run_id(
            self._loaded.documents,
            question,
            together=together,
            strategy=strategy,
            config=config,
            models=self._models,
            seed=seed,
        )
        journal = None
        if means.runs is not None:
            manifest = {**means.manifest, "question": question, "strategy": strategy.name}
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
            resolved=self._resolved,
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
