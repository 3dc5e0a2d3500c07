"""`read-agent`: who is called with what, in which order, and what becomes of it."""

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
from longagent.errors import ContentRefusedError, ContextTooLongError, ModelError, NotCachedError, WindowTooSmallError
from longagent.events import ChunkFailed, Event, UnitWritten
from longagent.graphs import Means, Models, Run, resolve
from longagent.graphs.describe import describe
from longagent.graphs.forecast import Forecast
from longagent.graphs.read_agent.plan import batches
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Reply, Request
from longagent.session import Session
from longagent.testing import ScriptedModel
from longagent.testing.readers import Read, read_prompt

OTHER = "Which gull was seen near marker 3?"


class Reader(ScriptedModel):
    """Writes "Gist of day N.", looks up what it is told to, and answers as told; tells what its prompts held."""

    name = "reader"

    def __init__(
        self,
        look_up: str | Callable[[Read, int], str] = "Passages: none",
        answer: str = "482,000 crowns",
        gist: Callable[[str], str] | None = None,
        **profile: Any,
    ) -> None:
        super().__init__(self._said, **profile)
        self.profile = replace(self.profile, identity="tests")
        self._look_up, self._answer = look_up, answer
        self._gist = gist or (lambda passage: f"Gist of {', '.join(re.findall(r'Page heading ([0-9]+)', passage))}.")
        self.refuse: Callable[[str], Exception | None] = lambda prompt: None

    def _said(self, request: Request) -> str:
        if error := self.refuse(self.prompts[-1]):
            raise error
        if self.roles[-1] == "answer":
            return self._answer
        read = read_prompt(request.messages)
        if self.roles[-1].startswith("gist"):
            return self._gist(read.passages()[0]) if read else ""
        told = self._look_up
        if isinstance(told, str):
            return told
        assert read is not None
        return told(read, sum("look" in role for role in self.roles))

    @property
    def roles(self) -> list[str]:
        return [request.role.partition("/")[2] for request in self.requests]

    def of(self, *roles: str) -> list[Read]:
        """What the calls of some roles held, but for those that asked again."""
        reads = [read_prompt(request.messages) for request in self.requests]
        return [read for read, role in zip(reads, self.roles, strict=True) if role in roles and read is not None]

    @property
    def answered(self) -> str:
        """What stood before the answer."""
        return self.of("answer")[-1].slots["text"]


class Asked:
    """A run of `read-agent` whose pages are about two of the survey's."""

    def __init__(
        self,
        model: ScriptedModel,
        settings: Mapping[str, Any] | None = None,
        *,
        document: Document | None = None,
        question: str = QUESTION,
        limits: Limits | None = None,
        means: Means | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.document = document or long_document(10, needle_on=5)
        self.forecast: Forecast

        async def go() -> Answer:
            resolved = resolve("read-agent", {"page_tokens": 600, **(settings or {})})
            within = means or Means(budget=Budget(limits or Limits()))
            run = Run(Loaded((self.document,), ()), Models(model), resolved, emit=self.events.append, means=within)
            self.forecast = await run.forecast(question)
            return await run.answer(question, seed=None)

        self.answer = asyncio.run(go())
        self.n = self.answer.coverage.chunks


def lines(text: str) -> list[str]:
    """The gists before a model, in their order, each with its number."""
    return re.findall(r"^\d+(?:-\d+)?: .*$", text, re.MULTILINE)


def test_every_page_gets_a_gist_then_pages_are_looked_up_then_the_answer_sees_gists_with_those_pages_in_place() -> None:
    model = Reader("Passages: 3")
    asked = Asked(model)
    n = asked.n
    assert n >= 5
    assert model.roles == ["gist"] * n + ["look_up", "answer"]
    pages = [read.passages()[0] for read in model.of("gist")]
    assert re.sub(r"\s", "", "".join(pages)) == re.sub(r"\s", "", asked.document.text)
    assert not any(QUESTION in prompt for prompt in model.prompts[:n])
    gists = [f"{k}: {model._gist(page)}" for k, page in enumerate(pages, start=1)]
    (look_up,) = model.of("look_up")
    assert lines(look_up.slots["gists"]) == gists
    assert (look_up.question, look_up.slots["most"]) == (QUESTION, "5")
    assert "dunes" not in model.prompts[n]
    assert lines(model.answered) == [*gists[:2], *gists[3:]]
    assert model.answered.index(gists[1]) < model.answered.index(pages[2]) < model.answered.index(gists[3])
    assert "[passage 3, pages 5-6, " in model.answered
    assert [request.final for request in model.requests] == [False] * (n + 1) + [True]
    assert (asked.forecast.calls, asked.forecast.exact, asked.forecast.depth) == (n + 2, True, 3)
    assert [event.text for event in asked.events if isinstance(event, UnitWritten)] == [g.split(": ")[1] for g in gists]


def test_the_answer_is_cited_from_the_pages_that_were_read_again() -> None:
    asked = Asked(Reader("Passages: 3"))
    (citation,) = asked.answer.citations
    assert (citation.page, citation.quote) == (5, NEEDLE)
    assert asked.answer.coverage.read == asked.n


def test_an_answer_from_gists_alone_is_cited_from_the_page_of_the_gist() -> None:
    model = Reader(gist=lambda page: NEEDLE if NEEDLE in page else "It speaks of dunes and gulls.")
    asked = Asked(model)
    assert "[passage" not in model.answered
    assert len(lines(model.answered)) == asked.n
    (citation,) = asked.answer.citations
    assert (citation.page, citation.quote) == (5, NEEDLE)


def test_a_made_up_quote_is_marked_where_no_page_was_read_again() -> None:
    quote = "the lighthouse keeper married in Valparaiso"
    asked = Asked(Reader(answer=f'The report says: "{quote}".'))
    assert [(found.status, found.said) for found in asked.answer.citations] == [("unverified", quote)]
    assert any("marked as unverified" in warning for warning in asked.answer.warnings)


def test_without_a_page_read_again_the_answer_is_looked_for_where_gists_were_shown() -> None:
    asked = Asked(Reader(answer=NEEDLE))
    (citation,) = asked.answer.citations
    assert (citation.page, citation.quote, asked.answer.traced) == (5, NEEDLE, True)


def test_the_cost_tells_the_depth_of_both_ways_to_look_up() -> None:
    resolved = resolve("read-agent", {})
    assert resolved is not None
    assert re.search(r"parallel: depth 3\b.*sequential: depth 2 \+ look-ups", resolved.strategy.cost or "")
    departures = describe(resolved.strategy).departures or ""
    assert "prompts are our own" in departures
    assert "share most words with the question" in departures


def test_more_pages_than_may_be_read_again_are_cut_in_the_order_they_were_named() -> None:
    model = Reader("Passages: 5, 1, 3, 99")
    Asked(model, {"pages": 2})
    assert re.findall(r"^\[passage (\d+), ", model.answered, re.MULTILINE) == ["1", "5"]


@pytest.mark.parametrize(
    ("reply", "calls"), [("Passages: 77", 1), ("The harbour, I think.", 2), ("", 2)], ids=["no such", "prose", "empty"]
)
def test_a_look_up_that_cannot_be_read_is_replaced_by_the_words_pages_share_with_the_question(
    reply: str, calls: int
) -> None:
    model = Reader(reply)
    asked = Asked(model, {"pages": 1})
    assert model.roles[asked.n :] == ["look_up"] * calls + ["answer"]
    assert NEEDLE in model.answered
    assert model.answered.count("[passage ") == 1
    assert any(warning.startswith("A look-up could not be read") for warning in asked.answer.warnings)


@pytest.mark.parametrize(
    "error",
    [ContentRefusedError("declined."), ContextTooLongError("too long.")],
    ids=lambda error: type(error).__name__,
)
def test_a_look_up_that_fails_does_not_lose_the_gists(error: Exception) -> None:
    model = Reader()
    model.refuse = lambda prompt: error if "have to be read again" in prompt else None
    asked = Asked(model, {"pages": 1})
    assert NEEDLE in model.answered
    assert asked.answer.found
    assert any("look-up could not be read" in warning for warning in asked.answer.warnings)


def test_one_after_the_other_each_look_up_sees_the_pages_before_it_and_may_end_the_search() -> None:
    model = Reader(lambda read, number: ["Passage: 2", "Passage: 4", "Passage: none"][number - 1])
    asked = Asked(model, {"look_up": "sequential"})
    assert model.roles[asked.n :] == ["look_on"] * 3 + ["answer"]
    seen = [re.findall(r"\[passage (\d+),", read.slots["text"]) for read in model.of("look_on", "answer")]
    assert seen == [[], ["2"], ["2", "4"], ["2", "4"]]
    assert not any(QUESTION in read.slots["text"] for read in model.of("look_on"))
    offered = [[choice[9:] for choice in request.choices] for request in model.requests if request.choices]
    every = [str(page) for page in range(1, asked.n + 1)]
    left = [[page for page in every if page not in read] for read in ([], ["2"], ["2", "4"])]
    assert offered == [[*pages, "none"] for pages in left]
    assert (asked.forecast.calls, asked.forecast.exact, asked.forecast.depth) == (asked.n + 6, False, 7)


@pytest.mark.parametrize(
    ("replies", "read"),
    [
        (["Passage: 2", "Passage: 2"], ["2"]),
        (["Passage: 4", "Passage: 1", "Passage: 5"], ["1", "4", "5"]),
        (["Passages: 1, 2, 4", "none"], ["1"]),
        ([], ["3"]),
        (["Passage: 40", "none"], ["3"]),
        (["none"], []),
    ],
    ids=["again", "as many as may be", "several", "unreadable", "no such", "none"],
)
def test_one_after_the_other_ends(replies: list[str], read: list[str]) -> None:
    queue = iter(replies)
    model = Reader((lambda _read, _number: next(queue)) if replies else "What?")
    asked = Asked(model, {"look_up": "sequential", "pages": 3 if replies else 1})
    assert re.findall(r"\[passage (\d+),", model.answered) == read
    assert not list(queue)
    guessed = any("could not be read" in warning for warning in asked.answer.warnings)
    assert guessed == (replies[:1] in ([], ["Passage: 40"]))


def test_a_page_whose_gist_fails_leaves_its_place_marked_and_is_counted() -> None:
    model = Reader("Passages: 2, 3")
    model.refuse = lambda prompt: ContentRefusedError("declined.") if "Page heading 3\n" in prompt else None
    asked = Asked(model)
    (failed,) = [event.chunk for event in asked.events if isinstance(event, ChunkFailed)]
    assert failed == 1
    assert "2: (not read)" in lines(model.of("look_up")[0].slots["gists"])
    assert lines(model.answered)[:2] == ["1: Gist of 1, 2.", "2: (not read)"]
    # Not even when it is named: the answer's own call would fail.
    assert re.findall(r"\[passage (\d+),", model.answered) == ["3"]
    assert (asked.answer.coverage.failed, asked.answer.coverage.read) == (1, asked.n - 1)


def test_without_a_single_gist_there_is_no_answer() -> None:
    model = Reader(gist=lambda page: "")
    with pytest.raises(ModelError, match="None of the chunks could be read"):
        Asked(model)
    assert "answer" not in model.roles


def test_a_page_that_is_too_long_is_shortened_in_halves_to_one_gist_of_one_line() -> None:
    model = Reader(gist=lambda page: "First line.\n2: Second line.")
    long = True

    def refuse(prompt: str) -> Exception | None:
        nonlocal long
        was, long = long, False
        return ContextTooLongError("too long.") if was else None

    model.refuse = refuse
    asked = Asked(model)
    gists = lines(model.of("look_up")[0].slots["gists"])
    assert gists[0] == "1: First line. 2: Second line. First line. 2: Second line."
    assert len(gists) == asked.n


def test_gists_that_their_cap_cut_off_are_used_and_told() -> None:
    class Cut(Reader):
        async def complete(self, request: Request) -> Reply:
            return replace(await super().complete(request), finish="stop" if request.final else "length")

    asked = Asked(Cut(), {"gist_tokens": 40})
    assert any(f"{asked.n} gists were cut at 40 tokens" in warning for warning in asked.answer.warnings)
    assert asked.answer.coverage.read == asked.n


@pytest.mark.parametrize("document", [Document.from_text("It rained."), Document.from_text("")], ids=["one", "none"])
def test_documents_of_one_page_and_of_none(document: Document) -> None:
    model = Reader("Passages: 1", answer="It rained.")
    asked = Asked(model, document=document, question="Did it rain?")
    assert model.roles == (["gist", "look_up", "answer"] if document.text else [])
    assert asked.answer.found == bool(document.text)


def many_pages(number: int) -> Document:
    return long_document(number, needle_on=number // 2)


@pytest.mark.parametrize("mode", ["parallel", "sequential"])
def test_four_hundred_pages_are_looked_up_in_a_window_of_8192(mode: str) -> None:
    gist = "On this day the surveyor walked the dunes, noting wind, tide, sand and gulls. " * 7
    model = Reader("Passages: none", gist=lambda page: gist, window=8192)
    asked = Asked(model, {"look_up": mode}, document=many_pages(800))
    n = asked.n
    assert n >= 400
    looked = model.of("look_up", "look_on")
    assert asked.answer.usage.calls == n + len(looked) + 1
    assert asked.answer.usage.prompt_tokens <= asked.forecast.prompt_tokens
    if mode == "parallel":
        assert len(looked) > 10
        seen = [line for read in looked for line in lines(read.slots["gists"])]
        assert [int(line.split(":")[0]) for line in seen] == list(range(1, n + 1))
        assert (asked.forecast.calls, asked.forecast.exact) == (n + len(looked) + 1, True)
    else:
        # Those are shown that share words with the question, in their order.
        numbers = [int(line.split(":")[0]) for line in lines(looked[0].slots["text"])]
        assert numbers == sorted(numbers)
        assert 200 in numbers or 201 in numbers


IN_PARTS = {"window": 1200, "page_tokens": 350, "pages": 2, "answer_tokens": 64, "gist_tokens": 100}


def test_of_the_pages_that_several_look_ups_name_those_with_most_words_of_the_question_are_read_again() -> None:
    def all_of_them(read: Read, _number: int) -> str:
        return "Passages: " + ", ".join(line.split(":")[0] for line in lines(read.slots["gists"]))

    model = Reader(all_of_them, window=1200)
    asked = Asked(model, IN_PARTS, document=long_document(20, needle_on=11))
    assert len(model.of("look_up")) > 1
    assert NEEDLE in model.answered
    assert model.answered.count("[passage ") == 2
    assert asked.answer.warnings == ()


def test_pages_that_one_look_up_names_go_before_those_that_replace_another() -> None:
    def first_only(read: Read, _number: int) -> str:
        return "Passages: 2" if "\n2: " in read.slots["gists"] else "Passages: 777"

    model = Reader(first_only, window=1200)
    asked = Asked(model, IN_PARTS | {"pages": 1}, document=long_document(20, needle_on=11))
    assert re.findall(r"^\[passage (\d+), ", model.answered, re.MULTILINE) == ["2"]
    (warning,) = asked.answer.warnings[:1]
    assert "look-up" in warning


def test_gists_nearest_to_the_pages_are_kept_where_not_all_fit() -> None:
    def tenth(read: Read, _number: int) -> str:
        return "Passages: 10" if "\n10: " in read.slots["gists"] else "none"

    model = Reader(tenth, gist=lambda page: "The surveyor walked the dunes. " * 30, window=2048)
    asked = Asked(model, {"page_tokens": 300}, document=long_document(40))
    numbers = [int(line.split(":")[0]) for line in lines(model.answered)]
    assert 2 <= len(numbers) < asked.n - 1
    assert set(numbers) | {10} == set(range(min(numbers), max(numbers) + 1))
    assert min(numbers) <= 10 <= max(numbers) + 1


@pytest.mark.parametrize("most", [2, 3, 4])
def test_out_of_calls_it_answers_from_the_gists_it_has(most: int) -> None:
    model = Reader()
    asked = Asked(model, limits=Limits(calls=most))
    assert model.roles == ["gist"] * (most - 1) + ["answer"]
    assert asked.answer.partial
    assert asked.answer.coverage.read == most - 1
    assert f"{most}-{asked.n}: (not read)" in lines(model.answered)


def test_without_a_call_for_the_look_up_pages_are_chosen_by_their_words() -> None:
    n = Asked(Reader()).n
    model = Reader()
    asked = Asked(model, {"pages": 1}, limits=Limits(calls=n + 1))
    assert model.roles == ["gist"] * n + ["answer"]
    assert NEEDLE in model.answered
    assert (asked.answer.partial, asked.answer.found) == (True, True)


def test_with_no_gist_within_the_limit_nothing_is_asked() -> None:
    model = Reader()
    asked = Asked(model, limits=Limits(calls=1))
    assert model.requests == []
    assert (asked.answer.text, asked.answer.partial, asked.answer.coverage.read) == (None, True, 0)


def test_a_model_that_never_abstains_writes_a_sentence_for_each_page_and_code_looks_up() -> None:
    model = Reader(abstains=False, reading_tokens=400)
    asked = Asked(model)
    assert model.roles == ["gist_brief"] * asked.n + ["answer"]
    assert NEEDLE in model.answered
    assert count_tokens(model.answered) < 600
    assert (asked.forecast.calls, asked.forecast.exact, asked.forecast.depth) == (asked.n + 1, True, 2)
    assert "Not found" not in "".join(model.prompts)


class Rambling(Reader):
    """Fills every reply to its cap."""

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        text = " ".join(["dune"] * request.max_tokens)
        while count_tokens(text) > request.max_tokens:
            text = text[: text.rindex(" ")]
        return replace(reply, text=text, finish="length")


@pytest.mark.parametrize("window", [1024, 2048, 3000, 8192])
@pytest.mark.parametrize("words", [1, 200])
@pytest.mark.parametrize("mode", ["parallel", "sequential"])
def test_no_prompt_is_longer_than_the_window(window: int, words: int, mode: str) -> None:
    settings = {"look_up": mode, "page_tokens": 800}
    if window == 1024 and words == 200:
        settings |= {"page_tokens": 100, "gist_tokens": 40, "answer_tokens": 64}
    model = Rambling(window=window)  # asserts that prompt and reply fit
    question = "Why? " * words + QUESTION
    document = Document.from_text(long_document(40).text.replace("\n", " "))
    asked = Asked(model, settings, document=document, question=question)
    assert asked.answer.coverage.read == asked.n
    assert asked.answer.usage.prompt_tokens <= asked.forecast.prompt_tokens
    assert re.search(r"^\[passage \d+, ", model.answered, re.MULTILINE)


@pytest.mark.parametrize(
    ("settings", "question", "told"),
    [
        ({"window": 300}, QUESTION, r"window of 300 tokens.*-S window=N"),
        ({"window": 1024, "gist_tokens": 900}, QUESTION, r"a gist 900.*-S gist_tokens=N"),
        ({"window": 1024}, "Why? " * 350, r"instructions and question take \d+.*shorten the question"),
        ({"window": 1024}, "Why? " * 200, r"a page of \d+ tokens does not fit.*page_tokens=N"),
        ({"window": 1024, "answer_tokens": 900}, QUESTION, r"the answer 900.*answer_tokens=N"),
    ],
)
def test_what_cannot_fit_is_refused_before_any_call(settings: dict[str, Any], question: str, told: str) -> None:
    model = Reader()
    with pytest.raises(WindowTooSmallError, match=told):
        Asked(model, {"page_tokens": 800, **settings}, question=question)
    assert model.requests == []


def test_gists_are_shared_out_evenly() -> None:
    assert batches(0, 500, 50) == []
    assert batches(5, 500, 50) == [range(5)]
    assert [len(part) for part in batches(41, 48 + 400, 10)] == [20, 21]
    assert [page for part in batches(401, 500, 60) for page in part] == list(range(401))


def test_questions_asked_together_and_later_share_the_gists() -> None:
    model = Reader("Passages: 3")
    document, settings = long_document(10, needle_on=5), {"page_tokens": 600}
    questions = [QUESTION, OTHER, "Why? " * 40 + OTHER]
    with Session(model=model, strategy="read-agent", settings=settings) as session:
        told = session.estimate(document, questions)
        answers = session.ask_many(document, questions)
    (n,) = {answer.coverage.chunks for answer in answers}
    assert n >= 5
    assert len(model.requests) == n + 2 * len(questions)
    assert (told.calls, told.exact) == (len(model.requests), True)
    assert [request.role for request in model.requests].count("read_agent/gist") == n
    assert all(answer.coverage.read == n for answer in answers)

    later = Reader("Passages: 3")
    with Session(model=later, strategy="read-agent", settings=settings) as session:
        answer = session.ask(document, "Where were the gulls?")
    assert later.roles == ["look_up", "answer"]
    assert answer.usage.cached_calls == n


def test_from_the_cache_only_a_question_needs_its_own_two_replies() -> None:
    document = long_document(10, needle_on=5)
    options: dict[str, Any] = {"strategy": "read-agent", "settings": {"page_tokens": 600}}
    with Session(model=Reader("Passages: 3"), **options) as session:
        first = session.ask(document, QUESTION)

    again = Reader("Passages: 3")
    with Session(model=again, cache_only=True, **options) as session:
        assert session.ask(document, QUESTION).text == first.text
        with pytest.raises(NotCachedError):
            session.ask(document, OTHER)
    assert again.requests == []


def test_a_gist_is_asked_for_alike_whatever_the_question() -> None:
    asked = []
    for question in (QUESTION, "Why? " * 150 + OTHER):
        model = Reader(window=2048)
        Asked(model, {"page_tokens": 800}, question=question, document=long_document(20))
        asked.append([request for request in model.requests if request.role == "read_agent/gist"])
    assert asked[0] == asked[1]
