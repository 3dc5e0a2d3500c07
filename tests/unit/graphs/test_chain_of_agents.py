"""`chain-of-agents`: who is called with what, in which order, and what becomes of it."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from support.survey import NEEDLE, QUESTION, long_document

from longagent.answer import Answer
from longagent.documents import Document, Loaded
from longagent.documents.tokens import count_tokens
from longagent.errors import ContentRefusedError, ContextTooLongError, WindowTooSmallError
from longagent.events import ChunkFailed, Event, UnitWritten
from longagent.graphs import Means, Models, Run, resolve
from longagent.graphs.chain_of_agents.config import ChainConfig, reading_order
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Reply, Request
from longagent.testing import ScriptedModel
from longagent.testing.readers import Read, chain_reader, read_prompt


class Chain(ScriptedModel):
    """Replies from a function of what a prompt holds and the number of the call; tells what its prompts held."""

    def __init__(self, reply: Callable[[Read, int], str] | None = None, **profile: Any) -> None:
        super().__init__(self._said, **profile)
        self._reply_to = reply or (lambda read, number: f"Unit {number}.")
        self.refuse: Callable[[str], Exception | None] = lambda prompt: None

    def _said(self, request: Request) -> str:
        if error := self.refuse(self.prompts[-1]):
            raise error
        return self._reply_to(self.reads[-1], len(self.requests))

    @property
    def reads(self) -> list[Read]:
        return [read for read in (read_prompt(request.messages) for request in self.requests) if read is not None]

    @property
    def roles(self) -> list[str]:
        return [read.name.partition("/")[2] for read in self.reads]

    def passages(self) -> list[str]:
        """The text each worker was given."""
        return [read.passages()[0] for read in self.reads if "passages" in read.slots]

    def units(self, slot: str = "summary") -> list[list[str]]:
        """The units each call was given."""
        return [read.passages(slot) if read.slots.get(slot) else [] for read in self.reads]


class Asked:
    """A run of `chain-of-agents` in a window of 1,024 tokens, which cuts the survey into a few chunks."""

    def __init__(
        self,
        model: ScriptedModel,
        settings: Mapping[str, Any] | None = None,
        *,
        document: Document | None = None,
        question: str = QUESTION,
        limits: Limits | None = None,
        seed: int | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.document = document or long_document(10, needle_on=5)

        async def go() -> Answer:
            resolved = resolve("chain-of-agents", {"window": 1024, **(settings or {})})
            means = Means(budget=Budget(limits or Limits()))
            run = Run(Loaded((self.document,), ()), Models(model), resolved, emit=self.events.append, means=means)
            return await run.answer(question, seed=seed)

        self.answer = asyncio.run(go())

    @property
    def order(self) -> list[int]:
        """The chunks as units were written for them."""
        return [event.chunk for event in self.events if isinstance(event, UnitWritten)]


def test_each_worker_sees_its_chunk_the_unit_before_and_the_question_and_the_manager_the_last_unit_alone() -> None:
    model = Chain()
    asked = Asked(model)
    n = asked.answer.coverage.chunks
    assert n >= 4
    assert model.roles == ["worker"] * n + ["manager"]
    assert model.units() == [[], *([f"Unit {k}."] for k in range(1, n + 1))]
    assert all(read.question == QUESTION for read in model.reads)
    text = "".join(model.passages())
    assert re.sub(r"\s", "", text) == re.sub(r"\s", "", asked.document.text)
    for piece, prompt in zip(model.passages(), model.prompts, strict=False):
        assert sum(other in prompt for other in model.passages()) == 1
        assert piece in prompt
    manager = model.prompts[-1]
    assert "passages" not in model.reads[-1].slots
    assert not any(f"Unit {k}." in manager for k in range(1, n))
    assert "dunes" not in manager
    assert [request.final for request in model.requests] == [False] * n + [True]
    assert asked.answer.usage.calls == n + 1
    assert asked.answer.coverage.read == n


@pytest.mark.parametrize(("direction", "step"), [("forward", 1), ("reverse", -1)])
def test_one_chain_reads_in_its_direction(direction: str, step: int) -> None:
    model = Chain()
    asked = Asked(model, {"direction": direction})
    assert asked.order == list(range(asked.answer.coverage.chunks))[::step]
    assert ("Page heading 1\n" in model.passages()[0]) == (step == 1)


def test_both_directions_are_two_chains_that_never_see_each_others_units() -> None:
    def reply(read: Read, number: int) -> str:
        (before, *_) = read.passages("summary") if read.slots.get("summary") else [""]
        return before or ("From the front." if "Page heading 1\n" in read.passages()[0] else "From the back.")

    model = Chain(reply)
    asked = Asked(model, {"direction": "both"})
    n = asked.answer.coverage.chunks
    orders = {path: [e.chunk for e in asked.events if isinstance(e, UnitWritten) and e.path == path] for path in (0, 1)}
    assert orders == {0: list(range(n)), 1: list(range(n))[::-1]}
    assert model.roles.count("worker") == 2 * n
    assert model.units()[-2:] == [["From the front."], ["From the back."]]
    assert asked.answer.usage.calls == 2 * n + 2


def test_permutations_are_seeded_different_for_each_path_and_hold_every_chunk_once() -> None:
    config = ChainConfig(direction="permuted", paths=5)
    orders = [reading_order(config, path, 40, 3) for path in range(5)]
    assert all(sorted(order) == list(range(40)) for order in orders)
    assert len(set(orders)) == 5
    assert orders == [reading_order(config, path, 40, 3) for path in range(5)]
    assert orders != [reading_order(config, path, 40, 4) for path in range(5)]


def test_a_permuted_chain_reads_in_its_permutation() -> None:
    asked = Asked(Chain(), {"direction": "permuted"}, seed=11)
    config = ChainConfig(direction="permuted")
    assert tuple(asked.order) == reading_order(config, 0, asked.answer.coverage.chunks, 11)


def test_several_paths_vote() -> None:
    def reply(read: Read, number: int) -> str:
        if read.name.endswith("/worker"):
            return NEEDLE
        return "482,000 crowns" if model.roles.count("manager") != 2 else "913,000 dollars"

    model = Chain(reply)
    asked = Asked(model, {"paths": 3})
    n = asked.answer.coverage.chunks
    assert asked.answer.usage.calls == 3 * n + 3
    assert asked.answer.text == "482,000 crowns"
    workers = [request for request in model.requests if not request.final]
    assert {request.sample for request in workers} == {0, 1, 2}
    assert {request.temperature for request in workers} == {0.7}
    assert {request.temperature for request in model.requests if request.final} == {0.0}


def test_a_judge_sees_the_last_unit_of_each_path_and_picks_one() -> None:
    def reply(read: Read, number: int) -> str:
        if read.name.endswith("/judge"):
            return "Choice: 2\nAnswer: 482,000 crowns"
        path = model.requests[-1].sample
        return NEEDLE if path == 1 else f"Path {path} found nothing."

    model = Chain(reply)
    asked = Asked(model, {"paths": 3, "choose": "judge"})
    n = asked.answer.coverage.chunks
    assert asked.answer.usage.calls == 3 * n + 1
    assert model.roles.count("judge") == 1
    assert model.units("summaries")[-1] == ["Path 0 found nothing.", NEEDLE, "Path 2 found nothing."]
    assert asked.answer.text == "482,000 crowns"
    assert asked.answer.citations[0].page == 5


@pytest.mark.parametrize("task", ["summary", "code"])
def test_tasks_without_a_query_keep_the_question_from_workers(task: str) -> None:
    model = Chain()
    Asked(model, {"task": task}, question="Outline the whole, briefly.")
    assert set(model.roles[:-1]) == {f"worker_{task}"}
    assert model.roles[-1] == f"manager_{task}"
    assert not any("Outline" in prompt for prompt in model.prompts[:-1])
    assert "Outline the whole, briefly." in model.prompts[-1]


def test_a_chunk_that_fails_is_passed_over_with_the_unit_unchanged() -> None:
    model = Chain()
    model.refuse = lambda prompt: ContentRefusedError("declined.") if "Page heading 6\n" in prompt else None
    asked = Asked(model)
    n, (failed,) = asked.answer.coverage.chunks, [e.chunk for e in asked.events if isinstance(e, ChunkFailed)]
    assert 0 < failed < n - 1
    units = model.units()
    assert units[failed + 1] == units[failed] == [f"Unit {failed}."]
    assert asked.answer.coverage.failed == 1
    assert asked.answer.coverage.read == n - 1
    assert any("1 of" in warning and "could not be read" in warning for warning in asked.answer.warnings)


def test_a_worker_that_says_only_that_it_found_nothing_leaves_the_unit_as_it_was() -> None:
    def reply(read: Read, number: int) -> str:
        return {1: "Nothing found yet.", 2: NEEDLE}.get(number, "No relevant information was found in this passage.")

    model = Chain(reply)
    asked = Asked(model)
    n = asked.answer.coverage.chunks
    assert model.units() == [[], ["Nothing found yet."], *([[NEEDLE]] * (n - 1))]
    assert asked.order == list(range(n))


def test_a_chunk_that_is_too_long_is_read_in_halves_one_after_the_other() -> None:
    model = Chain()
    longest = 0

    def refuse(prompt: str) -> Exception | None:
        nonlocal longest
        longest = longest or len(model.passages()[0]) * 3 // 4
        return (
            ContextTooLongError("too long.") if len(model.passages()[-1]) > longest and len(model.reads) < 4 else None
        )

    model.refuse = refuse
    asked = Asked(model)
    whole, first, second, *_ = model.passages()
    assert whole.startswith(first)
    assert whole.endswith(second)
    assert first + second == whole
    assert model.units()[1:3] == [[], ["Unit 2."]]
    assert asked.answer.coverage.failed == 0
    assert asked.answer.coverage.read == asked.answer.coverage.chunks


@pytest.mark.parametrize("most", [2, 3, 4])
def test_a_chain_out_of_calls_answers_from_the_unit_it_has(most: int) -> None:
    model = Chain()
    asked = Asked(model, limits=Limits(calls=most))
    assert model.roles == ["worker"] * (most - 1) + ["manager"]
    assert model.units()[-1] == [f"Unit {most - 1}."]
    assert (asked.answer.partial, asked.answer.exit_code) == (True, 3)
    assert asked.answer.coverage.read == most - 1


def test_a_chain_that_may_read_nothing_asks_no_manager() -> None:
    model = Chain()
    asked = Asked(model, limits=Limits(calls=1))
    assert model.requests == []
    assert (asked.answer.text, asked.answer.partial, asked.answer.coverage.read) == (None, True, 0)


class Rambling(Chain):
    """Fills every reply to its cap."""

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        text = " ".join(["dune"] * request.max_tokens)
        while count_tokens(text) > request.max_tokens:
            text = text[: text.rindex(" ")]
        return replace(reply, text=text, finish="length")


def test_units_that_their_cap_cut_off_are_used_and_told() -> None:
    asked = Asked(Rambling(), {"unit_tokens": 40})
    n = asked.answer.coverage.chunks
    assert any(f"{n} summaries were cut at 40 tokens" in warning for warning in asked.answer.warnings)
    assert asked.answer.coverage.read == n


@pytest.mark.parametrize("page", [1, 4, 10])
@pytest.mark.parametrize("settings", [{}, {"direction": "reverse"}, {"direction": "both"}, {"direction": "permuted"}])
def test_the_page_cited_is_that_of_the_chunk_a_sentence_came_from(settings: dict[str, Any], page: int) -> None:
    model = ScriptedModel(lambda request: chain_reader(request.messages))
    asked = Asked(model, settings, document=long_document(10, needle_on=page))
    assert asked.answer.found
    (citation,) = asked.answer.citations
    assert (citation.page, citation.quote) == (page, NEEDLE)


def test_units_that_hold_no_answer_are_not_found() -> None:
    model = ScriptedModel(lambda request: chain_reader(request.messages))
    asked = Asked(model, question="Who painted the ceiling of the opera?")
    assert (asked.answer.found, asked.answer.exit_code) == (False, 4)
    assert asked.answer.coverage.read == asked.answer.coverage.chunks


@pytest.mark.parametrize("window", [1024, 2048, 3000, 8192])
@pytest.mark.parametrize("words", [1, 200])
@pytest.mark.parametrize("settings", [{}, {"task": "summary"}, {"paths": 2, "choose": "judge"}])
def test_no_prompt_is_longer_than_the_window(window: int, words: int, settings: dict[str, Any]) -> None:
    if window == 1024 and words == 200 and not settings.get("task"):
        settings = {**settings, "unit_tokens": 64}
    model = Rambling(window=window)  # asserts that prompt and reply fit
    question = "Why? " * words + QUESTION
    document = Document.from_text(long_document(40).text.replace("\n", " "))
    asked = Asked(model, {**settings, "window": window}, document=document, question=question)
    assert asked.answer.coverage.read == asked.answer.coverage.chunks
    longest = max(count_tokens(prompt) + r.max_tokens for prompt, r in zip(model.prompts, model.requests, strict=True))
    assert longest > 0.75 * window  # and the room there is gets used


@pytest.mark.parametrize(
    ("settings", "question", "told"),
    [
        ({"window": 400}, QUESTION, r"window of 400 tokens.*-S window=N"),
        ({"unit_tokens": 450}, QUESTION, r"two summaries 900.*-S unit_tokens=N"),
        ({}, "Why? " * 600, r"instructions and question take \d+"),
        ({"answer_tokens": 8000}, QUESTION, r"an answer of 8000 do not fit before the manager.*answer_tokens=N"),
        ({"paths": 99, "choose": "judge"}, QUESTION, r"99 summaries of 128 tokens .* before the judge.*paths=N"),
    ],
)
def test_what_cannot_fit_is_refused_before_any_call(settings: dict[str, Any], question: str, told: str) -> None:
    model = Chain()
    with pytest.raises(WindowTooSmallError, match=told):
        Asked(model, settings, question=question)
    assert model.requests == []
