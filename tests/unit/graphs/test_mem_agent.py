"""`mem-agent`: what each call sees of the memory, what becomes of it, and when reading ends."""

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
from longagent.errors import ContentRefusedError, ContextTooLongError, ModelError, UsageError, WindowTooSmallError
from longagent.events import ChunkFailed, Event, UnitWritten
from longagent.graphs import Forecast, Means, Models, Run, resolve
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Reply, Request
from longagent.testing import ScriptedModel
from longagent.testing.readers import NOTHING, Read, chain_reader, read_prompt


class Reader(ScriptedModel):
    """Replies from a function of what a prompt holds and the number of the call; tells what its prompts held."""

    def __init__(self, reply: Callable[[Read, int], str] | None = None, **profile: Any) -> None:
        super().__init__(self._said, **profile)
        self._reply_to = reply or (lambda read, number: f"Memory {number}.")
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
        """The text each reader was given."""
        return [read.passages()[0] for read in self.reads if "passages" in read.slots]

    def memories(self) -> list[str]:
        """The memory each call was given."""
        return [read.passages("memory")[0] for read in self.reads]


class Asked:
    """A run of `mem-agent` with chunks of at most 300 tokens, which cut the survey into a few."""

    def __init__(
        self,
        model: ScriptedModel,
        settings: Mapping[str, Any] | None = None,
        *,
        document: Document | None = None,
        question: str = QUESTION,
        limits: Limits | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.document = document or long_document(10, needle_on=5)

        async def go() -> tuple[Forecast, Answer]:
            resolved = resolve("mem-agent", {"chunk_tokens": 300, **(settings or {})})
            means = Means(budget=Budget(limits or Limits()))
            run = Run(Loaded((self.document,), ()), Models(model), resolved, emit=self.events.append, means=means)
            return await run.forecast(question), await run.answer(question, seed=None)

        self.forecast, self.answer = asyncio.run(go())
        self.n = self.answer.coverage.chunks

    @property
    def written(self) -> list[int]:
        """The chunks as memories were written for them."""
        return [event.chunk for event in self.events if isinstance(event, UnitWritten)]


LAYOUTS = pytest.mark.parametrize("layout", ["cache", "paper"])


@LAYOUTS
def test_each_call_sees_its_chunk_and_the_memory_before_it_and_none_earlier(layout: str) -> None:
    model = Reader()
    asked = Asked(model, {"layout": layout})
    n, suffix = asked.n, "_paper" if layout == "paper" else ""
    assert n >= 6
    assert model.roles == [f"update{suffix}"] * n + [f"answer{suffix}"]
    assert model.memories() == [NOTHING, *(f"Memory {k}." for k in range(1, n + 1))]
    for number, prompt in enumerate(model.prompts):
        assert [k for k in range(1, n + 2) if f"Memory {k}." in prompt] == ([number] if number else [])
        assert sum(piece in prompt for piece in model.passages()) == (number < n)
        assert prompt.count(QUESTION) == 1
    text = "".join(model.passages())
    assert re.sub(r"\s", "", text) == re.sub(r"\s", "", asked.document.text)
    assert "dunes" not in model.prompts[-1]
    assert [request.final for request in model.requests] == [False] * n + [True]
    assert asked.written == list(range(n))
    assert (asked.answer.usage.calls, asked.forecast.calls, asked.forecast.depth) == (n + 1, n + 1, n + 1)
    assert asked.forecast.exact


def test_layouts_differ_in_the_order_of_the_same() -> None:
    prompts = {}
    for layout in ("cache", "paper"):
        model = Reader()
        Asked(model, {"layout": layout})
        prompt, passage = model.prompts[1], model.passages()[1]
        prompts[layout] = [prompt.index(part) for part in (passage, QUESTION, "Memory 1.")]
    assert prompts["cache"] == sorted(prompts["cache"])
    passage, question, memory = prompts["paper"]
    assert question < memory < passage


def test_two_questions_share_all_of_a_prompt_up_to_the_question() -> None:
    first, second = Reader(), Reader()
    Asked(first)
    Asked(second, question="What was seen near marker 3?")
    begins = first.prompts[0].index(QUESTION)
    assert begins > len(first.passages()[0])
    assert first.prompts[0][:begins] == second.prompts[0][:begins]


@LAYOUTS
def test_four_hundred_chunks_are_all_read_and_nothing_is_left_out(layout: str) -> None:
    model = ScriptedModel(lambda request: chain_reader(request.messages))
    document = long_document(200, needle_on=171)
    asked = Asked(model, {"layout": layout, "chunk_tokens": 128, "memory_tokens": 100}, document=document)
    assert asked.n >= 400
    assert asked.answer.coverage.read == asked.n
    assert len(model.requests) == asked.n + 1
    read = "".join(read_prompt(request.messages).passages()[0] for request in model.requests[:-1])  # type: ignore[union-attr]
    assert re.sub(r"\s", "", read) == re.sub(r"\s", "", document.text)
    assert [citation.page for citation in asked.answer.citations] == [171]


def test_one_chunk_is_two_calls() -> None:
    model = Reader(lambda read, number: NEEDLE)
    asked = Asked(model, document=Document.from_text(NEEDLE))
    assert model.roles == ["update", "answer"]
    assert asked.answer.citations[0].quote == NEEDLE


@pytest.mark.parametrize("page", [1, 5, 10])
@LAYOUTS
def test_the_page_cited_is_that_of_the_chunk_a_sentence_came_from(layout: str, page: int) -> None:
    model = ScriptedModel(lambda request: chain_reader(request.messages))
    asked = Asked(model, {"layout": layout}, document=long_document(10, needle_on=page))
    (citation,) = asked.answer.citations
    assert (citation.page, citation.quote) == (page, NEEDLE)


def test_a_memory_that_holds_no_answer_is_not_found() -> None:
    model = ScriptedModel(lambda request: chain_reader(request.messages))
    asked = Asked(model, question="Who painted the ceiling of the opera?")
    assert (asked.answer.found, asked.answer.exit_code) == (False, 4)
    assert asked.answer.coverage.read == asked.n


def test_an_answer_in_a_box_is_taken_out_of_it() -> None:
    model = Reader(lambda read, number: NEEDLE if "passages" in read.slots else r"So it is \boxed{482,000 crowns}.")
    asked = Asked(model, {"layout": "paper"})
    assert asked.answer.text == "482,000 crowns"
    assert asked.answer.citations[0].page == 5


# What goes wrong.


def test_a_chunk_that_fails_leaves_the_memory_as_it_is() -> None:
    model = Reader()
    model.refuse = lambda prompt: ContentRefusedError("declined.") if "Page heading 6\n" in prompt else None
    asked = Asked(model)
    (failed,) = [event.chunk for event in asked.events if isinstance(event, ChunkFailed)]
    assert 0 < failed < asked.n - 1
    memories = model.memories()
    assert memories[failed + 1] == memories[failed] == f"Memory {failed}."
    assert (asked.answer.coverage.failed, asked.answer.coverage.read) == (1, asked.n - 1)
    assert any("1 of" in warning and "could not be read" in warning for warning in asked.answer.warnings)


def test_a_chunk_that_is_too_long_is_read_in_halves_and_a_half_that_fails_costs_only_itself() -> None:
    model = Reader()

    def refuse(prompt: str) -> Exception | None:
        if len(model.requests) == 2:
            return ContextTooLongError("too long.")
        return ContentRefusedError("declined.") if len(model.requests) == 4 else None

    model.refuse = refuse
    asked = Asked(model)
    _, whole, first, second, *_ = model.passages()
    assert first + second == whole
    assert model.memories()[1:6] == ["Memory 1.", "Memory 1.", "Memory 3.", "Memory 3.", "Memory 5."]
    assert (asked.answer.coverage.failed, asked.answer.coverage.read) == (1, asked.n - 1)


def test_empty_replies_leave_the_memory_as_it_is() -> None:
    model = Reader(lambda read, number: NEEDLE if NEEDLE in "".join(read.slots.values()) else "")
    asked = Asked(model)
    assert asked.answer.found
    assert set(model.memories()) == {NOTHING, NEEDLE}
    assert asked.answer.coverage.failed > 0


def test_where_nothing_can_be_read_nobody_is_asked_for_an_answer() -> None:
    model = Reader(lambda read, number: "")
    with pytest.raises(ModelError, match="None of the chunks could be read"):
        Asked(model)
    assert "answer" not in model.roles


@pytest.mark.parametrize("most", [2, 3, 5])
def test_a_reading_out_of_calls_answers_from_the_memory_it_has(most: int) -> None:
    model = Reader()
    asked = Asked(model, limits=Limits(calls=most))
    assert model.roles == ["update"] * (most - 1) + ["answer"]
    assert model.memories()[-1] == f"Memory {most - 1}."
    assert (asked.answer.partial, asked.answer.exit_code) == (True, 3)
    assert asked.answer.coverage.read == most - 1


def test_a_reading_that_may_read_nothing_asks_nobody() -> None:
    model = Reader()
    asked = Asked(model, limits=Limits(calls=1))
    assert model.requests == []
    assert (asked.answer.text, asked.answer.partial, asked.answer.coverage.read) == (None, True, 0)


class Rambling(Reader):
    """Fills every reply to its cap."""

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        text = " ".join(["dune"] * request.max_tokens)
        while count_tokens(text) > request.max_tokens:
            text = text[: text.rindex(" ")]
        return replace(reply, text=text, finish="length")


def test_memories_that_their_cap_cut_off_are_used_and_told() -> None:
    asked = Asked(Rambling(), {"memory_tokens": 40})
    assert any(f"{asked.n} memories were cut at 40 tokens" in warning for warning in asked.answer.warnings)
    assert asked.answer.coverage.read == asked.n


@pytest.mark.parametrize("window", [1024, 2048, 3000, 8192])
@pytest.mark.parametrize("words", [1, 150])
@pytest.mark.parametrize(
    "settings", [{}, {"layout": "paper"}, {"layout": "paper", "update_gate": True, "exit_gate": True}]
)
def test_no_prompt_is_longer_than_the_window(window: int, words: int, settings: dict[str, Any]) -> None:
    if window == 1024 and words > 1:
        settings = {**settings, "memory_tokens": 64}
    model = Rambling(window=window)  # asserts that prompt and reply fit
    document = Document.from_text(long_document(40).text.replace("\n", " "))
    question = "Why? " * words + QUESTION
    asked = Asked(model, {"chunk_tokens": 9999, **settings}, document=document, question=question)
    assert asked.answer.coverage.read == asked.n
    longest = max(count_tokens(prompt) + r.max_tokens for prompt, r in zip(model.prompts, model.requests, strict=True))
    assert longest > 0.7 * window  # and the room there is gets used
    usage = asked.answer.usage
    assert (usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens
    assert (usage.completion_tokens or 0) <= asked.forecast.completion_tokens


def test_chunks_are_five_thousand_tokens_long_at_most() -> None:
    model = Reader(window=100_000)
    Asked(model, {"chunk_tokens": 5000}, document=long_document(100))
    longest = max(map(count_tokens, model.passages()))
    assert 4000 < longest <= 5100
    assert {request.max_tokens for request in model.requests} == {1024}


@pytest.mark.parametrize(
    ("settings", "question", "told"),
    [
        ({"memory_tokens": 500}, QUESTION, r"two memories 1000.*-S memory_tokens=N"),
        ({}, "Why? " * 600, r"instructions and question take \d+"),
        ({"answer_tokens": 8000}, QUESTION, r"an answer of 8000 do not fit before who answers.*answer_tokens=N"),
    ],
)
def test_what_cannot_fit_is_refused_before_any_call(settings: dict[str, Any], question: str, told: str) -> None:
    model = Reader(window=1024)
    with pytest.raises(WindowTooSmallError, match=told):
        Asked(model, settings, question=question)
    assert model.requests == []


# Gates.


@LAYOUTS
def test_with_the_update_gate_the_memory_stays_word_for_word_where_a_chunk_adds_nothing(layout: str) -> None:
    def reply(read: Read, number: int) -> str:
        if "passages" not in read.slots:
            return "482,000 crowns"
        return NEEDLE if NEEDLE in read.passages()[0] else "**No change.**"

    model = Reader(reply)
    asked = Asked(model, {"layout": layout, "update_gate": True})
    assert set(model.memories()) == {NOTHING, NEEDLE}
    assert len(asked.written) == 1
    assert (len(model.requests), asked.answer.coverage.read) == (asked.n + 1, asked.n)
    assert asked.answer.citations[0].page == 5
    assert (asked.forecast.exact, asked.answer.warnings) == (False, ())


def test_without_the_update_gate_what_is_said_replaces_the_memory_whatever_it_is() -> None:
    model = Reader(lambda read, number: NEEDLE if NEEDLE in read.passages()[0] else "No change.")
    Asked(model)
    assert not any("No change" in prompt for prompt in model.prompts[:1])
    assert model.memories()[-1] == "No change."


def test_what_a_reader_adds_to_its_memory_goes_after_it() -> None:
    def reply(read: Read, number: int) -> str:
        return {1: "Anna lives.", 2: "No change. Bob lives, too.", 3: "No change. Anna lives."}.get(
            number, "Unchanged."
        )

    model = Reader(reply)
    asked = Asked(model, {"update_gate": True})
    assert model.memories()[1:5] == ["Anna lives.", *["Anna lives.\nBob lives, too."] * 3]
    assert asked.written == [0, 1, 2]


def test_a_memory_that_is_added_to_grows_no_longer_than_its_cap() -> None:
    model = Reader(lambda read, number: f"No change. {f'Gull {number} was seen. ' * 4}")
    asked = Asked(model, {"update_gate": True, "memory_tokens": 40})
    assert max(map(count_tokens, model.memories())) <= 40
    assert model.memories()[-1].startswith("Gull 1")
    assert any("memories were cut at 40 tokens" in warning for warning in asked.answer.warnings)


def test_a_mere_refusal_leaves_an_earlier_memory_as_it_is_also_without_gates() -> None:
    nothing = "No relevant information was found."
    model = Reader(lambda read, number: nothing if NEEDLE not in read.slots.get("passages", NEEDLE) else NEEDLE)
    asked = Asked(model)
    assert set(model.memories()) == {NOTHING, nothing, NEEDLE}
    assert model.memories()[-1] == NEEDLE
    assert asked.answer.found


def test_an_update_gate_that_is_never_opened_leaves_nothing_to_answer_from() -> None:
    model = Reader(lambda read, number: "No change.")
    asked = Asked(model, {"update_gate": True})
    assert len(model.requests) == asked.n
    assert (asked.answer.found, asked.answer.partial, asked.answer.exit_code) == (False, False, 4)


def test_a_reader_that_has_all_it_needs_ends_the_reading_by_the_exit_gate() -> None:
    def reply(read: Read, number: int) -> str:
        if "passages" not in read.slots:
            return "482,000 crowns"
        enough = NEEDLE in read.passages()[0]
        return f"Memory: {NEEDLE if enough else 'Dunes.'}\nEnough: {'yes' if enough else 'no'}"

    model = Reader(reply)
    asked = Asked(model, {"exit_gate": True})
    read = asked.answer.coverage.read
    assert 1 < read < asked.n
    assert model.roles == ["update"] * read + ["answer"]
    assert model.memories()[-1] == NEEDLE
    assert (asked.answer.found, asked.answer.partial, asked.answer.exit_code) == (True, False, 0)
    assert asked.answer.warnings == (f"The reader found its memory to be enough after {read} of {asked.n} chunks.",)
    assert (asked.forecast.exact, asked.forecast.calls) == (False, asked.n + 1)


def test_decisions_that_cannot_be_read_are_no_end_and_are_counted() -> None:
    model = Reader(lambda read, number: "Dunes.\nEnough: perhaps" if "passages" in read.slots else "Not found.")
    asked = Asked(model, {"exit_gate": True})
    assert asked.answer.coverage.read == asked.n == len(model.requests) - 1
    assert asked.answer.warnings == (
        f"{asked.n} replies did not tell whether the memory is enough, and reading went on.",
    )


def test_an_empty_memory_is_never_enough() -> None:
    model = Reader(lambda read, number: "No change.\nEnough: yes")
    asked = Asked(model, {"update_gate": True, "exit_gate": True})
    assert asked.answer.coverage.read == asked.n


# Models that never say "not found".


def small(reply: Callable[[Read, int], str]) -> Reader:
    return Reader(reply, abstains=False, reading_tokens=300)


def test_a_model_that_never_abstains_is_asked_for_one_sentence_which_must_be_carried() -> None:
    def reply(read: Read, number: int) -> str:
        held = "".join(read.slots.values())
        return NEEDLE if NEEDLE in held else "The harbour of Skagen was rebuilt in 1850 for 3 crowns."

    model = small(reply)
    asked = Asked(model)
    assert model.roles == ["update_brief"] * asked.n + ["answer"]
    assert set(model.memories()) == {"", NEEDLE}
    assert {request.max_tokens for request in model.requests} == {50}
    assert not any("Not found" in prompt or NOTHING in prompt for prompt in model.prompts)
    assert asked.answer.citations[0].page == 5


def test_such_a_model_is_not_asked_for_an_answer_when_nothing_was_found() -> None:
    model = small(lambda read, number: "It cost 913,000 dollars.")
    asked = Asked(model)
    assert len(model.requests) == asked.n
    assert (asked.answer.found, asked.answer.exit_code) == (False, 4)


def test_such_a_model_takes_no_decisions() -> None:
    asked = Asked(small(lambda read, number: NEEDLE), {"exit_gate": True, "update_gate": True})
    assert asked.answer.coverage.read == asked.n
    # Nothing of what it says may be carried, and then nobody answers.
    assert not asked.forecast.exact
    assert any("gates have no effect" in warning for warning in asked.answer.warnings)


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(UsageError, match="layout"):
        Asked(Reader(), {"layout": "sideways"})
