"""`merge`: every chunk answers by itself, and code counts the votes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from support.side_by_side import Asked, Rambling, SideBySide
from support.survey import NEEDLE, QUESTION, long_document

from longagent.documents import Document
from longagent.documents.tokens import count_tokens
from longagent.errors import (
    ContentRefusedError,
    ContextTooLongError,
    ModelError,
    ModelRejectedError,
    WindowTooSmallError,
)
from longagent.events import UnitWritten
from longagent.llm.budget import Limits
from longagent.testing.readers import Read

Reply = Callable[[Read], str | Exception]


def ask(reply: Reply | SideBySide, settings: dict[str, Any] | None = None, **options: Any) -> tuple[SideBySide, Asked]:
    model = reply if isinstance(reply, SideBySide) else SideBySide(reply)
    return model, Asked("merge", model, {"window": 768, **(settings or {})}, **options)


def needle(read: Read) -> str:
    return NEEDLE if NEEDLE in read.passages()[0] else "Not found."


def on(**answers: str) -> Reply:
    """Answer by what stands in the chunk: `p4="Rome"` where page 4 begins in it."""

    def reply(read: Read) -> str:
        pages = re.findall(r"Page heading (\d+)\n", read.passages()[0])
        return next((answers[f"p{page}"] for page in pages if f"p{page}" in answers), "Not found.")

    return reply


def test_every_chunk_is_asked_alone_and_nobody_afterwards() -> None:
    model, asked = ask(needle)
    n = asked.answer.coverage.chunks
    assert n >= 5
    assert model.roles == ["from_passages"] * n
    assert not any(request.final for request in model.requests)
    texts = [read.passages() for read in model.reads]
    assert all(len(text) == 1 for text in texts)
    assert re.sub(r"\s", "", "".join(text for (text,) in texts)) == re.sub(r"\s", "", asked.document.text)
    for prompt, (text,) in zip(model.prompts, texts, strict=True):
        assert text in prompt
        assert sum(other in prompt for (other,) in texts) == 1
        assert NEEDLE not in prompt.replace(text, "")
    assert asked.answer.usage.calls == asked.forecast.calls == n
    assert (asked.forecast.exact, asked.forecast.depth) == (True, 1)
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 5)
    assert [event.text for event in asked.of(UnitWritten)] == [NEEDLE]
    assert asked.answer.warnings == ()


def test_most_votes_win_and_the_answer_rests_on_the_chunks_that_agree() -> None:
    said = "Near marker {} a gull was seen."
    document = Document.from_pages(
        [
            f"Page heading {n}\n\n{said.format('nine' if n in (3, 6) else 'two')} {'Sand blew over dunes. ' * 90}"
            for n in range(1, 8)
        ],
        id="ef" * 32,
        name="votes.pdf",
        paged=True,
    )
    answers = on(p1=said.format("two"), p3="a gull was seen near marker nine", p6=said.format("nine"), p7="Not found")
    _, asked = ask(answers, document=document, question="Near which marker was a gull seen?")
    assert "nine" in (asked.answer.text or "")
    assert {citation.page for citation in asked.answer.citations} <= {3, 6}
    assert asked.answer.citations
    assert not any("disagree" in warning for warning in asked.answer.warnings)


def test_a_tie_goes_to_the_first_and_is_told() -> None:
    _, asked = ask(on(p2="482,000 crowns", p5=NEEDLE, p7="913,000 dollars", p10="913,000 dollars in all"))
    assert asked.answer.text == "482,000 crowns"
    assert any("another answer has as many votes as this one (2)" in warning for warning in asked.answer.warnings)


def test_where_all_say_not_found_it_is_not_found() -> None:
    model, asked = ask(lambda read: "The passage does not mention it.")
    assert (asked.answer.found, asked.answer.partial, asked.answer.exit_code) == (False, False, 4)
    assert len(model.requests) == asked.answer.coverage.read == asked.answer.coverage.chunks


@pytest.mark.parametrize("said", [ContentRefusedError("declined."), "  ", "Answer:"])
def test_a_chunk_that_fails_does_not_vote(said: str | Exception) -> None:
    def reply(read: Read) -> str | Exception:
        return said if read.name == "again" or "Page heading 8\n" in read.passages()[0] else needle(read)

    _, asked = ask(reply)
    coverage = asked.answer.coverage
    assert (coverage.failed, coverage.read, asked.answer.text) == (1, coverage.chunks - 1, NEEDLE)
    assert not asked.answer.partial


def test_a_run_whose_chunks_all_fail_ends_with_an_error() -> None:
    with pytest.raises(ModelError, match="None of the chunks could be read"):
        ask(lambda read: ContentRefusedError("declined."))
    with pytest.raises(ModelRejectedError):
        ask(lambda read: ModelRejectedError("the key was revoked."))


def test_halves_of_a_chunk_that_is_too_long_vote_for_themselves() -> None:
    refused: list[str] = []

    def reply(read: Read) -> str | Exception:
        if NEEDLE in read.passages()[0] and not refused:
            refused.append(read.passages()[0])
            return ContextTooLongError("too long.")
        return needle(read)

    model, asked = ask(reply)
    assert len(model.requests) == asked.answer.coverage.chunks + 2
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 5)


def test_of_a_document_of_one_chunk_the_half_that_could_be_read_answers() -> None:
    calls: list[str] = []

    def reply(read: Read) -> str | Exception:
        calls.append(read.passages()[0])
        match len(calls):
            case 1:
                return ContextTooLongError("too long.")
            case 2:
                return needle(read)
            case _:
                return ContentRefusedError("declined.")

    _, asked = ask(reply, {"window": 4096}, document=long_document(2, needle_on=1))
    assert len(calls) == 3
    assert asked.answer.text == NEEDLE
    assert (asked.answer.coverage.chunks, asked.answer.coverage.read, asked.answer.coverage.failed) == (1, 0, 1)
    assert "1 of 1 chunks could not be read." in asked.answer.warnings


@pytest.mark.parametrize("most", [0, 1, 3])
def test_out_of_calls_it_answers_from_those_it_asked_for_nothing_more(most: int) -> None:
    model, asked = ask(on(p1=NEEDLE), limits=Limits(calls=most))
    assert len(model.requests) == asked.answer.usage.calls == most
    assert (asked.answer.partial, asked.answer.exit_code, asked.answer.coverage.read) == (True, 3, most)
    assert asked.answer.found == (most > 0)


def test_400_chunks_are_asked_64_at_a_time() -> None:
    model, asked = ask(needle, {"window": 512, "answer_tokens": 64}, document=long_document(450, needle_on=300))
    assert len(model.requests) == asked.answer.coverage.chunks >= 400
    assert model.peak == 64
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 300)


def test_one_chunk_is_one_call() -> None:
    model, asked = ask(needle, document=Document.from_text(NEEDLE))
    assert (len(model.requests), asked.forecast.calls, asked.answer.text) == (1, 1, NEEDLE)


def test_what_models_that_never_abstain_make_up_does_not_vote() -> None:
    def reply(read: Read) -> str:
        assert read.slots["otherwise"] == ""
        return NEEDLE if NEEDLE in read.passages()[0] else "Rebuilding the harbour of Skagen cost 913,000 dollars."

    model, asked = ask(SideBySide(reply, abstains=False, reading_tokens=300))
    assert asked.answer.text == NEEDLE
    assert [event.text for event in asked.of(UnitWritten)] == [NEEDLE]
    assert max(count_tokens(read.passages()[0]) for read in model.reads) <= 300


@pytest.mark.parametrize("window", [1024, 2048, 8192])
@pytest.mark.parametrize("words", [1, 200])
def test_no_prompt_is_longer_than_the_window_and_the_plan_holds(window: int, words: int) -> None:
    model = Rambling(lambda read: "", window=window)  # asserts that prompt and reply fit
    document = Document.from_text(long_document(60).text.replace("\n", " "))
    _, asked = ask(model, {"window": window}, document=document, question="Why? " * words + QUESTION)
    longest = max(count_tokens(prompt) + r.max_tokens for prompt, r in zip(model.prompts, model.requests, strict=True))
    assert longest > 0.75 * window
    assert len(model.requests) == asked.forecast.calls
    assert (asked.answer.usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens
    assert (asked.answer.usage.completion_tokens or 0) <= asked.forecast.completion_tokens


@pytest.mark.parametrize(
    ("settings", "question", "told"),
    [
        ({"window": 330}, QUESTION, r"merge: of a window of 330 tokens.*-S window=N"),
        ({"answer_tokens": 700}, QUESTION, r"an answer 700.*-S answer_tokens=N"),
        ({}, "Why? " * 600, r"instructions and question take \d+"),
    ],
)
def test_what_cannot_fit_is_refused_before_any_call(settings: dict[str, Any], question: str, told: str) -> None:
    model = SideBySide(needle)
    with pytest.raises(WindowTooSmallError, match=told):
        ask(model, settings, question=question)
    assert model.requests == []
