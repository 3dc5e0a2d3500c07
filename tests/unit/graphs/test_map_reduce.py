"""`map-reduce`: who is called with what, in which order, and what becomes of it."""

import re
from collections.abc import Callable
from itertools import pairwise
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
    ModelUnavailableError,
    WindowTooSmallError,
)
from longagent.events import ChunkFailed, UnitWritten
from longagent.llm.budget import Limits
from longagent.testing.readers import Read

NOT_FOUND = "Information: Not found.\nConfidence: 0"


def pages(text: str) -> list[int]:
    """Numbers of the pages that a passage holds."""
    return [int(number) for number in re.findall(r"Page heading (\d+)\n", text)]


def result(read: Read) -> str:
    """A result that names the page it is from; the later, the surer."""
    found = pages(read.passages()[0]) or [1]
    told = NEEDLE if NEEDLE in read.passages()[0] else f"Gulls were seen on page {found[0]}."
    return f"Information: {told}\nRationale: It says so.\nAnswer: gull {found[0]}\nConfidence: {min(5, found[0]) / 2}"


def reader(
    mapped: Callable[[Read], str | Exception] = result,
    collapsed: Callable[[Read], str | Exception] | None = None,
    reduced: Callable[[Read], str | Exception] | None = None,
) -> Callable[[Read], str | Exception]:
    def reply(read: Read) -> str | Exception:
        if read.name == "map_reduce/collapse":
            return (collapsed or joined)(read)
        if "notes" in read.slots:
            return (reduced or from_needle)(read)
        return mapped(read)

    return reply


def joined(read: Read) -> str:
    """Merge results into a short one."""
    return f"Information: {NEEDLE if NEEDLE in read.slots['notes'] else 'Gulls.'}\nConfidence: 4"


def long_result(read: Read) -> str:
    """A result that is about as long as may be; that with the needle is the surest."""
    (text,) = read.passages()
    told, sure = (NEEDLE, 5) if NEEDLE in text else (f"Gulls of {pages(text) or text[:20]}", 1)
    return f"Information: {told}{' and gulls' * 15}\nConfidence: {sure}"


def from_needle(read: Read) -> str:
    return NEEDLE if NEEDLE in read.slots["notes"] else "Not found."


def ask(model: SideBySide, settings: dict[str, Any] | None = None, **options: Any) -> Asked:
    return Asked("map-reduce", model, settings, **options)


def titles(prompt: str) -> list[str]:
    return re.findall(r"^\[(result [^\]\n]*), [0-9a-f]{8}\]$", prompt, re.MULTILINE)


def test_each_map_sees_one_chunk_alone_and_the_reduce_all_results_in_order_with_their_confidence() -> None:
    model = SideBySide(reader())
    asked = ask(model, {"window": 2048, "result_tokens": 64}, document=long_document(40, needle_on=5))
    n = asked.answer.coverage.chunks
    assert n >= 5
    assert model.roles == ["map"] * n + ["reduce"]
    assert [request.final for request in model.requests] == [False] * n + [True]
    passages = [read.passages() for read in model.of("map")]
    assert all(len(passage) == 1 for passage in passages)
    texts = [passage[0] for passage in passages]
    assert re.sub(r"\s", "", "".join(texts)) == re.sub(r"\s", "", asked.document.text)
    for prompt, text in zip(model.prompts, texts, strict=False):
        assert text in prompt
        assert sum(other in prompt for other in texts) == 1
        assert "Gulls were seen" not in prompt
    (last,) = model.prompts_of("reduce")
    firsts = [pages(text)[0] for text in texts]
    assert titles(last) == [f"result {k}, confidence {min(5, p) / 2:g}" for k, p in enumerate(firsts, start=1)]
    shown = model.reads[-1].passages("notes")
    assert [int(re.findall(r"Answer: gull (\d+)", text)[0]) for text in shown] == firsts
    assert all(text.startswith("Information: ") and "Rationale: It says so." in text for text in shown)
    assert "dunes" not in last
    assert asked.answer.usage.calls == asked.forecast.calls == n + 1
    assert (asked.forecast.exact, asked.forecast.depth) == (False, 2)
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 5)
    assert [event.chunk for event in asked.of(UnitWritten)] == list(range(n))


def test_results_that_say_nothing_was_found_go_no_further() -> None:
    model = SideBySide(reader(lambda read: result(read) if NEEDLE in read.passages()[0] else NOT_FOUND))
    asked = ask(model)
    assert titles(model.prompts[-1]) == ["result 1, confidence 2.5"]
    assert "Not found" not in model.reads[-1].slots["notes"]
    assert {citation.page for citation in asked.answer.citations} == {5}
    assert len(asked.of(UnitWritten)) == 1


def test_a_result_of_confidence_0_is_answered_from_as_well() -> None:
    unsure = f"Information: {NEEDLE}\nAnswer: Not found.\nConfidence: 0"
    model = SideBySide(reader(lambda read: unsure if NEEDLE in read.passages()[0] else NOT_FOUND))
    asked = ask(model)
    assert titles(model.prompts[-1]) == ["result 1, confidence 0"]
    assert asked.answer.text == NEEDLE


def test_the_answer_rests_on_the_chunks_whose_results_reached_it() -> None:
    # Two pages say it, but of one of them the reader found nothing.
    texts = [f"Page heading {n}\n\n{'Sand blew over the dunes. ' * 80}{NEEDLE if n != 2 else ''}" for n in (1, 2, 3)]
    document = Document.from_pages(texts, id="ab" * 32, name="twice.pdf", paged=True)
    model = SideBySide(reader(lambda read: result(read) if pages(read.passages()[0]) == [3] else NOT_FOUND))
    asked = ask(model, document=document)
    assert len(titles(model.prompts[-1])) == 1
    assert [citation.page for citation in asked.answer.citations] == [3]


def test_where_nothing_was_found_nobody_is_asked_for_an_answer() -> None:
    model = SideBySide(reader(lambda read: NOT_FOUND))
    asked = ask(model)
    assert set(model.roles) == {"map"}
    assert not asked.forecast.exact
    assert len(model.roles) == asked.answer.coverage.read == asked.answer.coverage.chunks
    assert (asked.answer.found, asked.answer.partial, asked.answer.exit_code) == (False, False, 4)


def test_one_chunk_is_two_calls() -> None:
    model = SideBySide(reader())
    asked = ask(model, document=Document.from_text(NEEDLE))
    assert model.roles == ["map", "reduce"]
    assert (asked.forecast.calls, asked.forecast.exact, asked.answer.text) == (2, False, NEEDLE)


def test_replies_in_no_form_are_information_and_their_missing_confidence_is_told() -> None:
    model = SideBySide(reader(lambda read: NEEDLE if NEEDLE in read.passages()[0] else "Whatever, really."))
    asked = ask(model, {"window": 2048, "result_tokens": 64})
    n = asked.answer.coverage.chunks
    assert titles(model.prompts[-1]) == [f"result {k}" for k in range(1, n + 1)]
    assert f"Results without a confidence that can be read: {n} of {n}." in asked.answer.warnings
    assert len(model.roles) == n + 1
    assert asked.answer.text == NEEDLE


@pytest.mark.parametrize(
    "said", [ContentRefusedError("declined."), " ", "Information:\nConfidence: 4", ContextTooLongError("too long.")]
)
def test_a_chunk_that_fails_is_counted_and_the_others_answer(said: str | Exception) -> None:
    model = SideBySide(reader(lambda read: said if 8 in pages(read.passages()[0]) else result(read)))
    model_again = model._reply_to
    model._reply_to = lambda read: said if read.name == "again" else model_again(read)
    asked = ask(model)
    assert len({event.chunk for event in asked.of(ChunkFailed)}) == asked.answer.coverage.failed == 1
    assert asked.answer.coverage.read == asked.answer.coverage.chunks - 1
    assert "Page 8" not in model.prompts[-1]
    assert (asked.answer.text, asked.answer.partial) == (NEEDLE, False)


def test_a_run_whose_chunks_all_fail_ends_with_an_error() -> None:
    with pytest.raises(ModelError, match="None of the chunks could be read"):
        ask(SideBySide(reader(lambda read: ContentRefusedError("declined."))))
    with pytest.raises(ModelRejectedError):
        ask(SideBySide(reader(lambda read: ModelRejectedError("the key was revoked."))))


def test_a_chunk_that_is_too_long_gives_a_result_for_each_half() -> None:
    refused: list[str] = []

    def mapped(read: Read) -> str | Exception:
        (text,) = read.passages()
        if not refused:
            refused.append(text)
            return ContextTooLongError("too long.")
        if text in refused[0]:
            return f"Information: half of it, {len(text)} characters\nConfidence: 1"
        return NOT_FOUND if NEEDLE not in text else result(read)

    model = SideBySide(reader(mapped))
    asked = ask(model)
    assert asked.answer.coverage.read == asked.answer.coverage.chunks
    assert len(titles(model.prompts[-1])) == 3
    assert model.prompts[-1].count("half of it") == 2


COLLAPSING = {"window": 768, "result_tokens": 64}


class Tree:
    """Notes that carry which results they were made of, and from which level they are."""

    def __init__(self) -> None:
        self.mapped = -1

    def leaf(self, read: Read) -> str:
        self.mapped += 1
        return self._note(self.mapped, self.mapped, 0, NEEDLE if NEEDLE in read.passages()[0] else "")

    def merged(self, read: Read) -> str:
        below = [self.span(text) for text in read.passages("notes")]
        assert len(below) >= 2
        assert all(left[1] + 1 == right[0] for left, right in pairwise(below)), "neighbours in their order"
        level = max(level for *_, level in below) + 1
        return self._note(below[0][0], below[-1][1], level, NEEDLE if NEEDLE in read.slots["notes"] else "")

    def _note(self, first: int, last: int, level: int, needle: str) -> str:
        return f"Information: [{first}-{last}] level {level}. {needle}{' Gulls.' * 12}\nConfidence: 3"

    @staticmethod
    def span(text: str) -> tuple[int, int, int]:
        first, last, level = map(int, re.findall(r"\[(\d+)-(\d+)\] level (\d+)", text)[0])
        return first, last, level


def test_what_does_not_fit_before_the_reduce_is_merged_with_its_neighbours_level_by_level() -> None:
    tree = Tree()
    model = SideBySide(reader(tree.leaf, tree.merged))
    asked = ask(model, COLLAPSING, document=long_document(60, needle_on=30))
    n, merges = asked.answer.coverage.chunks, model.roles.count("collapse")
    assert model.roles == ["map"] * n + ["collapse"] * merges + ["reduce"]
    assert not any(request.final for request in model.requests[:-1])
    assert asked.answer.usage.calls == n + merges + 1 <= asked.forecast.calls
    assert not asked.forecast.exact
    last = [tree.span(text) for text in model.reads[-1].passages("notes")]
    assert last[0][0] == 0
    assert last[-1][1] == n - 1
    assert all(left[1] + 1 == right[0] for left, right in pairwise(last)), "every result reached the answer, once"
    levels = max(level for *_, level in last)
    assert levels >= 2
    assert asked.forecast.depth >= levels + 2
    assert "dunes" not in "".join(model.prompts_of("collapse", "reduce"))
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 30)
    assert (asked.answer.usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens


def test_a_merged_result_keeps_the_chunks_of_what_it_repeats() -> None:
    model = SideBySide(reader(long_result))
    asked = ask(model, COLLAPSING, document=long_document(60, needle_on=30))
    assert model.roles.count("collapse") >= 3
    assert len(model.reads[-1].passages("notes")) >= 2
    assert [citation.page for citation in asked.answer.citations] == [30]


def test_short_results_of_many_chunks_need_no_collapse_although_one_is_planned() -> None:
    model = SideBySide(reader(lambda read: result(read) if NEEDLE in read.passages()[0] else NOT_FOUND))
    asked = ask(model, COLLAPSING, document=long_document(40, needle_on=30))
    assert model.roles.count("collapse") == 0
    assert not asked.forecast.exact
    assert asked.answer.usage.calls < asked.forecast.calls


def test_a_group_that_cannot_be_merged_keeps_what_it_is_surest_of() -> None:
    for trouble in (ContentRefusedError("declined."), ModelUnavailableError("down.", trouble="reply"), NOT_FOUND):
        failed = 0

        def merged(read: Read, trouble: str | Exception = trouble) -> str | Exception:
            nonlocal failed
            failed += 1
            return trouble if failed == 1 or NEEDLE in read.slots["notes"] else joined(read)

        model = SideBySide(reader(long_result, merged))
        asked = ask(model, COLLAPSING, document=long_document(20, needle_on=10))
        assert NEEDLE in model.prompts[-1]
        assert (asked.answer.text, asked.answer.partial, asked.answer.coverage.failed) == (NEEDLE, False, 0)
        assert any("Results left out" in warning for warning in asked.answer.warnings)


def test_a_server_that_refuses_all_calls_ends_the_run_while_it_collapses() -> None:
    fallen = ModelRejectedError("the key was revoked.")
    with pytest.raises(ModelRejectedError):
        ask(SideBySide(reader(long_result, lambda read: fallen)), COLLAPSING, document=long_document(20))


def test_400_chunks_are_read_64_at_a_time() -> None:
    model = SideBySide(reader(lambda read: result(read) if NEEDLE in read.passages()[0] else NOT_FOUND))
    text = long_document(600, needle_on=300)
    asked = ask(model, {"window": 832, "result_tokens": 64}, document=text)
    n = asked.answer.coverage.chunks
    assert n >= 400
    assert model.peak == 64
    assert model.roles == ["map"] * n + ["reduce"]
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 300)


@pytest.mark.parametrize("most", [1, 2, 4])
def test_out_of_calls_it_answers_from_the_results_it_has(most: int) -> None:
    model = SideBySide(reader())
    asked = ask(model, limits=Limits(calls=most))
    assert model.roles == ["map"] * (most - 1) + (["reduce"] if most > 1 else [])
    assert (asked.answer.partial, asked.answer.exit_code, asked.answer.coverage.read) == (True, 3, most - 1)
    assert len(titles(model.prompts[-1])) == most - 1 if most > 1 else not model.prompts


def test_out_of_calls_for_collapsing_the_surest_results_are_answered_from() -> None:
    document = long_document(40, needle_on=38)
    n = ask(SideBySide(reader(long_result)), COLLAPSING, document=document).answer.coverage.chunks
    for allowed in (n + 1, n + 3):
        model = SideBySide(reader(long_result))
        asked = ask(model, COLLAPSING, document=document, limits=Limits(calls=allowed))
        assert model.roles == ["map"] * n + ["collapse"] * (allowed - n - 1) + ["reduce"]
        assert NEEDLE in model.prompts[-1]
        assert (asked.answer.text, asked.answer.partial, asked.answer.coverage.read) == (NEEDLE, True, n)
        assert any("Results left out" in warning for warning in asked.answer.warnings)


@pytest.mark.parametrize("window", [1024, 2048, 3000, 8192])
@pytest.mark.parametrize("words", [1, 200])
def test_no_prompt_is_longer_than_the_window(window: int, words: int) -> None:
    settings = {"window": window}
    if window == 1024 and words == 200:
        settings["result_tokens"] = 32
    model = Rambling(lambda read: "", window=window)  # asserts that prompt and reply fit
    document = Document.from_text(long_document(60).text.replace("\n", " "))
    asked = ask(model, settings, document=document, question="Why? " * words + QUESTION)
    assert asked.answer.coverage.read == asked.answer.coverage.chunks
    longest = max(count_tokens(prompt) + r.max_tokens for prompt, r in zip(model.prompts, model.requests, strict=True))
    assert longest > 0.75 * window  # and the room there is gets used
    assert len(model.requests) <= asked.forecast.calls
    assert len(model.requests) == asked.forecast.calls or not asked.forecast.exact
    usage = asked.answer.usage
    assert (usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens
    assert (usage.completion_tokens or 0) <= asked.forecast.completion_tokens
    cap = model.requests[0].max_tokens
    assert any(f"Results cut at {cap} tokens" in warning for warning in asked.answer.warnings)


@pytest.mark.parametrize(
    ("settings", "question", "told"),
    [
        ({"window": 400}, QUESTION, r"window of 400 tokens.*-S window=N"),
        ({"result_tokens": 900}, QUESTION, r"a result 900.*-S result_tokens=N"),
        ({}, "Why? " * 600, r"instructions and question take \d+"),
        ({"answer_tokens": 8000}, QUESTION, r"a result of \d+ tokens does not fit before the reduce.*answer_tokens=N"),
        (
            {"result_tokens": 300},
            QUESTION,
            r"two results of \d+ .* fit before the collapse.*result_tokens=N",
        ),
    ],
)
def test_what_cannot_fit_is_refused_before_any_call(settings: dict[str, Any], question: str, told: str) -> None:
    model = SideBySide(reader())
    with pytest.raises(WindowTooSmallError, match=told):
        ask(model, settings, question=question)
    assert model.requests == []


def test_models_that_never_abstain_say_one_sentence_and_code_decides_whether_their_chunk_carries_it() -> None:
    def mapped(read: Read) -> str:
        assert (read.name, read.slots["otherwise"]) == ("answering/from_passages", "")
        return NEEDLE if NEEDLE in read.passages()[0] else "Rebuilding the harbour of Skagen cost 913,000 dollars."

    model = SideBySide(reader(mapped, reduced=lambda read: "482,000 crowns"), abstains=False, reading_tokens=300)
    asked = ask(model)
    n = asked.answer.coverage.chunks
    assert model.roles == ["from_passages"] * n + ["from_notes"]
    assert asked.answer.usage.calls == n + 1 <= asked.forecast.calls
    assert {role.role for role in asked.forecast.roles} == {"map", "reduce"}
    assert model.reads[-1].passages("notes") == [NEEDLE]
    assert "913,000" not in model.prompts[-1]
    assert "Not found" not in "".join(model.prompts)
    assert (asked.answer.text, asked.answer.citations[0].page) == ("482,000 crowns", 5)
    assert max(request.max_tokens for request in model.requests[:-1]) == 50


def test_what_such_models_found_is_merged_by_the_last_question_and_checked_again() -> None:
    def reduced(read: Read) -> str:
        return next((text for text in read.passages("notes") if NEEDLE in text), "It cost 913,000 dollars.")

    # Every page says the same, so that all of their sentences are carried.
    pages = [f"Page heading {n}\n\n{NEEDLE} Gull {n} was seen near marker {n}. " + "Sand. " * 200 for n in range(40)]
    document = Document.from_pages(pages, id="cd" * 32, name="same.pdf", paged=True)
    model = SideBySide(reader(lambda read: NEEDLE, reduced=reduced), abstains=False, reading_tokens=300)
    asked = ask(model, document=document)
    n = asked.answer.coverage.chunks
    assert n >= 30
    assert set(model.roles[n:]) == {"from_notes"}
    assert [request.final for request in model.requests[n:]] == [False] * (len(model.requests) - n - 1) + [True]
    assert (asked.answer.text, asked.forecast.exact) == (NEEDLE, False)
    assert len(model.requests) <= asked.forecast.calls


def test_roles_may_be_played_by_models_whose_tokenizers_differ() -> None:
    class Fine(SideBySide):
        async def count_tokens(self, text: str) -> int:
            return 3 * count_tokens(text)

    document = long_document(40, needle_on=30)
    mapped = SideBySide(reader(lambda read: f"Information: {NEEDLE}{' and gulls' * 20}\nConfidence: 3"), name="coarse")
    fine = Fine(reader(), window=1600)
    asked = ask(fine, {"window": 1600, "result_tokens": 96}, document=document, by_role={"map": mapped})
    assert set(mapped.roles) == {"map"}
    assert set(fine.roles) == {"collapse", "reduce"}
    assert asked.answer.text == NEEDLE
    assert len(mapped.requests) + len(fine.requests) <= asked.forecast.calls
