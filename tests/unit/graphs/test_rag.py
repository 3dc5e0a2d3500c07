"""`rag`: reads only the best chunks that fit, in document order, in one call."""

from dataclasses import replace
from typing import Literal

import pytest
from support.asking import ask
from support.survey import NEEDLE, QUESTION, long_document

from longagent.documents import Document
from longagent.errors import ModelError, WindowTooSmallError
from longagent.events import CallFinished, CallStarted, ChunksRead, RunStarted
from longagent.llm.model import Reply, Request
from longagent.testing import PromptReader, ScriptedModel


def test_a_short_reply_is_located_on_its_page() -> None:
    document = long_document(needle_on=17)
    model = ScriptedModel(["482,000 crowns"])
    answer = ask(model, document, QUESTION).answer
    assert answer.found
    assert answer.text == "482,000 crowns"
    (citation,) = answer.citations
    assert (citation.page, citation.page_end, citation.status) == (17, 17, "located")
    assert citation.quote == NEEDLE == document.text[citation.start : citation.end]
    assert citation.document == "survey.pdf"
    assert answer.usage.calls == 1
    assert answer.coverage.read < answer.coverage.chunks


def test_one_call_whose_prompt_holds_the_needle_within_the_window() -> None:
    model = ScriptedModel(["482,000 crowns"], window=2048)
    asked = ask(model, long_document(), QUESTION)
    (prompt,) = model.prompts
    assert NEEDLE in prompt
    assert QUESTION in prompt
    kinds = [type(event) for event in asked.events]
    assert kinds == [RunStarted, CallStarted, CallFinished, ChunksRead]


def test_what_is_read_stands_in_document_order_and_fits_the_setting() -> None:
    model = PromptReader()
    asked = ask(model, long_document(), QUESTION, evidence_tokens=700, chunk_tokens=150)
    (read,) = [event for event in asked.events if isinstance(event, ChunksRead)]
    assert list(read.chunks) == sorted(read.chunks)
    assert 2 <= len(read.chunks) <= 6
    assert asked.answer.coverage.read == len(read.chunks)


def test_a_reader_that_reads_little_well_is_given_little() -> None:
    model = PromptReader(reading_tokens=400)
    asked = ask(model, long_document(), QUESTION)
    assert asked.answer.found
    assert asked.answer.usage.prompt_tokens is not None
    assert asked.answer.usage.prompt_tokens < 700


def test_a_chunk_larger_than_the_budget_is_cut_not_overrun() -> None:
    document = Document.from_text("港口重建费用为四十八万克朗。" * 400)
    model = PromptReader(window=2048)
    ask(model, document, "港口重建费用是多少？", chunk_tokens=2000)  # PromptReader asserts that prompts fit


@pytest.mark.parametrize("reply", ["Not found.", "The passages do not mention this.", ""])
def test_an_abstaining_reply_is_not_found(reply: str) -> None:
    answer = ask(ScriptedModel([reply, reply]), long_document(), QUESTION).answer  # nothing at all is asked about again
    assert not answer.found
    assert answer.text is None
    assert answer.citations == ()
    assert answer.exit_code == 4


def test_an_invented_reply_is_dropped_for_models_that_never_abstain() -> None:
    invented = "It cost 913,000 dollars, paid by Admiral Thorvald Holm."
    answer = ask(ScriptedModel([invented], abstains=False), long_document(), QUESTION).answer
    assert not answer.found
    assert answer.text is None
    assert any("does not carry" in warning for warning in answer.warnings)


def test_an_untraceable_reply_of_other_models_is_kept_with_a_warning() -> None:
    invented = "It cost 913,000 dollars, paid by Admiral Thorvald Holm."
    answer = ask(ScriptedModel([invented]), long_document(), QUESTION).answer
    assert answer.found
    assert answer.text == invented
    assert any("could not be traced" in warning for warning in answer.warnings)


def test_the_same_question_is_the_same_run() -> None:
    first = ask(PromptReader(), long_document(), QUESTION).answer
    again = ask(PromptReader(), long_document(), QUESTION).answer
    other = ask(PromptReader(), long_document(), QUESTION + " ").answer
    smaller = ask(PromptReader(), long_document(), QUESTION, chunk_tokens=200).answer
    assert first.run_id == again.run_id
    assert len({first.run_id, other.run_id, smaller.run_id}) == 3


def test_caps_of_the_user_may_make_a_window_too_small_ours_never() -> None:
    assert ask(PromptReader(window=2048), long_document(), QUESTION).answer.found
    with pytest.raises(WindowTooSmallError, match="answer_tokens=1900"):
        ask(PromptReader(window=2048), long_document(), QUESTION, answer_tokens=1900)
    with pytest.raises(WindowTooSmallError, match="too small"):
        ask(PromptReader(window=300), long_document(), QUESTION)
    with pytest.raises(WindowTooSmallError, match="question"):
        ask(PromptReader(window=2048), long_document(), "Why? " * 3000)


def test_a_document_about_something_else() -> None:
    answer = ask(PromptReader(abstains=False), Document.from_text("Cats sleep."), QUESTION).answer
    assert not answer.found


@pytest.mark.parametrize("window", [1, 7, 200])
def test_a_window_without_room_for_anything_is_refused_before_cutting(window: int) -> None:
    for strategy in ("rag", "full-context", "auto"):
        with pytest.raises(WindowTooSmallError, match=f"window of {window} tokens"):
            ask(PromptReader(window=window), long_document(), QUESTION, strategy=strategy)


@pytest.mark.parametrize(("finish", "cause"), [("length", "used up its 512 tokens"), ("other", "was empty")])
def test_saying_nothing_is_a_failure_not_an_abstention(finish: Literal["length", "other"], cause: str) -> None:
    with pytest.raises(ModelError, match=cause):
        ask(Cut(["", ""], finish), long_document(), QUESTION)


def test_an_answer_cut_at_the_cap_is_kept_and_said() -> None:
    answer = ask(Cut(["482,000 crowns"], "length"), long_document(), QUESTION).answer
    assert answer.found
    assert any("cut at 512 tokens" in warning for warning in answer.warnings)


@pytest.mark.parametrize(
    "fact",
    [
        "The purchase price of the harbour was not disclosed.",
        "The evidence did not indicate arson in the harbour.",
        "The 2019 report did not mention climate change.",
        "There was no information leak at the harbour.",
    ],
)
def test_a_negative_statement_of_the_document_is_an_answer(fact: str) -> None:
    document = Document.from_text(f"The harbour is old. {fact} Boats come and go.")
    answer = ask(ScriptedModel([fact]), document, "What is said about it?").answer
    assert answer.text == fact
    assert answer.citations[0].quote == fact


class Cut(ScriptedModel):
    """A model whose replies end for a reason other than that they are done."""

    def __init__(self, replies: list[str], finish: Literal["length", "other"]) -> None:
        super().__init__(replies)
        self.finish: Literal["length", "other"] = finish

    async def complete(self, request: Request) -> Reply:
        return replace(await super().complete(request), finish=self.finish)
