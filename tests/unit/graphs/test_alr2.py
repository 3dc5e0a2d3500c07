"""`alr2`: who is called with what, in which order, and what becomes of it."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from support.side_by_side import Asked, Rambling, SideBySide
from support.survey import NEEDLE, QUESTION, long_document

from longagent.documents import Document, Loaded
from longagent.documents.sentences import sentences
from longagent.documents.tokens import count_tokens
from longagent.errors import (
    ContentRefusedError,
    ContextTooLongError,
    ModelError,
    ModelRejectedError,
    ServerDownError,
    WindowTooSmallError,
)
from longagent.events import ChunkFailed, UnitWritten
from longagent.graphs import Models, Run, resolve
from longagent.llm.budget import Limits
from longagent.llm.model import Reply, Request
from longagent.testing import ScriptedModel
from longagent.testing.readers import Read

Said = Callable[[Read], str | Exception]


def gulls(read: Read) -> list[str]:
    """The sentences about gulls in a prompt, one of each page."""
    found = re.findall(r"Nothing of importance[^.]*\.", "\n".join(read.passages()))
    return list(dict.fromkeys(found))


def copying(read: Read) -> str:
    """Copy the gulls and the needle."""
    found = gulls(read) + ([NEEDLE] if NEEDLE in read.slots["passages"] else [])
    return "\n".join(f"- {text}" for text in found) or "none"


def only_needle(read: Read) -> str:
    return f"- {NEEDLE}" if NEEDLE in read.slots["passages"] else "none"


def reader(retrieved: Said = copying, again: Said | None = None, answered: Said | None = None) -> Said:
    def reply(read: Read) -> str | Exception:
        if read.name.startswith("alr2/reason"):
            return (answered or from_needle)(read)
        if read.name == "alr2/retrieve_again":
            return (again or retrieved)(read)
        return retrieved(read)

    return reply


def from_needle(read: Read) -> str:
    return NEEDLE if NEEDLE in read.slots["evidence"] else "Not found."


def ask(model: ScriptedModel, settings: dict[str, Any] | None = None, **options: Any) -> Asked:
    return Asked("alr2", model, {"form": "chunks", **(settings or {})}, **options)


def evidence(model: SideBySide) -> list[str]:
    """The sentences before the reasoner."""
    (text,) = model.reads[-1].passages("evidence")
    return text.removeprefix("- ").split("\n- ")


def counts(asked: Asked) -> tuple[int, int, int]:
    found = asked.answer.retrieval
    assert found is not None
    return found.sentences, found.verbatim, found.unverified


def test_each_chunk_is_searched_alone_and_the_reasoner_sees_only_the_sentences_in_their_order() -> None:
    model = SideBySide(reader())
    asked = ask(model, document=long_document(20, needle_on=5))
    n = asked.answer.coverage.chunks
    assert n >= 5
    assert model.roles == ["retrieve"] * n + ["reason"]
    assert [request.final for request in model.requests] == [False] * n + [True]
    texts = [read.passages()[0] for read in model.of("retrieve")]
    assert re.sub(r"\s", "", "".join(texts)) == re.sub(r"\s", "", asked.document.text)
    for prompt, text in zip(model.prompts, texts, strict=False):
        assert sum(other in prompt for other in texts) == 1
        assert text in prompt
    told = [int(re.findall(r"gull number (\d+)", text)[0]) for text in evidence(model) if "gull" in text]
    assert told == sorted(told)
    assert len(set(told)) == 20
    assert (
        evidence(model).index(NEEDLE) == max(at for at, text in enumerate(evidence(model)) if "number 5 " in text) + 1
    )
    assert "dunes" not in model.prompts[-1]
    assert "[passage" not in model.prompts[-1]
    assert model.reads[-1].slots["otherwise"] == "If they do not hold the answer, say: Not found."
    assert asked.answer.usage.calls == asked.forecast.calls == n + 1
    assert (asked.forecast.exact, asked.forecast.depth) == (False, 2)
    assert (asked.answer.text, asked.answer.citations[0].page, asked.answer.citations[0].quote) == (NEEDLE, 5, NEEDLE)
    assert sorted(event.chunk for event in asked.of(UnitWritten)) == list(range(n))
    assert counts(asked) == (21, 21, 0)
    assert (asked.answer.usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens


def test_sentences_stand_in_the_order_of_the_text_whatever_the_order_of_arrival() -> None:
    class Late(SideBySide):
        async def complete(self, request: Request) -> Reply:
            reply = await super().complete(request)
            # The first chunks are the last to be answered.
            await asyncio.sleep(0.05 / len(self.requests))
            return reply

    def backwards(read: Read) -> str:
        return "\n".join(copying(read).splitlines()[::-1])

    def order(model: SideBySide) -> list[str]:
        asked = ask(model, document=long_document(20, needle_on=5))
        assert asked.answer.text == NEEDLE
        return evidence(model)

    assert order(Late(reader(backwards))) == order(SideBySide(reader()))


MADE_UP = "The harbour of Skagen was rebuilt in 1912 for 913,000 crowns."


def making_up(read: Read) -> str:
    """Copy as one should, and make a sentence up for every chunk."""
    return f"{only_needle(read)}\n- {MADE_UP}".removeprefix("none\n")


def test_made_up_sentences_never_reach_the_reasoner() -> None:
    model = SideBySide(reader(making_up))
    asked = ask(model)
    n = asked.answer.coverage.chunks
    assert n >= 3
    assert evidence(model) == [NEEDLE]
    assert "913,000" not in model.prompts[-1]
    assert counts(asked) == (n + 1, 1, n)
    assert asked.answer.retrieval is not None
    assert asked.answer.retrieval.hallucination_rate == n / (n + 1)
    assert asked.answer.text == NEEDLE


def test_without_the_check_they_do_and_are_counted_all_the_same() -> None:
    model = SideBySide(reader(making_up, answered=lambda read: "It cost 913,000 crowns."))
    asked = ask(model, {"check": "off"})
    n = asked.answer.coverage.chunks
    assert [evidence(model).count(text) for text in (MADE_UP, NEEDLE)] == [n, 1]
    assert counts(asked) == (n + 1, 1, n)
    assert not asked.answer.traced


def test_marked_ones_reach_it_with_a_mark() -> None:
    model = SideBySide(reader(making_up))
    asked = ask(model, {"check": "mark"})
    n = asked.answer.coverage.chunks
    shown = evidence(model)
    assert (shown.count(NEEDLE), shown.count(f"(not found in the text) {MADE_UP}"), len(shown)) == (1, n, n + 1)
    assert "may be wrong" in model.reads[-1].slots["otherwise"]
    assert asked.answer.text == NEEDLE


@pytest.mark.parametrize("check", ["drop", "mark"])
def test_where_all_is_made_up_the_check_decides_whether_anybody_answers(check: str) -> None:
    model = SideBySide(reader(lambda read: f"- {MADE_UP}", answered=lambda read: MADE_UP))
    asked = ask(model, {"check": check})
    assert ("reason" in model.roles) == (check == "mark")
    assert asked.answer.found == (check == "mark")
    assert not (asked.answer.found and asked.answer.traced)


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        (NEEDLE, True),
        ("the harbour of  Skagen was rebuilt in 1907 for 482,000 crowns", True),
        ("tha harbour of Skagen was rebuilt in 1907 for 482,000 crowns.", True),
        ("rebuilt in 1907 for 482,000 crowns", True),
        ("The harbour of Skagen was rebuilt in 1908 for 482,000 crowns.", False),
        ("The harbour of Skagen was rebuilt in 1907 for 482,001 crowns.", False),
        ("The harbour of Skagen was not rebuilt in 1907 for 482,000 crowns.", False),
        ("The harbour of Ribe was rebuilt in 1907 for 482,000 crowns.", False),
        ("1907", False),
        ("Rebuilding it cost a lot of money.", False),
    ],
)
def test_a_sentence_stands_in_the_source_or_it_does_not(said: str, stands: bool) -> None:
    model = SideBySide(reader(lambda read: f"- {said}" if NEEDLE in read.passages()[0] else "none"))
    asked = ask(model)
    assert ("reason" in model.roles) == stands
    retrieved, verbatim, unverified = counts(asked)
    assert (retrieved, unverified) == (1, 0 if stands else 1)
    assert verbatim == (said in asked.document.text and stands)
    if stands:
        # Whatever of it was copied, and however, the reasoner sees the source's own sentence.
        assert evidence(model) == [NEEDLE]
        assert asked.answer.citations[0].quote == NEEDLE


def test_sentences_that_stand_apart_are_found_although_they_were_copied_into_one_line() -> None:
    first = "On day 5 the surveyor walked the northern dunes and noted wind, tide and the colour of the sand."

    def joined(read: Read) -> str:
        return f"- {first} {NEEDLE} {MADE_UP}" if NEEDLE in read.passages()[0] else "none"

    model = SideBySide(reader(joined))
    asked = ask(model)
    assert evidence(model) == [first, NEEDLE]
    assert counts(asked) == (3, 2, 1)


def test_the_answer_rests_on_the_sentences_and_not_on_their_chunks() -> None:
    # Two pages say it, but from one of them it was not retrieved.
    texts = [f"Page heading {n}\n\n{'Sand blew over the dunes. ' * 80}{NEEDLE if n != 2 else ''}" for n in (1, 2, 3)]
    document = Document.from_pages(texts, id="ab" * 32, name="twice.pdf", paged=True)
    model = SideBySide(reader(lambda read: only_needle(read) if "heading 3" in read.passages()[0] else "none"))
    asked = ask(model, document=document)
    assert [(citation.page, citation.quote) for citation in asked.answer.citations] == [(3, NEEDLE)]


@pytest.mark.parametrize(
    "said", ["none", "- None", "There are no relevant sentences.", "The passage says nothing of it."]
)
def test_where_nothing_was_found_nobody_is_asked_for_an_answer(said: str) -> None:
    model = SideBySide(reader(lambda read: said))
    asked = ask(model)
    assert set(model.roles) == {"retrieve"}
    assert len(model.roles) == asked.answer.coverage.read == asked.answer.coverage.chunks
    assert (asked.answer.found, asked.answer.partial, asked.answer.exit_code) == (False, False, 4)
    if "says nothing" not in said:
        assert counts(asked) == (0, 0, 0)


def test_a_refusal_that_stands_in_the_source_is_evidence() -> None:
    said = "The price of the harbour was not disclosed."
    text = f"{'Sand blew over the dunes. ' * 20}{said}"
    model = SideBySide(reader(lambda read: f"- {said}", answered=lambda read: said))
    asked = ask(model, document=Document.from_text(text))
    assert evidence(model) == [said]
    assert asked.answer.text == said


HOP = "The harbour was built by the firm of Jens Aabye."
BRIDGE = "Jens Aabye was born in Ribe in 1861."


def two_hops() -> Document:
    """What the second hop needs stands before the first, and shares no word with the question."""
    pages = [f"Page heading {n}\n\nOn day {n} sand blew over the dunes. " + "Nobody came. " * 150 for n in range(1, 9)]
    pages[1] += BRIDGE
    pages[5] += HOP
    return Document.from_pages(pages, id="cd" * 32, name="hops.pdf", paged=True)


def first_hop(read: Read) -> str:
    return f"- {HOP}" if HOP in read.slots["passages"] else "none"


def second_hop(read: Read) -> str:
    # It repeats what it was shown, too.
    wanted = BRIDGE if "Aabye" in read.slots["evidence"] and BRIDGE in read.slots["passages"] else ""
    return f"- {HOP}\n- {wanted}" if wanted else f"- {HOP}"


def test_a_second_pass_is_shown_what_the_first_found() -> None:
    question = "Where was the builder of the harbour born?"
    answered: Said = lambda read: "In Ribe." if BRIDGE in read.slots["evidence"] else "Not found."  # noqa: E731
    model = SideBySide(reader(first_hop, second_hop, answered))
    asked = ask(model, {"passes": 2}, document=two_hops(), question=question)
    n = asked.answer.coverage.chunks
    assert n >= 4
    assert model.roles == ["retrieve"] * n + ["retrieve_again"] * n + ["reason"]
    assert not any("[sentences" in prompt for prompt in model.prompts[:n])
    assert all(read.passages("evidence") == [f"- {HOP}"] for read in model.of("retrieve_again"))
    assert [read.passages() for read in model.of("retrieve")] == [r.passages() for r in model.of("retrieve_again")]
    assert evidence(model) == [BRIDGE, HOP]
    assert counts(asked) == (2, 2, 0)
    assert asked.answer.usage.calls == asked.forecast.calls == 2 * n + 1
    assert asked.forecast.depth == 3
    assert (asked.answer.text, asked.answer.citations[0].quote) == ("In Ribe.", BRIDGE)
    assert {event.path for event in asked.of(UnitWritten)} == {0, 1}

    once = SideBySide(reader(first_hop, second_hop, answered))
    assert not ask(once, document=two_hops(), question=question).answer.found


def test_there_is_no_second_pass_with_nothing_to_go_by() -> None:
    model = SideBySide(reader(lambda read: "none"))
    asked = ask(model, {"passes": 2})
    assert set(model.roles) == {"retrieve"}
    assert asked.answer.usage.calls == asked.answer.coverage.chunks


def test_of_much_evidence_the_second_pass_is_shown_what_matches_best() -> None:
    model = SideBySide(reader(again=lambda read: "none"))
    asked = ask(model, {"passes": 2}, document=long_document(60, needle_on=50))
    (shown,) = {read.passages("evidence")[0] for read in model.of("retrieve_again")}
    assert NEEDLE in shown
    assert count_tokens(shown) <= 128
    assert asked.answer.text == NEEDLE


def test_prompts_of_the_first_pass_differ_between_questions_only_in_the_question() -> None:
    def asked(question: str) -> list[str]:
        model = SideBySide(reader(only_needle))
        ask(model, question=question)
        return [prompt for prompt in model.prompts_of("retrieve") if prompt.endswith(f"Question: {question}")]

    other = "Why were the gulls of Skagen seen so often?"
    first, second = asked(QUESTION), asked(other)
    assert first
    assert [prompt.removesuffix(QUESTION) for prompt in first] == [prompt.removesuffix(other) for prompt in second]


def test_a_prefilter_reads_the_best_chunks_and_the_coverage_says_so() -> None:
    model = SideBySide(reader())
    asked = ask(model, {"prefilter": 2}, document=long_document(40, needle_on=30))
    assert model.roles == ["retrieve"] * 2 + ["reason"]
    coverage = asked.answer.coverage
    assert (coverage.read, asked.answer.partial) == (2, False)
    assert coverage.chunks >= 5
    assert asked.forecast.calls == 3
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 30)
    pages = [int(re.findall(r"gull number (\d+)", read.passages()[0])[0]) for read in model.of("retrieve")]
    assert pages == sorted(pages)


def test_a_prefilter_of_more_than_there_is_reads_all() -> None:
    model = SideBySide(reader())
    asked = ask(model, {"prefilter": 99})
    assert asked.answer.coverage.read == asked.answer.coverage.chunks
    assert len(model.roles) == asked.forecast.calls == asked.answer.coverage.chunks + 1


def whole(model: ScriptedModel, settings: dict[str, Any] | None = None, **options: Any) -> Asked:
    """Ask with a document of several chunks that fits one call."""
    return Asked("alr2", model, {"form": "whole", "window": 3700, **(settings or {})}, **options)


def test_the_whole_text_is_searched_in_one_call() -> None:
    model = SideBySide(reader())
    asked = whole(model)
    assert model.roles == ["retrieve", "reason"]
    assert model.reads[0].passages() == [asked.document.text.strip()]
    coverage = asked.answer.coverage
    assert (coverage.read, coverage.chunks > 1) == (coverage.chunks, True)
    assert (asked.forecast.calls, asked.forecast.depth) == (2, 2)
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 5)
    assert len(evidence(model)) == 11
    twice = SideBySide(reader(again=lambda read: "none"))
    assert whole(twice, {"passes": 2, "window": 4100}).forecast.calls == 3
    assert twice.roles == ["retrieve", "retrieve_again", "reason"]


def test_by_default_what_fits_one_call_is_read_in_one() -> None:
    model = SideBySide(reader())
    assert whole(model, {"form": "auto"}).answer.found
    assert model.roles == ["retrieve", "reason"]
    model = SideBySide(reader())
    assert whole(model, {"form": "auto"}, document=long_document(60, needle_on=5)).answer.found
    assert len(model.roles) > 3
    # What would fit, but not be read well.
    model = SideBySide(reader(), reading_tokens=500)
    whole(model, {"form": "auto"})
    assert len(model.roles) > 3


def test_a_text_that_does_not_fit_is_refused_before_any_call_where_one_call_was_asked_for() -> None:
    model = SideBySide(reader())
    with pytest.raises(WindowTooSmallError, match=r"the text has about \d+ tokens.*form=chunks"):
        whole(model, document=long_document(60, needle_on=5))
    assert model.requests == []
    # By default that is what the model holds, not what a chunk may have.
    model = SideBySide(reader(), window=32_768)
    whole(model, {"window": None}, document=long_document(60, needle_on=5))
    assert model.roles == ["retrieve", "reason"]


@pytest.mark.parametrize("trouble", [ContentRefusedError("declined."), ContextTooLongError("too long."), " "])
def test_what_cannot_be_read_in_one_call_is_read_chunk_by_chunk(trouble: str | Exception) -> None:
    def refusing(read: Read) -> str | Exception:
        if read.name == "again":
            return trouble
        whole_text = "Page heading 1\n" in read.slots["passages"] and "Page heading 10\n" in read.slots["passages"]
        return trouble if whole_text else copying(read)

    model = SideBySide(reader(refusing))
    asked = whole(model)
    assert asked.answer.coverage.read == asked.answer.coverage.chunks
    assert (asked.answer.text, asked.answer.partial) == (NEEDLE, False)
    assert model.roles[-1] == "reason"


def test_a_server_that_is_gone_ends_the_run() -> None:
    for gone in (ServerDownError("gone.", trouble="connection"), ModelRejectedError("the key was revoked.")):
        with pytest.raises(ModelError):
            whole(SideBySide(reader(lambda read, gone=gone: gone)))


def test_several_documents_are_several_passages_of_one_call() -> None:
    documents = tuple(
        Document.from_text(f"{word} " * 20 + end) for word, end in (("Sand.", NEEDLE), ("Wind.", MADE_UP))
    )
    model = SideBySide(reader(lambda read: f"- {MADE_UP}\n- {NEEDLE}"))

    async def go() -> Any:
        run = Run(Loaded(documents, ()), Models(model), resolve("alr2", {}), emit=lambda _: None)
        return await run.answer(QUESTION, seed=None)

    answer = asyncio.run(go())
    assert model.roles == ["retrieve", "reason"]
    assert len(model.reads[0].passages()) == 2
    assert evidence(model) == [NEEDLE, MADE_UP]
    assert answer.citations[0].document_id == documents[0].id


def test_the_reasoner_may_see_the_chunks_in_which_the_sentences_stand() -> None:
    model = SideBySide(reader(only_needle))
    asked = ask(model, {"reason_with_context": True})
    (passage,) = model.reads[-1].passages()
    assert NEEDLE in passage
    assert passage in [read.passages()[0] for read in model.of("retrieve")]
    assert evidence(model) == [NEEDLE]
    assert asked.answer.citations[0].quote == NEEDLE
    assert (asked.answer.usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens


def test_context_is_left_out_where_it_does_not_fit() -> None:
    model = SideBySide(reader())
    asked = ask(model, {"reason_with_context": True}, document=long_document(40, needle_on=5))
    assert 0 <= model.prompts[-1].count("[passage") < asked.answer.coverage.chunks
    assert asked.answer.text == NEEDLE


def everything(read: Read) -> str:
    """Copy the whole passage."""
    (text,) = read.passages()
    return "\n".join(f"- {text[start:end]}" for start, end in sentences(text))


def test_of_more_sentences_than_fit_those_are_answered_from_that_match_best() -> None:
    model = SideBySide(reader(everything))
    asked = ask(model, {"retrieved_tokens": 400}, document=long_document(60, needle_on=3))
    shown = evidence(model)
    assert NEEDLE in shown
    assert shown.index(NEEDLE) not in (0, len(shown) - 1)
    told = [int(number) for text in shown for number in re.findall(r"(?:day|gull number|heading) (\d+)", text)]
    assert told == sorted(told)
    (warning,) = [text for text in asked.answer.warnings if "left out" in text]
    assert int(re.findall(r"\d+", warning)[0]) + len(shown) > 100
    assert asked.answer.text == NEEDLE
    assert asked.answer.usage.calls == asked.forecast.calls


@pytest.mark.parametrize("check", ["drop", "off"])
def test_a_sentence_longer_than_the_room_is_cut(check: str) -> None:
    long = "The harbour of Skagen cost " + ", ".join(f"{n} crowns" for n in range(900, 945)) + "."
    copier = SideBySide(reader(lambda read: f"- {long}"), name="copier")
    model = SideBySide(lambda read: "900 crowns", window=384)
    asked = ask(
        model,
        {"check": check, "retrieved_tokens": 500, "window": 2048, "answer_tokens": 32},
        document=Document.from_text(long),
        by_role={"retrieve": copier},
    )
    (shown,) = evidence(model)
    assert long.startswith(shown)
    assert 200 < len(shown) < len(long)
    assert asked.answer.text == "900 crowns"


@pytest.mark.parametrize("said", [ContentRefusedError("declined."), " ", ContextTooLongError("too long.")])
def test_a_chunk_that_fails_is_counted_and_the_others_answer(said: str | Exception) -> None:
    def failing(read: Read) -> str | Exception:
        return said if read.name == "again" or "Page heading 8\n" in read.passages()[0] else copying(read)

    model = SideBySide(reader(failing))
    asked = ask(model)
    assert len({event.chunk for event in asked.of(ChunkFailed)}) == asked.answer.coverage.failed == 1
    assert asked.answer.coverage.read == asked.answer.coverage.chunks - 1
    assert "gull number 8 " not in model.prompts[-1]
    assert (asked.answer.text, asked.answer.partial) == (NEEDLE, False)


def test_a_chunk_that_failed_is_not_searched_again() -> None:
    def failing(read: Read) -> str | Exception:
        return ContentRefusedError("declined.") if "Page heading 8\n" in read.passages()[0] else copying(read)

    model = SideBySide(reader(failing))
    asked = ask(model, {"passes": 2})
    assert model.roles.count("retrieve_again") == asked.answer.coverage.chunks - 1


def test_a_chunk_that_fails_in_the_second_pass_only_is_told() -> None:
    def failing(read: Read) -> str | Exception:
        return ContentRefusedError("declined.") if "Page heading 8\n" in read.passages()[0] else "none"

    asked = ask(SideBySide(reader(copying, failing)), {"passes": 2})
    assert asked.answer.coverage.failed == 0
    assert "1 chunk could not be read each time it was to be." in asked.answer.warnings


def test_a_run_whose_chunks_all_fail_ends_with_an_error() -> None:
    with pytest.raises(ModelError, match="None of the chunks could be read"):
        ask(SideBySide(reader(lambda read: ContentRefusedError("declined."))))


def test_garbage_is_counted_and_answers_nothing() -> None:
    model = SideBySide(reader(lambda read: "Whatever, really. {} [x] <answer>"))
    asked = ask(model)
    assert set(model.roles) == {"retrieve"}
    retrieved, verbatim, unverified = counts(asked)
    assert retrieved == unverified >= asked.answer.coverage.chunks
    assert verbatim == 0
    assert not asked.answer.found


def test_a_chunk_that_is_too_long_is_searched_in_halves() -> None:
    refused: list[str] = []

    def retrieved(read: Read) -> str | Exception:
        (text,) = read.passages()
        if not refused:
            refused.append(text)
            return ContextTooLongError("too long.")
        return copying(read)

    model = SideBySide(reader(retrieved))
    asked = ask(model)
    assert asked.answer.coverage.read == asked.answer.coverage.chunks
    assert len(model.roles) == asked.answer.coverage.chunks + 3
    assert len(evidence(model)) == 11


def test_documents_without_text_and_of_one_chunk() -> None:
    model = SideBySide(reader())
    asked = ask(model, document=Document.from_text(" "))
    assert (model.roles, asked.answer.found, asked.answer.partial) == ([], False, False)
    model = SideBySide(reader())
    asked = ask(model, document=Document.from_text(NEEDLE))
    assert (model.roles, asked.answer.text) == (["retrieve", "reason"], NEEDLE)


def test_400_chunks_are_searched_64_at_a_time() -> None:
    model = SideBySide(reader(only_needle))
    asked = ask(model, {"window": 600}, document=long_document(600, needle_on=300))
    n = asked.answer.coverage.chunks
    assert n >= 400
    assert model.peak == 64
    assert model.roles == ["retrieve"] * n + ["reason"]
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 300)


@pytest.mark.parametrize("most", [1, 2, 4])
def test_out_of_calls_it_answers_from_the_sentences_it_has(most: int) -> None:
    model = SideBySide(reader(answered=lambda read: f"{evidence_of(read)[0]}"))
    asked = ask(model, {"passes": 2}, limits=Limits(calls=most))
    assert model.roles == ["retrieve"] * (most - 1) + (["reason"] if most > 1 else [])
    assert (asked.answer.partial, asked.answer.exit_code, asked.answer.coverage.read) == (True, 3, most - 1)


def evidence_of(read: Read) -> list[str]:
    (text,) = read.passages("evidence")
    return text.removeprefix("- ").split("\n- ")


def test_out_of_calls_during_the_second_pass() -> None:
    model = SideBySide(reader(again=lambda read: "none"))
    n = ask(SideBySide(reader()), {"passes": 2}).answer.coverage.chunks
    asked = ask(model, {"passes": 2}, limits=Limits(calls=n + 2))
    assert model.roles == ["retrieve"] * n + ["retrieve_again", "reason"]
    assert (asked.answer.partial, asked.answer.text, asked.answer.coverage.read) == (True, NEEDLE, n)


@pytest.mark.parametrize("window", [1024, 2048, 3000, 8192])
@pytest.mark.parametrize("words", [1, 200])
@pytest.mark.parametrize("settings", [{"check": "off"}, {"passes": 2, "check": "mark", "reason_with_context": True}])
def test_no_prompt_is_longer_than_the_window(window: int, words: int, settings: dict[str, Any]) -> None:
    settings = {"window": window, **settings}
    if window == 1024 and words == 200:
        settings["retrieved_tokens"] = 32
    model = Rambling(lambda read: "", window=window)  # asserts that prompt and reply fit
    document = Document.from_text(long_document(60).text.replace("\n", " "))
    asked = ask(model, settings, document=document, question="Why? " * words + QUESTION)
    assert asked.answer.coverage.read == asked.answer.coverage.chunks
    longest = max(count_tokens(prompt) + r.max_tokens for prompt, r in zip(model.prompts, model.requests, strict=True))
    assert longest > 0.7 * window  # and the room there is gets used
    assert len(model.requests) <= asked.forecast.calls
    usage = asked.answer.usage
    assert (usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens
    assert (usage.completion_tokens or 0) <= asked.forecast.completion_tokens


@pytest.mark.parametrize(
    ("settings", "question", "told"),
    [
        ({"window": 400}, QUESTION, r"window of 400 tokens.*-S window=N"),
        ({"retrieved_tokens": 900}, QUESTION, r"the retrieved sentences 900.*-S retrieved_tokens=N"),
        ({"passes": 2, "retrieved_tokens": 300}, QUESTION, r"the retrieved sentences 6\d\d.*"),
        ({}, "Why? " * 600, r"instructions and question take \d+"),
        ({"answer_tokens": 800}, QUESTION, r"the answer 800.*-S answer_tokens=N"),
    ],
)
def test_what_cannot_fit_is_refused_before_any_call(settings: dict[str, Any], question: str, told: str) -> None:
    model = SideBySide(reader())
    with pytest.raises(WindowTooSmallError, match=told):
        ask(model, settings, question=question)
    assert model.requests == []


def test_a_sentence_that_the_cap_cut_off_is_none_that_was_made_up() -> None:
    class Cut(SideBySide):
        async def complete(self, request: Request) -> Reply:
            reply = await super().complete(request)
            if request.role == "alr2/reason" or reply.text == "none":
                return reply
            return Reply(text=f"{reply.text}\n- The harb xx", finish="length", prompt_tokens=9, completion_tokens=9)

    model = Cut(reader(only_needle))
    asked = ask(model)
    assert counts(asked) == (1, 1, 0)
    assert any("Retrieved sentences cut at 128 tokens: 1" in warning for warning in asked.answer.warnings)


def test_models_that_never_abstain_answer_and_code_looks_for_the_sentences_that_carry_it() -> None:
    def said(read: Read) -> str:
        assert (read.name, read.slots["otherwise"]) == ("answering/from_passages", "")
        return "It cost 482,000 crowns." if NEEDLE in read.slots["passages"] else "It cost 913,000 dollars."

    model = SideBySide(said, abstains=False, reading_tokens=300)
    asked = Asked("alr2", model, {"passes": 2})
    n = asked.answer.coverage.chunks
    assert model.roles == ["from_passages"] * (n + 1)
    assert [request.final for request in model.requests] == [False] * n + [True]
    assert "913,000" not in model.prompts[-1]
    assert NEEDLE in model.prompts[-1]
    assert len(model.prompts[-1]) < len(model.prompts[0])
    assert {role.role for role in asked.forecast.roles} == {"retrieve", "reason"}
    assert asked.answer.usage.calls == asked.forecast.calls
    assert (asked.answer.text, asked.answer.citations[0].page) == ("It cost 482,000 crowns.", 5)
    # Nothing was copied, so nothing can have been copied wrongly.
    assert asked.answer.retrieval is None
    assert any("too small to copy" in warning for warning in asked.answer.warnings)
    assert max(request.max_tokens for request in model.requests[:-1]) == 50


def test_where_none_of_their_answers_stands_in_the_text_nobody_answers() -> None:
    model = SideBySide(lambda read: "It cost 913,000 dollars.", abstains=False, reading_tokens=300)
    asked = Asked("alr2", model)
    assert len(model.roles) == asked.answer.coverage.chunks
    assert not asked.answer.found


def test_roles_may_be_played_by_models_whose_tokenizers_differ() -> None:
    class Fine(SideBySide):
        async def count_tokens(self, text: str) -> int:
            return 3 * count_tokens(text)

    copier = SideBySide(reader(), name="coarse")
    fine = Fine(reader(), window=1600)
    document = long_document(40, needle_on=30)
    asked = ask(fine, {"window": 1600}, document=document, by_role={"retrieve": copier})
    assert (set(copier.roles), fine.roles) == ({"retrieve"}, ["reason"])
    assert asked.answer.text == NEEDLE
    assert (asked.answer.usage.prompt_tokens or 0) <= asked.forecast.prompt_tokens
