"""`long-agent`: a leader that sees no text, members that see no question, contradictions settled by two chunks."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.side_by_side import Asked, Rambling, SideBySide
from support.survey import NEEDLE, QUESTION, long_document

from longagent.documents import Document
from longagent.documents.tokens import count_tokens
from longagent.errors import ContentRefusedError, ContextTooLongError, ModelError, WindowTooSmallError
from longagent.events import Contested, Instructed, UnitWritten
from longagent.graphs.long_agent.answering import rests_on
from longagent.graphs.long_agent.clusters import Cluster, Round
from longagent.llm.budget import Limits
from longagent.testing import chain_reader
from longagent.testing.readers import Read

DATA = Path(__file__).parents[3] / "../shared/data/dev/musique.jsonl"
ASKED = "What was paid for the harbour at Skagen?"
TOGETHER = "\n(and)\n"
Reply = Callable[[Read], str | Exception]


class Team:
    """Replies by role; members by what stands in their chunks."""

    def __init__(
        self,
        members: Callable[[str, str], str | Exception] | None = None,
        *,
        instruct: str | Exception = f"Instruction: {ASKED}\nParts: one",
        decide: list[str | Exception] | None = None,
        aliases: str | Exception = "Same: none",
        answer: str | Exception = "482,000 crowns",
    ) -> None:
        self.members = members or needle
        self.leader = {"instruct": instruct, "aliases": aliases, "answer": answer}
        self.decisions = iter(decide or ["Action: ANSWER"] * 9)

    def __call__(self, read: Read) -> str | Exception:
        role = read.name.rpartition("/")[2]
        if role == "member":
            return self.members(TOGETHER.join(read.passages()), read.slots["instruction"])
        if role == "decide":
            return next(self.decisions)
        return self.leader.get(role, "")


def needle(text: str, _instruction: str) -> str:
    return "Notes: It was rebuilt.\nAnswer: 482,000 crowns" if NEEDLE in text else "Not found."


def on(**answers: str) -> Callable[[str, str], str]:
    """Answer by what stands in the chunks: `p4="Rome"` where page 4 begins in one; of several the last that is told."""

    def reply(text: str, _instruction: str) -> str:
        pages = re.findall(r"Page heading (\d+)\n", text)
        said = [answer for key, answer in answers.items() if key[1:] in pages]
        return f"Notes: As told.\nAnswer: {said[-1]}" if said else "Not found."

    return reply


def ask(team: Reply, settings: dict[str, Any] | None = None, **options: Any) -> tuple[SideBySide, Asked]:
    profile = {key: options.pop(key) for key in ("abstains", "reading_tokens") if key in options}
    model = team if isinstance(team, SideBySide) else SideBySide(team, **profile)
    return model, Asked("long-agent", model, settings, **options)


def kinds(model: SideBySide) -> list[str]:
    """The roles in order, neighbours that are the same once."""
    return [role for at, role in enumerate(model.roles) if not at or model.roles[at - 1] != role]


def test_one_instruction_all_members_side_by_side_and_an_answer() -> None:
    model, asked = ask(Team(decide=["Action: ANSWER\nAnswer: 482,000 crowns"]))
    n = asked.answer.coverage.chunks
    assert n >= 5
    assert model.roles == ["instruct", *["member"] * n, "decide"]
    assert model.peak == n
    assert (asked.answer.text, asked.answer.citations[0].page) == ("482,000 crowns", 5)
    assert (asked.answer.conflicts, asked.answer.warnings, asked.answer.partial) == ((), (), False)
    assert [event.instruction for event in asked.of(Instructed)] == [ASKED]
    assert [event.text for event in asked.of(UnitWritten)] == ["It was rebuilt.\n482,000 crowns"]
    # 1 + R(n + c + 1) and R judgements of aliases, with R = 3 and c = n - 1
    assert (asked.forecast.exact, asked.forecast.calls) == (False, 1 + 3 * (n + n - 1 + 1) + 3)
    assert asked.forecast.depth == 1 + 3 * (n - 1 + 2) + 3


def test_members_see_their_chunk_and_the_instruction_and_nothing_else() -> None:
    model, _ = ask(Team())
    reads = model.of("member")
    texts = [text for read in reads for text in read.passages()]
    assert len(texts) == len({*texts}) == len(reads)
    for read, prompt in zip(reads, model.prompts_of("member"), strict=True):
        assert read.slots["instruction"] == ASKED
        assert QUESTION not in prompt
        assert prompt.count("[passage ") == 1


def test_the_leader_sees_no_text_but_answers_with_chunks_and_pages() -> None:
    model, asked = ask(Team())
    texts = [text for read in model.of("member") for text in read.passages()]
    prompts = model.prompts_of("instruct", "decide", "answer")
    assert len(prompts) == 3
    for prompt in prompts:
        assert QUESTION in prompt
        assert not any(text in prompt for text in texts)
        assert "surveyor" not in prompt
        assert "It was rebuilt." not in prompt
    for prompt in prompts[1:]:
        assert f"Round 1. Your instruction: {ASKED}" in prompt
        assert re.search(r"^1\. 482,000 crowns \[chunk \d+, pages? 5", prompt, re.MULTILINE)
        n = asked.answer.coverage.chunks
        assert f"{n} members replied, {n - 1} of them found nothing." in prompt
    assert [request.final for request in model.requests if request.role.startswith("long_agent/a")] == [True]


def test_results_are_in_the_order_of_the_text_whatever_the_order_of_arrival() -> None:
    class Backwards(SideBySide):
        async def complete(self, request: Any) -> Any:
            import asyncio

            found = re.search(r"Page heading (\d+)", request.messages[-1]["content"])
            await asyncio.sleep(0.02 - 0.002 * int(found[1]) if found else 0)
            return await super().complete(request)

    model = Backwards(Team(on(p2="two", p5="five", p9="nine"), decide=["Action: ANSWER"]))
    ask(model, {"conflicts": False})
    arrived = [read.passages()[0] for read in model.of("member")]
    assert "Page heading 9" in "".join(arrived[:3])
    assert re.findall(r"^\d+\. (\w+) \[", model.prompts_of("answer")[0], re.MULTILINE) == ["two", "five", "nine"]


def test_equal_answers_are_one_cluster_whoever_gave_them_and_need_no_settling() -> None:
    said = on(p2="Member 2: The 482,000 crowns.", p5="482000 crowns", p9="Member 9: 482,000 Crowns")
    model, asked = ask(Team(said))
    n = asked.answer.coverage.chunks
    assert model.roles == ["instruct", *["member"] * n, "decide", "answer"]
    (line,) = re.findall(r"^\d+\. .*", model.prompts_of("decide")[0], re.MULTILINE)
    assert line.count("chunk ") == 3
    assert asked.answer.conflicts == ()


def test_two_clusters_are_read_together_and_the_one_that_differs_is_removed() -> None:
    model, asked = ask(
        Team(on(p2="17 guilders", p5="482,000 crowns"), decide=["Action: ANSWER\nAnswer: 482,000 crowns"])
    )
    n = asked.answer.coverage.chunks
    assert model.roles == ["instruct", *["member"] * n, "aliases", "member", "decide"]
    both = model.of("member")[-1]
    assert [re.findall(r"Page heading (\d+)", text)[-1:] for text in both.passages()] == [["2"], ["5"]]
    assert both.slots["instruction"] == ASKED
    (conflict,) = asked.answer.conflicts
    assert conflict.instruction == ASKED
    assert [
        (one.answer, one.kept, one.sources[0].page_end >= page)
        for one, page in zip(conflict.rivals, (5, 2), strict=True)
    ] == [("482,000 crowns", True, True), ("17 guilders", False, True)]
    assert conflict.rivals[1].reason.endswith("read together, say: 482,000 crowns")
    assert conflict.rivals[1].sources[0].document == "survey.pdf"
    (event,) = asked.of(Contested)
    assert (event.answers, event.said, event.kept) == (
        ("17 guilders", "482,000 crowns"),
        "482,000 crowns",
        ("482,000 crowns",),
    )
    assert "17 guilders" not in model.prompts_of("decide")[0]
    record = json.loads(asked.answer.to_json())["conflicts"][0]
    assert record["rivals"][1]["sources"][0].keys() == {
        *("document", "document_id", "page", "page_end", "chunk", "where")
    }


def test_settling_goes_on_until_one_is_left_or_the_cap_is_reached() -> None:
    said = {f"p{page}": f"{page} guilders" for page in (1, 3, 7, 9)} | {"p5": "482,000 crowns"}
    model, asked = ask(Team(on(**said)))
    merges = len(asked.of(Contested))
    assert merges == 4
    assert [one.kept for one in asked.answer.conflicts[0].rivals] == [True] + [False] * 4
    model, asked = ask(Team(on(**said)), {"max_merges": 2})
    assert len(asked.of(Contested)) == 2
    assert [one.kept for one in asked.answer.conflicts[0].rivals] == [True] * 3 + [False] * 2
    assert any("3 answers that contradict each other were left; the leader chose" in w for w in asked.answer.warnings)
    assert len(re.findall(r"^\d+\. ", model.prompts_of("answer")[0], re.MULTILINE)) == 3


def test_members_that_made_something_up_are_withdrawn_when_both_chunks_do_not_say_it() -> None:
    def said(text: str, _instruction: str) -> str:
        pages = re.findall(r"Page heading (\d+)\n", text)
        invented = {"2": "17 guilders", "8": "a mule"}
        # Asked of one chunk it invents; of both it does not.
        return next((f"Answer: {invented[p]}" for p in pages if p in invented and TOGETHER not in text), "N/A")

    model, asked = ask(Team(said), {"rounds": 1})
    assert model.roles[-1] == "member"
    assert (asked.answer.found, asked.answer.exit_code) == (False, 4)
    assert [one.reason.partition("together, ")[2] for one in asked.answer.conflicts[0].rivals] == ["do not say it"] * 2


def test_aliases_are_judged_once_for_all_clusters_and_can_be_left_out() -> None:
    said = on(p2="NYC", p5="New York", p8="Rome")
    model, asked = ask(Team(said, aliases="Same: 1, 2", decide=["Action: ANSWER\nAnswer: New York"]))
    assert model.roles.count("aliases") == 1
    (read,) = model.of("aliases")
    assert re.findall(r"^\d\. (.+)$", read.slots["answers"], re.MULTILINE) == ["NYC", "New York", "Rome"]
    assert read.slots["instruction"] == ASKED
    assert len(asked.of(Contested)) == 1
    model, asked = ask(Team(said), {"aliases": False})
    assert "aliases" not in model.roles
    assert len(asked.of(Contested)) == 2


def test_answers_that_the_leader_was_not_shown_are_no_aliases() -> None:
    said = {f"p{page}": " ".join(f"{page}w{at}" for at in range(60)) for page in range(1, 10)}
    settings = {"conflicts": False, "rounds": 1}
    model, asked = ask(SideBySide(Team(on(**said), aliases="Same: 1-9"), window=1024), settings)
    shown = len(re.findall(r"^\d\. ", model.of("aliases")[0].slots["answers"], re.MULTILINE))
    hidden = len(asked.of(UnitWritten)) - shown
    assert hidden > 0
    (conflict,) = asked.answer.conflicts
    assert len(conflict.rivals) == 1 + hidden


def test_the_leader_is_told_how_many_found_nothing_whatever_was_settled() -> None:
    def said(text: str, instruction: str) -> str:
        return "Answer: 428 ducats" if TOGETHER in text else on(p2="17 guilders", p5="482 crowns")(text, instruction)

    model, asked = ask(Team(said), {"rounds": 1})
    n = asked.answer.coverage.chunks
    assert f"{n} members replied, {n - 2} of them found nothing." in model.prompts_of("answer")[0]


def test_a_chunk_that_fails_in_a_later_round_only_is_told() -> None:
    def said(text: str, instruction: str) -> str | Exception:
        if "again" in instruction and "Page heading 8\n" in text:
            return ContentRefusedError("declined.")
        return on(p5="482,000 crowns")(text, instruction)

    _, asked = ask(Team(said, decide=["Action: NEW_STATE\nInstruction: What was paid again?", "Action: ANSWER"]))
    assert asked.answer.coverage.failed == 0
    assert "1 chunk could not be read each time it was to be." in asked.answer.warnings


def test_without_settling_all_answers_go_before_the_leader() -> None:
    model, asked = ask(Team(on(p2="17 guilders", p5="482,000 crowns")), {"conflicts": False, "aliases": False})
    assert kinds(model) == ["instruct", "member", "decide", "answer"]
    assert "17 guilders" in model.prompts_of("decide")[0]
    assert [one.kept for one in asked.answer.conflicts[0].rivals] == [True, True]


@pytest.mark.parametrize(
    ("instruct", "settings", "question"),
    [
        (f"Instruction: {ASKED}\nParts: all", {}, QUESTION),
        (f"Instruction: {ASKED}", {}, "How many gulls were seen in all?"),
        (f"Instruction: {ASKED}\nParts: one", {"gather": "always"}, QUESTION),
    ],
)
def test_where_all_answers_count_none_is_contested(instruct: str, settings: dict[str, Any], question: str) -> None:
    said = on(p2="17", p5="17", p8="4")
    model, asked = ask(Team(said, instruct=instruct, answer="38"), {"rounds": 1, **settings}, question=question)
    assert kinds(model) == ["instruct", "member", "answer"]
    assert re.findall(r"^\d+\. (\d+) \[", model.prompts_of("answer")[0], re.MULTILINE) == ["17", "17", "4"]
    assert asked.answer.conflicts == ()
    assert (asked.answer.text, asked.forecast.exact) == ("38", False)


def test_a_total_may_be_declared_a_look_up() -> None:
    model, _ = ask(Team(on(p2="17", p5="4")), {"gather": "never"}, question="How many gulls were seen in all?")
    assert "aliases" in model.roles


def test_two_steps_take_two_instructions_and_both_chunks_are_evidence() -> None:
    def said(text: str, instruction: str) -> str:
        if instruction == "Who rebuilt it?" and "Page heading 3\n" in text:
            return "Answer: Ann"
        return "Answer: 482,000 crowns" if "Ann" in instruction and NEEDLE in text else "Not found."

    decisions = ["Action: NEW_STATE\nInstruction: What did Ann pay?", "Action: ANSWER\nAnswer: 482,000 crowns"]
    team = Team(said, instruct="Instruction: Who rebuilt it?", decide=decisions)
    model, asked = ask(team)
    n = asked.answer.coverage.chunks
    assert model.roles == ["instruct", *["member"] * n, "decide", *["member"] * n, "decide"]
    assert [event.instruction for event in asked.of(Instructed)] == ["Who rebuilt it?", "What did Ann pay?"]
    first, second = model.prompts_of("decide")
    assert "1. Ann [chunk" in first
    assert second.index("1. Ann [chunk") < second.index("Round 2.") < second.index("1. 482,000 crowns [chunk")
    assert asked.answer.text == "482,000 crowns"
    assert asked.answer.coverage.read == n


def test_an_answer_rests_on_what_it_repeats_of_a_round_or_on_all_that_is_left_of_it() -> None:
    def found(*clusters: tuple[str, list[int]]) -> Round:
        made = [Cluster(answers=[answer], chunks=chunks) for answer, chunks in clusters]
        return Round(instruction="?", gathers=False, asked=9, clusters=made, rejected=[])

    first, second = found(("Ann", [2])), found(("482,000 crowns", [4, 7]), ("17 guilders", [5]))
    assert rests_on("It cost 482,000 crowns.", [first, second]) == [2, 4, 7]
    assert rests_on("Not found.", [first, second]) == rests_on("A lot.", [first, second]) == [2, 4, 5, 7]


def test_the_last_round_ends_with_a_forced_answer() -> None:
    decisions: list[str | Exception] = [f"Action: NEW_STATE\nInstruction: Find {n}." for n in range(9)]
    model, asked = ask(Team(decide=decisions), {"rounds": 3})
    assert kinds(model) == ["instruct", "member", "decide", "member", "decide", "member", "answer"]
    assert asked.answer.text == "482,000 crowns"
    assert len(model.requests) <= asked.forecast.calls
    model, _ = ask(Team(), {"rounds": 1})
    assert kinds(model) == ["instruct", "member", "answer"]


def test_an_instruction_that_was_given_before_ends_the_rounds() -> None:
    model, _ = ask(Team(decide=[f"Action: NEW_STATE\nInstruction: {ASKED.upper()}!"]))
    assert kinds(model) == ["instruct", "member", "decide", "answer"]


def test_the_leader_may_have_what_was_left_settled_in_another_round() -> None:
    said = {f"p{page}": f"{page} guilders" for page in (1, 3)} | {"p5": "482,000 crowns"}
    model, asked = ask(Team(on(**said), decide=["Action: CONFLICT", "Action: ANSWER"]), {"max_merges": 1})
    n = asked.answer.coverage.chunks
    assert model.roles == ["instruct", *["member"] * n, "aliases", "member", "decide", "member", "decide", "answer"]
    assert [event.round for event in asked.of(Contested)] == [1, 2]
    assert [one.kept for one in asked.answer.conflicts[0].rivals] == [True, False, False]


def test_a_conflict_where_there_is_none_is_answered() -> None:
    model, _ = ask(Team(decide=["Action: CONFLICT"]))
    assert kinds(model) == ["instruct", "member", "decide", "answer"]


def test_where_nobody_found_anything_the_leader_may_ask_otherwise_but_not_answer() -> None:
    decisions: list[str | Exception] = ["Action: NEW_STATE\nInstruction: What else?", "Action: ANSWER\nAnswer: Paris"]
    model, asked = ask(Team(lambda *_: "The passage does not mention it.", decide=decisions))
    assert kinds(model) == ["instruct", "member", "decide", "member", "decide"]
    assert (asked.answer.text, asked.answer.exit_code, asked.answer.citations) == (None, 4, ())


@pytest.mark.parametrize("said", ["  ", "I cannot answer that.", ContentRefusedError("declined.")])
def test_the_question_takes_the_place_of_an_instruction_that_cannot_be_read(said: str | Exception) -> None:
    _, asked = ask(lambda read: said if read.name == "again" else Team(instruct=said)(read))
    assert asked.of(Instructed)[0].instruction == QUESTION
    assert any("members were asked the question itself" in warning for warning in asked.answer.warnings)
    assert asked.answer.text == "482,000 crowns"


@pytest.mark.parametrize("said", ["Hmm.", "", ContextTooLongError("too long.")])
def test_a_decision_that_cannot_be_read_is_an_answer_by_the_last_call(
    said: str | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = Team(decide=[said])
    model, asked = ask(lambda read: "Hmm." if read.name == "again" else team(read))
    if isinstance(said, str):
        assert model.roles[-3:] == ["decide", "decide", "answer"]
        assert any("What the leader decided could not be read" in warning for warning in asked.answer.warnings)
    assert asked.answer.text == "482,000 crowns"


def test_a_chunk_that_fails_is_counted_and_two_that_fail_together_stay_as_they_are() -> None:
    def said(text: str, instruction: str) -> str | Exception:
        if "Page heading 8\n" in text or len(re.findall("Page heading", text)) > 2:
            return ContentRefusedError("declined.")
        return on(p2="17 guilders", p5="482,000 crowns")(text, instruction)

    def both(text: str, instruction: str) -> str | Exception:
        refused = "Page heading 2\n" in text and "Page heading 5\n" in text
        return ContentRefusedError("declined.") if refused else said(text, instruction)

    _, asked = ask(Team(both))
    coverage = asked.answer.coverage
    assert (coverage.failed, coverage.read) == (1, coverage.chunks - 1)
    assert any("1 pair of chunks, read together, decided nothing" in warning for warning in asked.answer.warnings)
    assert [event.said for event in asked.of(Contested)] == [None]
    assert [one.kept for one in asked.answer.conflicts[0].rivals] == [True, True]
    with pytest.raises(ModelError, match="None of the chunks could be read"):
        ask(Team(lambda *_: ContentRefusedError("declined.")))


@pytest.mark.parametrize("most", range(1, 16))
def test_out_of_calls_the_leader_answers_from_what_was_read(most: int) -> None:
    model, asked = ask(Team(on(p1="482,000 crowns", p5="17 guilders")), limits=Limits(calls=most))
    assert len(model.requests) <= most
    if asked.answer.partial:
        found = any("482,000" in event.text or "17" in event.text for event in asked.of(UnitWritten))
        assert ("answer" in model.roles) == found
    assert asked.answer.exit_code in ({0} if not asked.answer.partial else {3})


def test_400_chunks_are_asked_64_at_a_time_and_all_answers_are_counted_even_if_they_do_not_fit() -> None:
    document = long_document(450, needle_on=300)
    model = SideBySide(
        Team(lambda text, _: f"Answer: {text.split()[-2]} sand dunes of {hash(text) % 999}"), window=1024
    )
    _, asked = ask(model, {"window": 576, "gather": "always", "rounds": 1}, document=document)
    n = asked.answer.coverage.chunks
    assert n >= 400
    assert model.roles == ["instruct", *["member"] * n, "answer"]
    assert model.peak == 64
    assert any("did not fit before the leader" in warning for warning in asked.answer.warnings)


def test_an_empty_document_and_one_of_one_chunk() -> None:
    empty = Document.from_pages([""], id="0" * 64, name="empty.pdf", paged=True)
    model, asked = ask(Team(), document=empty)
    assert (model.requests, asked.answer.found) == ([], False)
    short = Document.from_pages([NEEDLE], id="1" * 64, name="short.pdf", paged=True)
    model, asked = ask(Team(), document=short)
    assert model.roles == ["instruct", "member", "decide", "answer"]
    assert asked.answer.text == "482,000 crowns"


@pytest.mark.parametrize("window", [1024, 2048, 4096, 8192])
@pytest.mark.parametrize("words", [1, 120])
def test_no_prompt_is_longer_than_its_window_however_long_replies_are(window: int, words: int) -> None:
    question = " ".join([QUESTION] * max(1, words // 9))
    settings = {"window": window, "rounds": 2}
    model = Rambling(lambda read: "Answer: dune", window=window)
    _, asked = ask(model, settings, question=question)
    assert all(count_tokens(p) + r.max_tokens <= window for p, r in zip(model.prompts, model.requests, strict=True))
    assert asked.answer.usage.prompt_tokens <= asked.forecast.prompt_tokens
    assert asked.answer.usage.completion_tokens <= asked.forecast.completion_tokens
    # Different answers, so that two chunks are read together.
    said = iter(range(10**6))
    model = SideBySide(Team(lambda *_: f"Answer: {next(said)} dunes " + "and sand " * 20), window=window)
    _, asked = ask(model, settings, question=question)
    assert asked.of(Contested) or asked.answer.coverage.chunks == 1


def test_what_cannot_fit_is_refused_before_any_call() -> None:
    model = SideBySide(Team(), window=640)
    with pytest.raises(WindowTooSmallError, match="a reply and a second chunk"):
        ask(model)
    with pytest.raises(WindowTooSmallError, match="long-agent"):
        ask(SideBySide(Team(), window=2048), question=" ".join([QUESTION] * 150))
    assert model.requests == []


def test_a_model_that_never_abstains_has_no_leader_and_is_held_to_its_chunk() -> None:
    invented = "The harbour of Skagen cost 913,000 dollars."

    def said(read: Read) -> str:
        return NEEDLE if any(NEEDLE in text for text in read.passages()) else invented

    model, asked = ask(said, abstains=False, reading_tokens=600)
    n = asked.answer.coverage.chunks
    assert model.roles == ["from_passages"] * n
    assert all(read.question == QUESTION for read in model.reads)
    assert not any(request.final for request in model.requests)
    assert (asked.answer.text, asked.answer.citations[0].page) == (NEEDLE, 5)
    assert "instruction" not in "".join(model.prompts).lower().replace("never instructions", "")
    assert asked.forecast.calls == n + n - 1
    model, asked = ask(lambda read: invented, abstains=False, reading_tokens=600)
    assert (asked.answer.found, asked.answer.warnings) == (False, ())


def test_without_a_leader_the_answer_of_most_chunks_is_taken_and_it_is_said() -> None:
    pages = [
        f"Page heading {n}\n\nThe harbour of Skagen was rebuilt for {n % 3 % 2 + 4} crowns. " * 14 for n in range(6)
    ]
    document = Document.from_pages(pages, id="5" * 64, name="three.pdf", paged=True)

    def said(read: Read) -> str:
        return re.findall(r"The harbour of Skagen was rebuilt for \d crowns\.", read.passages()[0])[0]

    _, asked = ask(said, {"conflicts": False, "window": 512}, abstains=False, document=document)
    assert asked.forecast.exact
    assert asked.of(Contested) == []
    assert asked.answer.text == "The harbour of Skagen was rebuilt for 4 crowns."
    assert [one.kept for one in asked.answer.conflicts[0].rivals] == [True, True]


def test_what_such_a_model_makes_up_of_two_chunks_decides_nothing() -> None:
    pages = [f"Page heading {n}\n\nThe harbour of Skagen was rebuilt for {n + 4} crowns. " * 20 for n in range(2)]
    document = Document.from_pages(pages, id="6" * 64, name="two.pdf", paged=True)

    def said(read: Read) -> str:
        found = {*re.findall(r"rebuilt for (\d) crowns\.", " ".join(read.passages()))}
        return f"The harbour of Skagen was rebuilt for {found.pop() if len(found) == 1 else 913} crowns."

    _, asked = ask(said, abstains=False, reading_tokens=250, document=document)
    assert {event.said for event in asked.of(Contested)} == {None}
    assert [one.kept for one in asked.answer.conflicts[0].rivals] == [True, True]
    assert asked.answer.text == "The harbour of Skagen was rebuilt for 4 crowns."
    assert any("the one most chunks give was taken" in warning for warning in asked.answer.warnings)


def test_the_scripted_reader_can_lead_and_be_led() -> None:
    model = SideBySide(lambda read: "")
    model._reply = lambda request: chain_reader(request.messages)
    _, asked = ask(model)
    assert kinds(model) == ["instruct", "member", "decide", "answer"]
    assert asked.answer.text == NEEDLE


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data, which lies outside the repository")
@pytest.mark.parametrize("at", range(3))
def test_the_second_instruction_reaches_the_second_hop_of_musique(at: int) -> None:
    """An oracle that knows each hop only by its own question, and the first answer only from what members said."""
    records = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    record = [one for one in records if one["hops"] == "2hop"][at]
    hops = record["decomposition"] if isinstance(record["decomposition"], list) else json.loads(record["decomposition"])
    texts = [document["text"] for document in record["documents"]]
    holds = [texts[hop["paragraph_support_idx"]] for hop in hops]
    pages = [f"{one['title']}\n\n{one['text']}" for one in record["documents"]]
    document = Document.from_pages(pages, id="7" * 64, name="musique.pdf", paged=True)
    first = hops[0]["question"]

    def member(text: str, instruction: str) -> str:
        flat = " ".join(text.split())
        number = 0 if instruction == first else 1
        there = " ".join(holds[number].split())[:150] in flat
        known = number == 0 or hops[0]["answer"] in instruction
        return f"Answer: {hops[number]['answer']}" if there and known else "Not found."

    def reply(read: Read) -> str:
        if read.name == "long_agent/decide":
            found = re.findall(r"^\d+\. (.+?) \[", read.slots["history"], re.MULTILINE)
            if len(found) > 1:
                return f"Action: ANSWER\nAnswer: {found[-1]}"
            return f"Action: NEW_STATE\nInstruction: {hops[1]['question'].replace('#1', found[0])}"
        return Team(member, instruct=f"Instruction: {first}")(read)  # type: ignore[return-value]

    model, asked = ask(reply, {"window": 1024}, question=record["question"], document=document)
    assert [event.round for event in asked.of(Instructed)] == [1, 2]
    assert hops[0]["answer"] in asked.of(Instructed)[1].instruction
    assert asked.answer.text == hops[1]["answer"]
    assert not any(record["question"] in prompt for prompt in model.prompts_of("member"))
