"""`hierarchical`: who is called with what, in which order, and what becomes of it."""

import re
from collections.abc import Callable

import pytest
from support.side_by_side import Asked, Rambling, SideBySide
from support.survey import NEEDLE, QUESTION, long_document

from longagent.documents import Document
from longagent.documents.tokens import count_tokens
from longagent.errors import ContentRefusedError, ModelError, WindowTooSmallError
from longagent.events import UnitWritten
from longagent.llm.budget import Limits
from longagent.testing.readers import Read

Reply = Callable[[Read], str | Exception]


def unit(read: Read) -> str:
    """A useful unit that names its page."""
    (text,) = read.passages()
    page = re.findall(r"Page heading (\d+)\n", text) or ["?"]
    return f"Useful: yes\nSummary: {NEEDLE if NEEDLE in text else f'Gulls of page {page[0]}.'}"


def team(worker: Reply = unit, collapse: Reply | None = None) -> Reply:
    def reply(read: Read) -> str | Exception:
        if read.name == "hierarchical/collapse" and collapse:
            return collapse(read)
        if "notes" in read.slots:
            return NEEDLE if NEEDLE in read.slots["notes"] else "Not found."
        return worker(read)

    return reply


def test_workers_see_their_chunk_alone_and_the_manager_the_units_of_useful_chunks_in_order() -> None:
    def worker(read: Read) -> str:
        useful = any(f"near marker {n}." in read.passages()[0] for n in (2, 5, 9))
        return unit(read) if useful else "Useful: no"

    model = SideBySide(team(worker))
    asked = Asked("hierarchical", model, {"unit_tokens": 64})
    n = asked.answer.coverage.chunks
    assert n >= 5
    assert model.roles == ["worker"] * n + ["from_notes"]
    assert [request.final for request in model.requests] == [False] * n + [True]
    assert {role.role: role.calls for role in asked.forecast.roles} == {"worker": n, "manager": 1}
    assert asked.answer.usage.calls == asked.forecast.calls == n + 1
    assert (asked.forecast.exact, asked.forecast.depth) == (False, 2)
    texts = [read.passages()[0] for read in model.of("worker")]
    for prompt, text in zip(model.prompts, texts, strict=False):
        assert sum(other in prompt for other in texts) == 1
        assert text in prompt
        assert "Gulls of page" not in prompt
    shown = model.reads[-1].passages("notes")
    written = [event.text for event in asked.of(UnitWritten)]
    assert shown == written
    assert 3 <= len(written) < n
    assert NEEDLE in shown
    assert "dunes" not in model.prompts[-1]
    assert "Useful" not in model.prompts[-1]
    assert [citation.page for citation in asked.answer.citations] == [5]
    assert asked.answer.warnings == ()


def test_where_no_chunk_is_useful_the_manager_is_not_asked() -> None:
    model = SideBySide(team(lambda read: "Useful: no."))
    asked = Asked("hierarchical", model)
    assert set(model.roles) == {"worker"}
    assert (asked.answer.found, asked.answer.partial, asked.answer.exit_code) == (False, False, 4)


def test_a_decision_that_cannot_be_read_twice_is_taken_for_yes_and_told() -> None:
    def worker(read: Read) -> str:
        if read.name == "again" or NEEDLE in read.passages()[0]:
            return f"Useful: perhaps\nSummary: {NEEDLE}"
        return "Useful: no"

    model = SideBySide(team(worker))
    asked = Asked("hierarchical", model)
    assert model.roles.count("worker") == asked.answer.coverage.chunks + 1
    assert asked.answer.text == NEEDLE
    assert asked.answer.warnings == ("Passages taken to be useful, because replies do not say whether they are: 1.",)


def test_a_reply_without_labels_is_the_unit_itself() -> None:
    model = SideBySide(team(lambda read: NEEDLE if NEEDLE in read.passages()[0] else "No."))
    asked = Asked("hierarchical", model)
    assert model.roles.count("worker") == asked.answer.coverage.chunks
    assert model.reads[-1].passages("notes") == [NEEDLE]
    assert (asked.answer.text, asked.answer.warnings) == (NEEDLE, ())


@pytest.mark.parametrize("said", [ContentRefusedError("declined."), " ", "Useful: yes", "Summary:"])
def test_a_chunk_that_fails_is_counted(said: str | Exception) -> None:
    def worker(read: Read) -> str | Exception:
        return said if read.name == "again" or "Page heading 8\n" in read.passages()[0] else unit(read)

    asked = Asked("hierarchical", SideBySide(team(worker)))
    assert (asked.answer.coverage.failed, asked.answer.text) == (1, NEEDLE)
    with pytest.raises(ModelError, match="None of the chunks could be read"):
        Asked("hierarchical", SideBySide(team(lambda read: ContentRefusedError("declined."))))


def test_units_that_do_not_fit_before_the_manager_are_merged_first() -> None:
    def worker(read: Read) -> str:
        (text,) = read.passages()
        return f"Useful: yes\nSummary: {NEEDLE if NEEDLE in text else f'Gulls {text[13:30]}'}{' and gulls' * 15}"

    def collapse(read: Read) -> str:
        return NEEDLE if NEEDLE in read.slots["notes"] else f"Many gulls.{' And gulls.' * 15}"

    model = SideBySide(team(worker, collapse))
    settings = {"window": 640, "unit_tokens": 64}
    asked = Asked("hierarchical", model, settings, document=long_document(60, needle_on=30))
    n, merges = asked.answer.coverage.chunks, model.roles.count("collapse")
    assert merges >= 3
    assert model.roles == ["worker"] * n + ["collapse"] * merges + ["from_notes"]
    assert "dunes" not in "".join(model.prompts[n:])
    assert not asked.forecast.exact
    assert asked.answer.usage.calls <= asked.forecast.calls
    assert (asked.answer.text, [citation.page for citation in asked.answer.citations]) == (NEEDLE, [30])


def test_400_chunks_are_read_64_at_a_time() -> None:
    model = SideBySide(team(lambda read: unit(read) if NEEDLE in read.passages()[0] else "Useful: no"))
    settings = {"window": 640, "unit_tokens": 64}
    asked = Asked("hierarchical", model, settings, document=long_document(500, needle_on=300))
    assert asked.answer.coverage.read == asked.answer.coverage.chunks >= 400
    assert model.peak == 64
    assert asked.answer.text == NEEDLE


def test_out_of_calls_it_answers_from_the_units_it_has() -> None:
    model = SideBySide(team())
    asked = Asked("hierarchical", model, limits=Limits(calls=3))
    assert model.roles == ["worker", "worker", "from_notes"]
    assert len(model.reads[-1].passages("notes")) == 2
    assert (asked.answer.partial, asked.answer.exit_code, asked.answer.coverage.read) == (True, 3, 2)


def test_models_that_never_abstain_say_one_sentence_that_their_chunk_must_carry() -> None:
    def worker(read: Read) -> str:
        return NEEDLE if NEEDLE in read.passages()[0] else "Rebuilding the harbour of Skagen cost 913,000 dollars."

    model = SideBySide(team(worker), abstains=False, reading_tokens=300)
    asked = Asked("hierarchical", model)
    n = asked.answer.coverage.chunks
    assert model.roles == ["from_passages"] * n + ["from_notes"]
    assert model.reads[-1].passages("notes") == [NEEDLE]
    assert "Not found" not in "".join(model.prompts)
    assert asked.answer.text == NEEDLE


@pytest.mark.parametrize("window", [1024, 2048, 8192])
@pytest.mark.parametrize("words", [1, 200])
def test_no_prompt_is_longer_than_the_window(window: int, words: int) -> None:
    model = Rambling(lambda read: "", window=window)  # asserts that prompt and reply fit
    document = Document.from_text(long_document(60).text.replace("\n", " "))
    settings = {"window": window, "unit_tokens": 32} if window == 1024 else {"window": window}
    asked = Asked("hierarchical", model, settings, document=document, question="Why? " * words + QUESTION)
    assert asked.answer.coverage.read == asked.answer.coverage.chunks
    longest = max(count_tokens(prompt) + r.max_tokens for prompt, r in zip(model.prompts, model.requests, strict=True))
    assert longest > 0.75 * window
    assert len(model.requests) <= asked.forecast.calls
    assert (asked.answer.usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens


def test_what_cannot_fit_is_refused_before_any_call() -> None:
    model = SideBySide(team())
    with pytest.raises(WindowTooSmallError, match=r"hierarchical: .*a summary 900.*-S unit_tokens=N"):
        Asked("hierarchical", model, {"unit_tokens": 900})
    assert model.requests == []
