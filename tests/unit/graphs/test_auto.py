"""`auto`: what is chosen for which question, text, model, limits and indexes, and that a run is found again."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain as joined
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import pytest
from support.questions import AGGREGATES, CALCULATIONS, COMPARISONS, EXPLANATIONS, LOOK_UPS, PATHS, SUMMARIES
from support.survey import NEEDLE, QUESTION, long_document

from longagent import Session
from longagent.answer import Answer
from longagent.documents import Document, Loaded
from longagent.documents.tokens import count_tokens
from longagent.errors import UsageError
from longagent.events import RunStarted
from longagent.graphs import Means, Models, Run, registry
from longagent.graphs.auto import RULES, Chooser, Situation, choosing, question_type, rule_for
from longagent.graphs.auto.describe import describe_rules
from longagent.graphs.auto.question_type import Kind
from longagent.graphs.cutting import Cutter
from longagent.graphs.resolve import Resolved, resolve
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Reply, Request
from longagent.llm.retries import Policy
from longagent.store.index_store import IndexStore
from longagent.store.runs import list_runs
from longagent.testing import PromptReader, ScriptedModel

LONG = long_document(pages=120)
PAGES = long_document()
SHORT = Document.from_text(NEEDLE)
PATH, WHY, TOTAL, COMPARE = PATHS[0], EXPLANATIONS[0], AGGREGATES[6], COMPARISONS[4]
ALL = [*LOOK_UPS, *SUMMARIES, *CALCULATIONS, *AGGREGATES, *COMPARISONS, *PATHS, *EXPLANATIONS]


async def _nothing_begun(_: Resolved) -> bool:
    return False


def choose(
    question: str,
    *more: str,
    document: Document = LONG,
    model: ScriptedModel | None = None,
    limits: Limits | None = None,
    index: Path | None = None,
) -> Resolved:
    models = Models(model or Indexing())

    async def go() -> Resolved:
        store = IndexStore(index) if index else None
        cutter = Cutter([document], models, scales={}, delimiters=Means().delimiters, index=store)
        chooser = Chooser([document], models, cutter, limits=limits or Limits(), index=store)
        try:
            return await chooser.choose(question, [question, *more], _nothing_begun)
        finally:
            if store:
                await store.aclose()

    return asyncio.run(go())


class Indexing(PromptReader):
    """A reader that can also tell the facts of a passage, and has an identity, so that they are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.profile = replace(self.profile, identity="tests")

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        return replace(reply, text="1. The surveyor walked. | surveyor") if request.role.endswith("facts") else reply


def make_index(folder: Path, document: Document = LONG) -> None:
    """Have a document indexed by `graph-reader`, as a question would."""

    async def go() -> None:
        store = IndexStore(folder)
        made = Run(
            Loaded((document,), ()),
            Models(Indexing()),
            resolve("graph-reader", {}),
            emit=lambda _: None,
            means=Means(index=store, policy=Policy(attempts=1)),
        )
        await made.answer(QUESTION, seed=0)
        await store.aclose()

    asyncio.run(go())


def named(*arguments: Any, **more: Any) -> str:
    return choose(*arguments, **more).strategy.name


@pytest.mark.parametrize(
    ("question", "strategy", "reason"),
    [
        (QUESTION, "rag", r"a fact is looked up; .* than the 4,096 tokens this model reads well at a time"),
        (SUMMARIES[0], "chain-of-agents", r"a summary \(“summarize”\): one running .* \d+ chunks \(task=summary\)"),
        (CALCULATIONS[1], "infty-think", r"a calculation \(“what percentage did sales grow”\): the passages that rank"),
        (TOTAL, "map-reduce", r"a total, a list or an extreme \(“how many people were injured in total”\): its \d+ ch"),
        (COMPARE, "map-reduce", r"a comparison \(“distinguishes”\): its \d+ chunks are read side by side"),
        (PATH, "chain-of-agents", r"only over something else \(“wife of … founder of”\): its \d+ chunks are read in"),
        (WHY, "chain-of-agents", r"an explanation \(“why”\): its \d+ chunks are read in order"),
    ],
)
def test_the_question_decides_over_a_long_text(question: str, strategy: str, reason: str) -> None:
    chosen = choose(question)
    assert chosen.strategy.name == strategy
    assert re.search(reason, chosen.reason), chosen.reason


def test_long_cues_are_cut() -> None:
    reason = choose("How much did the debt of the northern district to its own bank decrease from 2019 to 2020?").reason
    assert reason.startswith("the question asks for a calculation (“how much did the debt of the northern …”): the p")


def test_settings_that_a_choice_needs_are_part_of_it() -> None:
    chosen = choose(SUMMARIES[0])
    assert (chosen.config.task, chosen.chosen) == ("summary", {"task": "summary"})
    assert choose(WHY).chosen == {}


@pytest.mark.parametrize("small", [PromptReader(abstains=False), PromptReader(reading_tokens=1200)])
def test_a_small_model_is_given_what_it_was_always_given(small: PromptReader) -> None:
    for question in ALL:
        chosen = choose(question, model=small, document=PAGES)
        assert chosen.strategy.name == "rag"
        assert chosen.reason.startswith(("its ", "the document is far longer than the "))
        fits = choose(question, model=small, document=SHORT)
        assert (fits.strategy.name, fits.reason) == ("full-context", f"all {count_tokens(NEEDLE)} tokens fit")


def test_a_short_text_is_read_whole_unless_an_answer_in_a_sentence_does_not_do() -> None:
    for question in (QUESTION, TOTAL, COMPARE, PATH, WHY):
        assert named(question, document=SHORT) == "full-context"
    assert named(SUMMARIES[0], document=SHORT) == "chain-of-agents"
    assert named(CALCULATIONS[0], document=SHORT) == "infty-think"


def test_length_is_measured_by_window_and_by_what_models_read_well() -> None:
    assert named(QUESTION, document=long_document(pages=20), model=PromptReader(window=128_000)) == "full-context"
    assert named(QUESTION, document=long_document(pages=300), model=PromptReader(window=128_000)) == "rag"


def test_questions_that_say_nothing_are_looked_up() -> None:
    assert named("?") == "rag"


def test_without_any_document_nothing_is_chosen_but_what_fits_none() -> None:
    assert named(QUESTION, document=Document.from_text(" ")) == "full-context"


@pytest.mark.parametrize(
    ("limits", "lacking"),
    [
        (Limits(calls=2), r"map-reduce may take [\d,]+ calls"),
        (Limits(tokens=9_000), r"map-reduce may take [\d,]+ tokens"),
        (Limits(seconds=3), r"map-reduce may take \d+ s"),
    ],
)
def test_what_may_not_fit_the_limits_is_not_chosen(limits: Limits, lacking: str) -> None:
    chosen = choose(TOTAL, limits=limits)
    assert chosen.strategy.name == "rag"
    assert re.search(lacking, chosen.reason)
    assert chosen.reason.endswith("; so the passages that rank best are read")


def test_ample_limits_change_nothing() -> None:
    for limits in (Limits(calls=50), Limits(tokens=500_000), Limits(cost=1.0), Limits(seconds=600)):
        assert named(TOTAL, limits=limits) == "map-reduce"


def test_limits_hold_for_all_questions_together() -> None:
    calls = asyncio.run(run(PromptReader()).forecast(TOTAL)).calls
    assert named(TOTAL, limits=Limits(calls=calls)) == "map-reduce"
    assert named(TOTAL, QUESTION, limits=Limits(calls=calls)) == "rag"


def test_a_short_text_that_costs_too_much_is_not_read_whole() -> None:
    document = long_document(pages=12, needle_on=5)
    assert named(QUESTION, document=document) == "full-context"
    assert named(QUESTION, document=document, limits=Limits(tokens=1_000)) == "rag"


def test_nobody_is_surprised_by_a_million_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "MOST_TOKENS", 5_000)
    chosen = choose(WHY)
    assert chosen.strategy.name == "rag"
    assert "left to you to ask for by its name or a limit" in chosen.reason
    # Whoever names a limit on tokens or cost has said what it may take.
    assert named(WHY, limits=Limits(tokens=10**7)) == "chain-of-agents"
    assert named(WHY, limits=Limits(calls=10**3)) == "rag"


def test_a_window_too_small_for_what_suits_leaves_the_next_best(monkeypatch: pytest.MonkeyPatch) -> None:
    question = WHY + " I mean the committee of the northern district" * 40
    for window in (700, 1024, 1200, 2048, 4096):
        assert named(question, model=PromptReader(window=window)) in {"chain-of-agents", "alr2", "rag"}
    assert "would not fit the model's window" in choose(question, model=PromptReader(window=700)).reason


def test_in_a_hurry_what_reads_side_by_side_comes_first() -> None:
    assert named(SUMMARIES[0], limits=Limits(seconds=600)) == "hierarchical"


def test_many_questions_that_need_the_whole_text_are_worth_an_index() -> None:
    assert named(WHY, COMPARE) == "chain-of-agents"
    assert named(WHY, COMPARE, EXPLANATIONS[2]) == "read-agent"
    assert named(COMPARE, WHY, EXPLANATIONS[2]) == "read-agent"
    # Of these no index helps, nor is it needed.
    assert named(TOTAL, WHY, COMPARE, PATH) == "map-reduce"
    assert named(QUESTION, WHY, COMPARE, PATH) == "rag"


def test_an_index_that_is_there_is_used_by_a_single_question(tmp_path: Path) -> None:
    assert named(WHY, index=tmp_path) == named(WHY), "nothing is there yet"
    make_index(tmp_path)
    for question in (WHY, COMPARE, PATH):
        assert named(question, index=tmp_path) == "graph-reader"
    for question in (QUESTION, TOTAL, SUMMARIES[0], CALCULATIONS[0]):
        assert named(question, index=tmp_path) == named(question)
    assert named(WHY, index=tmp_path, document=SHORT) == "full-context"
    assert named(WHY, index=tmp_path, model=PromptReader(abstains=False)) == "rag"
    # Another model's facts are not this one's, and of a document that has changed a part is missing.
    assert named(WHY, index=tmp_path, model=PromptReader()) == named(WHY)
    changed = Document.from_text(LONG.text.replace("Page heading 9", "Page heading nine"))
    assert named(WHY, index=tmp_path, document=changed) == named(WHY)


def test_the_index_is_not_looked_for_where_it_means_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    async def look(_: Chooser, name: str) -> bool:
        looked.append(name)
        return False

    monkeypatch.setattr(Chooser, "_has_index", look)
    for question in (QUESTION, TOTAL, SUMMARIES[0], CALCULATIONS[0]):
        choose(question, index=tmp_path)
    assert looked == []
    choose(WHY, index=tmp_path)
    assert looked == ["graph-reader"]


def test_what_an_index_holds_need_not_fit_the_limits_again(tmp_path: Path) -> None:
    async def planned(folder: Path) -> int:
        store = IndexStore(folder)
        made = Run(
            Loaded((LONG,), ()),
            Models(Indexing()),
            resolve("graph-reader", {}),
            emit=lambda _: None,
            means=Means(index=store),
        )
        try:
            return (await made.forecast(WHY)).calls
        finally:
            await store.aclose()

    make_index(tmp_path / "there")
    calls, anew = asyncio.run(planned(tmp_path / "there")), asyncio.run(planned(tmp_path / "not"))
    assert calls < anew
    assert named(WHY, limits=Limits(calls=calls), index=tmp_path / "there") == "graph-reader"
    assert named(WHY, limits=Limits(calls=calls - 1), index=tmp_path / "there") != "graph-reader"


def test_strategies_that_are_not_there_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {way.strategy for rule in RULES for way in rule.ways} <= {*registry.names(), "long-agent", "alr2"} | {
        "graph-reader"
    }
    left = {name: where for name, where in registry._OURS.items() if name not in {"chain-of-agents", "alr2"}}
    monkeypatch.setattr(registry, "_OURS", left)
    assert named(SUMMARIES[0]) == "hierarchical"
    chosen = choose(WHY)
    assert (chosen.strategy.name, "no strategy for that is installed" in chosen.reason) == ("rag", True)


def situations() -> Iterator[Situation]:
    for question in (LOOK_UPS[0], SUMMARIES[0], CALCULATIONS[0], TOTAL, COMPARE, PATH, WHY, "?"):
        for readings in (1, 3):
            for hurry in (False, True):
                asked = question_type(question)
                made = Situation(asked=asked, length="", short=False, small=False)
                yield replace(made, readings=readings, hurry=hurry)


def first(situation: Situation, there: Sequence[str]) -> str:
    return next(way.strategy for way in rule_for(situation).ways if way.open(situation) and way.strategy in there)


def test_a_strategy_that_has_made_its_index_stays_the_choice() -> None:
    """Else the same command would be another run the second time."""
    indexing = ["graph-reader"]
    for missing in joined.from_iterable(combinations(["graph-reader", "long-agent", "alr2"], n) for n in range(4)):
        there = [way.strategy for rule in RULES for way in rule.ways if way.strategy not in missing]
        for situation in situations():
            chosen = first(situation, there)
            if chosen in indexing:
                assert first(replace(situation, indexed=frozenset({chosen})), there) == chosen


def test_every_kind_has_a_rule_and_every_rule_can_be_printed() -> None:
    known = set(get_args(Kind))
    assert {question_type(question).kind for question in [*ALL, "?"]} == known
    shown = describe_rules()
    assert [rule.when for rule in shown] == [rule.when for rule in RULES]
    assert "chain-of-agents (task=summary)" in {way.strategy for rule in shown for way in rule.ways}
    assert all(way.installed == (way.strategy.split()[0] in registry.names()) for rule in shown for way in rule.ways)


# What runs do with it.


def run(model: ScriptedModel, folder: Path | None = None, *, index: IndexStore | None = None, **limits: Any) -> Run:
    means = Means(runs=folder, budget=Budget(Limits(**limits)), policy=Policy(attempts=1), index=index)
    return Run(Loaded((LONG,), ()), Models(model), None, emit=lambda _: None, means=means)


class Hangs(Indexing):
    """Answers so many calls, then none."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after
        self.hanging = asyncio.Event()

    async def complete(self, request: Request) -> Any:
        if len(self.requests) >= self.after:
            self.hanging.set()
            await asyncio.sleep(60)
        return await super().complete(request)


def interrupt(folder: Path, question: str, **more: Any) -> None:
    async def go() -> None:
        model = Hangs(after=2)
        task = asyncio.ensure_future(run(model, folder, **more).answer(question, seed=0))
        await asyncio.wait_for(model.hanging.wait(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())


def answer(folder: Path, question: str, *, index: Path | None = None, **more: Any) -> tuple[Answer, int]:
    async def go() -> tuple[Answer, int]:
        model, store = Indexing(), IndexStore(index) if index else None
        said = await asyncio.wait_for(run(model, folder, index=store, **more).answer(question, seed=0), 30)
        if store:
            await store.aclose()
        return said, len(model.requests)

    return asyncio.run(go())


def test_a_run_that_was_begun_goes_on_whatever_was_indexed_or_allowed_since(tmp_path: Path) -> None:
    interrupt(tmp_path, WHY)
    (begun,) = asyncio.run(list_runs(tmp_path))
    assert (begun.manifest["strategy"], begun.calls) == ("chain-of-agents", 2)
    make_index(tmp_path / "index")
    said, calls = answer(tmp_path, WHY, index=tmp_path / "index", seconds=900)
    assert (said.strategy, said.run_id) == ("chain-of-agents", begun.run_id)
    assert said.strategy_reason.startswith("it was begun with chain-of-agents, and goes on; the question asks for an")
    assert calls == said.coverage.chunks + 1 - 2, "what was read is not read again"


def test_a_run_that_is_over_is_decided_anew(tmp_path: Path) -> None:
    before, _ = answer(tmp_path, WHY)
    again, _ = answer(tmp_path, WHY)
    assert (again.run_id, again.strategy_reason) == (before.run_id, before.strategy_reason)
    make_index(tmp_path / "index")
    indexed, _ = answer(tmp_path, WHY, index=tmp_path / "index")
    assert (before.strategy, indexed.strategy) == ("chain-of-agents", "graph-reader")


def test_a_cheap_answer_under_a_limit_does_not_stand_in_the_way_of_a_better_one(tmp_path: Path) -> None:
    assert answer(tmp_path, TOTAL, calls=1)[0].strategy == "rag"
    assert answer(tmp_path, TOTAL)[0].strategy == "map-reduce"


def test_a_begun_run_keeps_its_settings_and_can_be_asked_again_by_its_record(tmp_path: Path) -> None:
    interrupt(tmp_path, SUMMARIES[0])
    (begun,) = asyncio.run(list_runs(tmp_path))
    assert (begun.manifest["strategy"], begun.manifest["settings"]) == ("chain-of-agents", {"task": "summary"})
    said, _ = answer(tmp_path, SUMMARIES[0], seconds=900)
    assert said.run_id == begun.run_id


def test_every_question_of_a_batch_gets_its_own_strategy_and_says_why(tmp_path: Path) -> None:
    events: list[Any] = []
    with Session(model=PromptReader(), state_dir=tmp_path, cache=False) as session:
        answers = session.ask_many(LONG, [QUESTION, TOTAL, SUMMARIES[0]], on_event=events.append)
        forecast = session.estimate(LONG, [QUESTION, TOTAL, SUMMARIES[0]])
    assert [said.strategy for said in answers] == ["rag", "map-reduce", "chain-of-agents"]
    started = {event.strategy: event for event in events if isinstance(event, RunStarted)}
    assert [started[said.strategy].reason for said in answers] == [said.strategy_reason for said in answers]
    assert answers[0].to_dict()["strategy_reason"] == answers[0].strategy_reason
    assert forecast.strategy == "rag, map-reduce, chain-of-agents"
    assert all(said.strategy_reason in forecast.reason for said in answers)
    assert forecast.calls == sum(started[said.strategy].calls for said in answers)


def test_gists_that_several_questions_share_are_forecast_once() -> None:
    model = PromptReader()
    questions = [QUESTION, WHY, COMPARE, EXPLANATIONS[2]]
    forecast = asyncio.run(run(model).forecast(*questions))
    assert forecast.strategy == "rag, read-agent"
    calls = {role.role: role.calls for role in forecast.roles}
    assert calls["gist"] == forecast.chunks or calls["gist"] < 2 * forecast.chunks
    assert model.requests == []


def test_a_role_that_the_chosen_strategy_lacks_is_refused() -> None:
    models = Models(PromptReader(), {"judge": PromptReader()})
    made = Run(Loaded((LONG,), ()), models, None, emit=lambda _: None)
    with pytest.raises(UsageError, match="rag has no role 'judge'"):
        asyncio.run(made.forecast(QUESTION))
    assert asyncio.run(made.forecast(WHY)).strategy == "chain-of-agents"
