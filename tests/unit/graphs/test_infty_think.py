"""`infty-think`: rounds that know the last summary only, when they end, and what a document adds."""

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
from longagent.errors import ContentRefusedError, ContextTooLongError, ModelError, WindowTooSmallError
from longagent.events import ChunkFailed, ChunksRead, Event, Reasoned
from longagent.graphs import Forecast, Means, Models, Run, resolve
from longagent.graphs.describe import describe
from longagent.graphs.fitting import fit
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Reply, Request
from longagent.llm.retries import Policy
from longagent.testing import ScriptedModel
from longagent.testing.readers import Read, read_prompt

RIDDLE = "Anna is twice as old as Bob was when she was as old as he is now. Together they are 63. How old is Bob?"


def carry_on(read: Read, number: int) -> str:
    """Reply with a summary that tells the number of the call, and to who must conclude with an answer."""
    if "concluder" in read.name:
        return "Concluded at last."
    return f"Reasoning: Thought {number}.\nSummary:\nEstablished: fact {number}.\nOpen: all else.\nNext: go on."


def conclude_in(round_: int) -> Callable[[Read, int], str]:
    def reply(read: Read, number: int) -> str:
        return "Reasoning: Done.\nConclusion: Bob is 27." if number == round_ else carry_on(read, number)

    return reply


class Thinker(ScriptedModel):
    """Replies from a function of what a prompt holds and the number of the call; tells what its prompts held."""

    def __init__(self, reply: Callable[[Read, int], str] = carry_on, **profile: Any) -> None:
        super().__init__(self._said, **profile)
        self._reply_to = reply
        self.refuse: Callable[[str], Exception | None] = lambda prompt: None

    @staticmethod
    def _read(request: Request) -> Read | None:
        # What a repair adds is none of the prompt.
        first = [message | {"content": message["content"].split("\n\n(Your last")[0]} for message in request.messages]
        return read_prompt(first)

    def _said(self, request: Request) -> str:
        if error := self.refuse(request.messages[-1]["content"]):
            raise error
        read = self._read(request)
        assert read is not None
        return self._reply_to(read, len(self.requests))

    @property
    def reads(self) -> list[Read]:
        return [read for read in map(self._read, self.requests) if read is not None]

    @property
    def roles(self) -> list[str]:
        return [read.name.partition("/")[2] for read in self.reads]

    def passages(self) -> list[list[str]]:
        """The texts each call was given."""
        return [read.passages() if read.slots.get("passages") else [] for read in self.reads]

    def summaries(self) -> list[str]:
        """The summary each call was given."""
        return ["".join(read.passages("summary")) if read.slots.get("summary") else "" for read in self.reads]


class Asked:
    """A question to `infty-think`, of a survey or of nothing, in a window of 1,024 tokens."""

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
        self.document = document
        self.forecast: Forecast

        async def go() -> Answer:
            resolved = resolve("infty-think", {"window": 1024, **(settings or {})})
            means = Means(budget=Budget(limits or Limits()), policy=Policy(attempts=1))
            documents = () if document is None else (document,)
            run = Run(Loaded(documents, ()), Models(model), resolved, emit=self.events.append, means=means)
            self.forecast = await run.forecast(question)
            return await run.answer(question, seed=None)

        self.answer = asyncio.run(go())

    @property
    def rounds(self) -> list[Reasoned]:
        return [event for event in self.events if isinstance(event, Reasoned)]


def survey(pages: int = 10, *, needle_on: int = 2) -> Document:
    return long_document(pages, needle_on=needle_on)


def reason(model: ScriptedModel, settings: Mapping[str, Any] | None = None, **options: Any) -> Asked:
    return Asked(model, settings, question=RIDDLE, **options)


# --- rounds, without a document: the paper's form


def test_each_round_sees_the_question_and_the_last_summary_and_nothing_older() -> None:
    model = Thinker(conclude_in(5))
    asked = reason(model)
    assert model.roles == ["thinker"] * 5
    assert all(read.question == RIDDLE for read in model.reads)
    assert model.summaries()[0] == ""
    for number in range(1, 5):
        prompt = model.prompts[number]
        assert f"fact {number}." in prompt
        assert not any(f"fact {earlier}." in prompt for earlier in range(1, number))
        assert "Thought" not in prompt, "reasoning is dropped"
    assert (asked.answer.text, asked.answer.found, asked.answer.exit_code) == ("Bob is 27.", True, 0)


def test_what_was_reasoned_is_to_be_seen() -> None:
    asked = reason(Thinker(conclude_in(3)))
    assert [(event.round, event.reasoning, event.conclusion) for event in asked.rounds] == [
        (1, "Thought 1.", ""),
        (2, "Thought 2.", ""),
        (3, "Done.", "Bob is 27."),
    ]
    assert asked.rounds[0].summary.startswith("Established: fact 1.")
    assert asked.rounds[2].summary == ""


def test_a_reasoned_answer_cites_nothing_and_is_not_checked() -> None:
    asked = reason(Thinker(lambda read, number: 'Conclusion: "The harbour" cost 5 crowns in 1907.'))
    answer = asked.answer
    assert (answer.citations, answer.traced, answer.found, answer.warnings) == ((), None, True, ())
    assert (answer.coverage.chunks, answer.coverage.read) == (0, 0)
    assert answer.to_dict()["traced"] is None


@pytest.mark.parametrize("said", ["Not found.", "It cannot be determined."])
def test_a_conclusion_that_nothing_can_be_concluded_is_none(said: str) -> None:
    asked = reason(Thinker(lambda read, number: f"Conclusion: {said}"))
    assert (asked.answer.text, asked.answer.found, asked.answer.exit_code) == (None, False, 4)
    assert len(asked.rounds) == 1


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_after_the_last_round_one_final_call_concludes_from_the_last_summary(rounds: int) -> None:
    model = Thinker()
    asked = reason(model, {"rounds": rounds})
    assert model.roles == ["thinker"] * rounds + ["concluder_alone"]
    assert [request.final for request in model.requests] == [False] * rounds + [True]
    assert model.summaries()[-1].startswith(f"Established: fact {rounds}.")
    assert not any(f"fact {earlier}." in model.prompts[-1] for earlier in range(1, rounds))
    assert (asked.answer.text, asked.answer.partial) == ("Concluded at last.", False)
    assert asked.answer.usage.calls == asked.forecast.calls == rounds + 1


def test_the_default_is_ten_rounds() -> None:
    model = Thinker()
    assert reason(model).forecast.calls == 11
    assert model.roles.count("thinker") == 10


@pytest.mark.parametrize("most", [1, 2, 4])
def test_a_limit_ends_the_rounds_and_the_last_call_concludes(most: int) -> None:
    model = Thinker()
    asked = reason(model, limits=Limits(calls=most))
    assert model.roles == ["thinker"] * (most - 1) + ["concluder_alone"]
    assert (f"fact {most - 1}." in model.prompts[-1]) == (most > 1)
    assert (asked.answer.text, asked.answer.partial, asked.answer.exit_code) == ("Concluded at last.", True, 3)
    assert any(warning.startswith("The reasoning was cut short: the limit of") for warning in asked.answer.warnings)


def test_a_round_that_leaves_the_summary_as_it_was_is_the_last() -> None:
    def reply(read: Read, number: int) -> str:
        return carry_on(read, min(number, 3))

    model = Thinker(reply)
    reason(model)
    assert model.roles == ["thinker"] * 4 + ["concluder_alone"]


def test_of_a_summary_and_a_conclusion_the_conclusion_counts() -> None:
    model = Thinker(lambda read, number: "Reasoning: So.\nSummary: Established: 27.\nConclusion: Bob is 27.")
    assert reason(model).answer.text == "Bob is 27."
    assert len(model.requests) == 1


def test_a_conclusion_that_says_there_is_none_yet_is_none() -> None:
    def reply(read: Read, number: int) -> str:
        return carry_on(read, number) + ("\nConclusion: None yet." if "concluder" not in read.name else "")

    model = Thinker(reply)
    assert reason(model, {"rounds": 3}).answer.text == "Concluded at last."
    assert len(model.requests) == 4


def test_where_the_form_is_broken_twice_the_end_of_the_reply_is_the_summary() -> None:
    def reply(read: Read, number: int) -> str:
        return "Concluded at last." if "concluder" in read.name else f"Let me see {number}. " * 60 + f"So {number}."

    model = Thinker(reply)
    asked = reason(model, {"rounds": 2, "summary_tokens": 40})
    # Each round is asked once more.
    assert [request.final for request in model.requests] == [False] * 4 + [True]
    assert "neither a line 'Summary:'" in model.prompts[1]
    carried = asked.rounds[0].summary
    assert carried.endswith("So 2.")
    assert count_tokens(carried) <= 40
    assert carried in model.prompts[2]
    assert any("2 of 2 rounds ended with neither summary nor conclusion" in text for text in asked.answer.warnings)


def test_a_form_that_is_kept_when_asked_again_needs_no_warning() -> None:
    def reply(read: Read, number: int) -> str:
        return "Hm." if number == 1 else "Conclusion: Bob is 27."

    asked = reason(Thinker(reply))
    assert (asked.answer.text, asked.answer.warnings, asked.answer.usage.calls) == ("Bob is 27.", (), 2)


class Cut(Thinker):
    """Is cut off before it is done."""

    async def complete(self, request: Request) -> Reply:
        return replace(await super().complete(request), finish="stop" if request.final else "length")


@pytest.mark.parametrize("begin", ["<think>", "Reasoning: ", ""])
def test_thinking_that_was_never_closed_is_carried_on_from_its_end(begin: str) -> None:
    def reply(read: Read, number: int) -> str:
        return "27." if "concluder" in read.name else f"{begin}Let me see. Bob is younger. Step {number}."

    model = Cut(reply)
    asked = reason(model, {"rounds": 2})
    # What was cut off would be cut off again: nobody is asked once more.
    assert model.roles == ["thinker", "thinker", "concluder_alone"]
    assert model.summaries()[1] == "Let me see. Bob is younger. Step 1."
    assert asked.answer.text == "27."
    assert any("2 of 2 rounds ended" in warning for warning in asked.answer.warnings)


def test_a_summary_that_is_too_long_is_cut_and_told() -> None:
    def reply(read: Read, number: int) -> str:
        if "concluder" in read.name:
            return "27."
        return f"Summary: Established: fact {number}. " + "Bob is younger than Anna is. " * 40

    model = Thinker(reply)
    asked = reason(model, {"rounds": 2, "summary_tokens": 30})
    assert model.summaries()[1].startswith("Established: fact 1. Bob")
    assert count_tokens(model.summaries()[1]) <= 30
    assert any("2 of 2 rounds were cut short; -S summary_tokens=N" in warning for warning in asked.answer.warnings)


def test_a_round_that_fails_is_the_last() -> None:
    model = Thinker()
    model.refuse = lambda prompt: ContentRefusedError("declined.") if "fact 2." in prompt else None
    with pytest.raises(ContentRefusedError):
        reason(model)
    model = Thinker()
    refused = iter([None, None, ContentRefusedError("declined."), None])
    model.refuse = lambda prompt: next(refused)
    asked = reason(model)
    assert model.roles == ["thinker"] * 3 + ["concluder_alone"]
    assert asked.answer.text == "Concluded at last."
    assert any("Round 3 failed, and was the last: declined." in warning for warning in asked.answer.warnings)


def test_empty_replies_end_the_rounds_and_an_empty_conclusion_is_none() -> None:
    asked = reason(Thinker(lambda read, number: " "))
    assert (asked.answer.text, asked.answer.found, asked.answer.exit_code) == (None, False, 4)
    assert any("Round 1 failed" in warning for warning in asked.answer.warnings)


# --- evidence


def test_evidence_stands_in_the_first_round_only() -> None:
    model = Thinker()
    document = survey(30, needle_on=17)
    asked = Asked(model, {"rounds": 3, "window": 2048}, document=document)
    first, *others = model.passages()
    assert len(first) > 1
    assert any(NEEDLE in passage for passage in first)
    assert others == [[], [], []]
    assert not any("dunes" in prompt for prompt in model.prompts[1:]), "nor does who concludes see it"
    places = [document.text.index(passage) for passage in first]
    assert places == sorted(places), "in document order"
    assert model.roles == ["thinker"] * 3 + ["concluder"]
    assert asked.answer.usage.calls == asked.forecast.calls == 4
    assert asked.answer.coverage.read == len(first) < asked.answer.coverage.chunks
    assert [event.chunks for event in asked.events if isinstance(event, ChunksRead)] == [asked.rounds[0].chunks]


def test_evidence_keeps_to_its_size() -> None:
    model = Thinker()
    Asked(model, {"rounds": 1, "window": 4096, "evidence_tokens": 700}, document=survey(30))
    small = sum(map(count_tokens, model.passages()[0]))
    assert 350 < small <= 700
    model = Thinker()
    Asked(model, {"rounds": 1, "window": 4096}, document=survey(30))
    assert sum(map(count_tokens, model.passages()[0])) > 2 * small


def test_a_conclusion_from_evidence_is_cited() -> None:
    model = Thinker(lambda read, number: carry_on(read, 1) if number == 1 else f"Conclusion: {NEEDLE}")
    asked = Asked(model, document=survey(needle_on=7))
    (citation,) = asked.answer.citations
    assert (citation.page, citation.quote, asked.answer.traced) == (7, NEEDLE, True)
    assert asked.answer.usage.calls == 2


def test_not_found_is_a_conclusion_too() -> None:
    asked = Asked(Thinker(lambda read, number: "Conclusion: Not found."), document=survey())
    assert (asked.answer.text, asked.answer.exit_code) == (None, 4)


def test_evidence_that_is_refused_is_read_chunk_by_chunk() -> None:
    def reply(read: Read, number: int) -> str:
        if "concluder" in read.name:
            return NEEDLE
        found = NEEDLE in read.slots["passages"] or NEEDLE in read.slots["summary"]
        return f"Reasoning: Hm.\nSummary: {NEEDLE if found else 'Nothing yet.'}"

    model = Thinker(reply)
    model.refuse = lambda prompt: ContentRefusedError("declined.") if "Page heading 4\n" in prompt else None
    asked = Asked(model, {"rounds": 2, "window": 4096}, document=survey(4))
    whole, *singly = model.passages()
    (failed,) = [event.chunk for event in asked.events if isinstance(event, ChunkFailed)]
    assert [passages for passages in singly if passages] == [[passage] for passage in whole]
    assert asked.answer.coverage.failed == 1
    assert asked.answer.coverage.read == len(whole) - 1
    assert failed not in [index for event in asked.rounds for index in event.chunks]
    assert asked.answer.citations[0].page == 2


def test_evidence_none_of_which_can_be_read_is_an_error() -> None:
    model = Thinker()
    model.refuse = lambda prompt: ContentRefusedError("declined.") if "dunes" in prompt else None
    with pytest.raises(ModelError, match=r"None of the chunks could be read.*declined"):
        Asked(model, document=survey(3))


# --- read


def test_every_chunk_is_read_once_in_order_then_rounds_go_on_without() -> None:
    model = Thinker()
    asked = Asked(model, {"form": "read", "rounds": 2}, document=survey())
    n = asked.answer.coverage.chunks
    assert n >= 4
    assert model.roles == ["thinker_reading"] * (n - 1) + ["thinker"] * 3 + ["concluder"]
    assert [len(passages) for passages in model.passages()] == [1] * n + [0, 0, 0]
    text = "".join(passages[0] for passages in model.passages()[:n])
    assert asked.document is not None
    assert re.sub(r"\s", "", text) == re.sub(r"\s", "", asked.document.text)
    for number, summary in enumerate(model.summaries()[1:], start=1):
        assert summary.startswith(f"Established: fact {number}.")
    assert [event.chunks for event in asked.rounds] == [(index,) for index in range(n)] + [(), ()]
    assert asked.answer.usage.calls == asked.forecast.calls == n + 3
    assert asked.answer.coverage.read == n


def test_a_conclusion_before_the_last_chunk_is_taken_for_a_summary() -> None:
    def reply(read: Read, number: int) -> str:
        return f"Reasoning: Done.\nConclusion: It cost {number} crowns."

    model = Thinker(reply)
    asked = Asked(model, {"form": "read"}, document=survey())
    n = asked.answer.coverage.chunks
    assert len(model.requests) == n
    assert model.summaries()[1:] == [f"It cost {number} crowns." for number in range(1, n)]
    assert asked.answer.text == f"It cost {n} crowns."
    assert [event.conclusion for event in asked.rounds] == [""] * (n - 1) + [f"It cost {n} crowns."]


def test_of_both_before_the_last_chunk_the_summary_counts() -> None:
    def reply(read: Read, number: int) -> str:
        return f"Summary: fact {number}.\nConclusion: too early." if number == 1 else carry_on(read, number)

    model = Thinker(reply)
    Asked(model, {"form": "read", "rounds": 1}, document=survey())
    assert model.summaries()[1] == "fact 1."


def test_stopping_early_is_on_request() -> None:
    def reply(read: Read, number: int) -> str:
        return f"Conclusion: {NEEDLE}" if NEEDLE in read.slots.get("passages", "") else carry_on(read, number)

    model = Thinker(reply)
    asked = Asked(model, {"form": "read", "stop_early": True}, document=survey(needle_on=3))
    read, n = asked.answer.coverage.read, asked.answer.coverage.chunks
    assert read == len(model.requests) < n
    assert set(model.roles) == {"thinker"}
    assert "More of the text follows" in model.prompts[0]
    assert "Not found" not in model.prompts[0]
    assert (asked.answer.text, asked.answer.partial, asked.answer.citations[0].page) == (NEEDLE, False, 3)


@pytest.mark.parametrize(
    "refusal",
    ["No relevant information was found.", "Summary: Not found.", "Reasoning: Gulls.\nConclusion: Not found."],
)
def test_a_chunk_that_holds_nothing_leaves_the_summary_and_costs_no_repair(refusal: str) -> None:
    def reply(read: Read, number: int) -> str:
        if "concluder" in read.name:
            return NEEDLE
        if not read.slots.get("passages"):
            return carry_on(read, number)
        return f"Summary: {NEEDLE}" if NEEDLE in read.slots["passages"] else refusal

    model = Thinker(reply)
    asked = Asked(model, {"form": "read", "rounds": 1}, document=survey(needle_on=3))
    n = asked.answer.coverage.chunks
    reading = model.roles[:n]
    assert reading == ["thinker_reading"] * (n - 1) + ["thinker"]
    assert model.summaries()[n - 1] == NEEDLE
    assert not any("neither summary" in warning for warning in asked.answer.warnings)
    if "Conclusion" not in refusal:
        assert model.summaries()[n] == NEEDLE


@pytest.mark.parametrize("page", [1, 4, 10])
def test_the_page_cited_is_that_of_the_chunk_the_last_summary_rests_on(page: int) -> None:
    def reply(read: Read, number: int) -> str:
        if "concluder" in read.name:
            return NEEDLE
        found = NEEDLE in read.slots["passages"] or NEEDLE in read.slots["summary"]
        return f"Summary: {NEEDLE if found else f'Nothing of use on {number} so far.'}"

    asked = Asked(Thinker(reply), {"form": "read", "rounds": 2}, document=survey(needle_on=page))
    (citation,) = asked.answer.citations
    assert (citation.page, citation.quote) == (page, NEEDLE)


def test_a_chunk_that_fails_is_passed_over_with_the_summary_unchanged() -> None:
    model = Thinker()
    model.refuse = lambda prompt: ContentRefusedError("declined.") if "Page heading 6\n" in prompt else None
    asked = Asked(model, {"form": "read", "rounds": 1}, document=survey())
    n, (failed,) = asked.answer.coverage.chunks, [e.chunk for e in asked.events if isinstance(e, ChunkFailed)]
    assert 0 < failed < n - 1
    summaries = model.summaries()
    assert summaries[failed + 1] == summaries[failed]
    assert (asked.answer.coverage.read, asked.answer.coverage.failed) == (n - 1, 1)


def test_the_last_chunk_in_parts_concludes_on_the_last_part() -> None:
    def reply(read: Read, number: int) -> str:
        return f"Conclusion: It cost {number} crowns."

    model = Thinker(reply)
    model.refuse = lambda prompt: ContextTooLongError("too long.") if len(model.requests) == 1 else None
    asked = Asked(model, {"form": "read", "window": 2048}, document=survey(2))
    assert asked.answer.coverage.chunks == 1
    assert model.roles[1:] == ["thinker_reading", "thinker"]
    (whole,), (first,), (second,) = model.passages()
    assert first + second == whole
    assert model.summaries()[2] == "It cost 2 crowns."
    assert asked.answer.text == "It cost 3 crowns."


@pytest.mark.parametrize("most", [2, 4])
def test_a_limit_while_reading_ends_in_a_conclusion_from_the_last_summary(most: int) -> None:
    model = Thinker()
    asked = Asked(model, {"form": "read"}, document=survey(), limits=Limits(calls=most))
    assert model.roles == ["thinker_reading"] * (most - 1) + ["concluder"]
    assert model.summaries()[-1].startswith(f"Established: fact {most - 1}.")
    assert (asked.answer.partial, asked.answer.coverage.read) == (True, most - 1)


@pytest.mark.parametrize("form", ["evidence", "read"])
def test_nothing_read_needs_no_conclusion(form: str) -> None:
    model = Thinker()
    asked = Asked(model, {"form": form}, document=survey(), limits=Limits(calls=1))
    assert model.requests == []
    assert (asked.answer.text, asked.answer.partial, asked.answer.coverage.read) == (None, True, 0)


def test_four_hundred_chunks() -> None:
    document = Document.from_text(
        " ".join(f"On day {n} the surveyor walked the dunes and noted wind and tide. " * 29 for n in range(400))
    )
    model = Thinker()
    asked = Asked(model, {"form": "read", "rounds": 50, "segment_tokens": 64}, document=document)
    n = asked.answer.coverage.chunks
    assert n >= 400
    assert len(model.requests) == asked.forecast.calls == n + 51
    assert asked.answer.coverage.read == n


@pytest.mark.parametrize("form", ["evidence", "read"])
def test_a_document_of_one_chunk(form: str) -> None:
    model = Thinker(conclude_in(1))
    asked = Asked(model, {"form": form}, document=Document.from_text(NEEDLE))
    assert model.passages() == [[NEEDLE]]
    assert model.roles == ["thinker"]
    assert asked.answer.coverage.chunks == 1


@pytest.mark.parametrize("form", ["evidence", "read"])
def test_garbage_is_carried_on_and_told(form: str) -> None:
    model = Thinker(lambda read, number: "§$% &/ 0x00 !!")
    asked = Asked(model, {"form": form, "rounds": 2}, document=survey(3))
    assert asked.answer.coverage.failed == 0
    assert any("neither summary nor conclusion" in warning for warning in asked.answer.warnings)


# --- models that never abstain


class Small(Thinker):
    """Says a sentence of its passage that shares words with the question, or makes one up."""

    def __init__(self, invention: str = "The harbour cost 9,000,000 dollars.") -> None:
        def reply(read: Read, number: int) -> str:
            shown = read.slots.get("passages", "") + read.slots.get("summary", "")
            return NEEDLE if NEEDLE in shown else invention

        super().__init__(reply, abstains=False, reading_tokens=600)


@pytest.mark.parametrize("form", ["evidence", "read"])
def test_a_small_model_is_asked_for_a_sentence_which_what_it_saw_must_hold(form: str) -> None:
    model = Small()
    asked = Asked(model, {"form": form}, document=survey(needle_on=3))
    reading = len(model.requests) - 1
    assert model.roles == ["thinker_brief"] * reading + ["concluder"]
    assert reading == (1 if form == "evidence" else asked.answer.coverage.chunks)
    assert not any("Not found" in prompt or "Reasoning" in prompt for prompt in model.prompts)
    assert not any("9,000,000" in prompt for prompt in model.prompts)
    assert (asked.answer.text, asked.answer.citations[0].page, asked.answer.warnings) == (NEEDLE, 3, ())
    assert asked.answer.usage.calls <= asked.forecast.calls


def test_where_a_small_model_finds_nothing_code_says_so() -> None:
    model = Small()
    asked = Asked(model, {"form": "read"}, document=survey(), question="Who painted the ceiling of the opera?")
    assert model.roles == ["thinker_brief"] * asked.answer.coverage.chunks
    assert (asked.answer.found, asked.answer.exit_code) == (False, 4)


def test_a_small_model_reasons_once_and_concludes() -> None:
    model = Small("Bob is 27.")
    asked = reason(model)
    assert model.roles == ["thinker_brief_alone", "concluder_alone"]
    assert model.summaries()[1] == "Bob is 27."
    assert asked.answer.text == "Bob is 27."
    assert any("too small for rounds" in warning for warning in asked.answer.warnings)


# --- room


class Rambling(Thinker):
    """Fills every reply to its cap, never with a conclusion."""

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        number = len(self.requests)
        text = "Summary: " * (not request.final) + " ".join([f"dune{number}"] * request.max_tokens)
        while count_tokens(text) > request.max_tokens:
            text = text[: text.rindex(" ")]
        return replace(reply, text=text, finish="length")


@pytest.mark.parametrize("window", [1024, 2048, 3000, 8192])
@pytest.mark.parametrize("words", [1, 200])
@pytest.mark.parametrize("form", ["evidence", "read", "none"])
def test_no_prompt_is_longer_than_the_window_and_what_was_estimated_is_enough(
    window: int, words: int, form: str
) -> None:
    settings: dict[str, Any] = {"window": window, "rounds": 3}
    if window == 1024 and words == 200:
        settings |= {"segment_tokens": 40, "summary_tokens": 40, "answer_tokens": 64}
    model = Rambling(window=window)  # asserts that prompt and reply fit
    question = "Why? " * words + QUESTION
    text = long_document(40).text.replace("\n", " ")
    if form == "none":
        asked = Asked(model, settings, question=question)
    else:
        asked = Asked(model, settings | {"form": form}, document=Document.from_text(text), question=question)
        longest = max(count_tokens(p) + r.max_tokens for p, r in zip(model.prompts, model.requests, strict=True))
        # And the room there is gets used; in a small one there is none for another chunk of evidence.
        assert longest > (0.75 if window > 1024 or form == "read" else 0.65) * window
    usage = asked.answer.usage
    assert usage.calls == asked.forecast.calls
    assert not asked.forecast.exact
    assert (usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens
    assert (usage.completion_tokens or 0) <= asked.forecast.completion_tokens


@pytest.mark.parametrize(
    ("settings", "question", "told"),
    [
        ({"window": 400}, QUESTION, r"window of 400 tokens.*-S window=N"),
        ({"segment_tokens": 900}, QUESTION, r"reasoning and two summaries 1028.*-S segment_tokens=N"),
        ({"form": "read", "summary_tokens": 450}, QUESTION, r"two summaries 1028.*-S summary_tokens=N"),
        ({}, "Why? " * 600, r"instructions and question take \d+"),
        ({"answer_tokens": 8000}, QUESTION, r"an answer of 8000 do not fit before the concluder.*answer_tokens=N"),
    ],
)
@pytest.mark.parametrize("read", [True, False])
def test_what_cannot_fit_is_refused_before_any_call(
    settings: dict[str, Any], question: str, told: str, read: bool
) -> None:
    model = Thinker()
    told = told if read else told.replace("window of 400 tokens", "window has 400")
    with pytest.raises(WindowTooSmallError, match=told):
        Asked(model, settings, question=question, document=survey() if read else None)
    assert model.requests == []


@pytest.mark.parametrize("keep_end", [False, True])
def test_a_summary_is_cut_between_lines_else_words_else_letters(keep_end: bool) -> None:
    async def count(text: str) -> int:
        return len(text)

    def cut(text: str, budget: int) -> str:
        return asyncio.run(fit(text, budget, count, keep_end=keep_end))

    lines = [f"Established: fact {number}." for number in range(10)]
    kept = cut("\n".join(lines), 100).split("\n")
    assert len(kept) == 4
    assert kept == (lines[-4:] if keep_end else lines[:4])
    words = cut("word " * 100, 99)
    assert set(words.split()) == {"word"}
    assert len(words) > 80
    chinese = "Established:" + "港口的费用是四十八万克朗" * 50
    assert 80 < len(cut(chinese, 100)) <= 100
    # White space that is far from the border is no place to cut.
    assert 80 < len(cut(f"Established: {chinese} {chinese[:560]}", 100)) <= 100
    assert cut("short", 100) == "short"


def test_departures_tell_what_is_not_the_papers() -> None:
    resolved = resolve("infty-think", {})
    assert resolved is not None
    departures = " ".join((describe(resolved.strategy).departures or "").split())
    for told in ("reads no documents", "our adaptation", "labels", "temperature 0 ", "1,024 tokens instead of 4,096"):
        assert told in departures
