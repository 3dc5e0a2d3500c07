import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from longagent.agents.passages import Delimiters
from longagent.agents.prompt import Prompt
from longagent.documents import Document, Loaded, Span
from longagent.graphs import Means, Models, Run, resolve
from longagent.llm.model import Message
from longagent.testing import NoisyReader

QUESTION = "What was the toll of the bridge at Averby?"
NEEDLE = "The toll of the bridge at Averby was 4,512 crowns."
FILLER = "The wind blew from the west. The toll of the bridge at Kolby was 3,100 crowns."
MADE_UP = "The toll of the bridge at Averby was {}."

PASSAGE_ROLES = [
    "answering/from_passages",
    "long_agent/member",
    "map_reduce/map",
    "hierarchical/worker",
    "alr2/retrieve",
]
REFUSALS = {
    "answering/from_passages": "Not found.",
    "long_agent/member": "Notes: Nothing about this.\nAnswer: Not found.",
    "map_reduce/map": "Information: Not found.\nConfidence: 0",
    "hierarchical/worker": "Useful: no",
    "alr2/retrieve": "none",
}


def passages(*texts: str, secret: bytes = b"tests") -> str:
    documents = [Document.from_text(text) for text in texts]
    return Delimiters(secret).passages([Span(document, 0, len(document.text)) for document in documents])


def prompt(name: str, **slots: str) -> Sequence[Message]:
    return Prompt.load(name).render({"otherwise": "", "question": QUESTION, "instruction": QUESTION} | slots)


def others(title: str, *texts: str) -> str:
    return Delimiters(b"tests").blocks(title, texts)


def history(*lines: str) -> str:
    said = "\n".join(["Round 1. Your instruction: " + QUESTION, "9 members replied, 2 of them found nothing.", *lines])
    return Delimiters(b"tests").block("answers", said)


@pytest.mark.parametrize("name", PASSAGE_ROLES)
def test_at_p_0_it_never_invents_and_at_p_1_always(name: str) -> None:
    for text in (f"{FILLER} Page {number}." for number in range(20)):
        asked = prompt(name, passages=passages(text))
        assert NoisyReader(0).say(asked) == REFUSALS[name]
        reader = NoisyReader(1, pool=10)
        assert any(MADE_UP.format(value) in reader.say(asked) for value in reader.inventions(QUESTION))


@pytest.mark.parametrize("name", PASSAGE_ROLES)
def test_what_stands_in_the_prompt_is_answered_whatever_p_is(name: str) -> None:
    for p in (0, 1):
        said = NoisyReader(p).say(prompt(name, passages=passages(FILLER, f"{FILLER} {NEEDLE}")))
        assert NEEDLE in said
        assert "3,100" not in said


def test_it_is_as_sure_of_what_it_invents_as_it_is_told_to_be() -> None:
    asked = prompt("map_reduce/map", passages=passages(FILLER))
    assert NoisyReader(1).say(asked).endswith("Confidence: 5")
    assert NoisyReader(1, sureness=3).say(asked).endswith("Confidence: 3")
    assert NoisyReader(1, sureness=3).say(prompt("map_reduce/map", passages=passages(NEEDLE))).endswith("Confidence: 5")


def test_inventions_follow_from_seed_and_prompt_and_not_from_calls_before_or_tags() -> None:
    texts = [f"{FILLER} Page {number}." for number in range(200)]

    def said(reader: NoisyReader, secret: bytes = b"tests") -> list[str]:
        asked = (prompt("answering/from_passages", passages=passages(text, secret=secret)) for text in texts)
        return [reader.say(each) for each in asked]

    first = said(NoisyReader(0.3))
    assert said(NoisyReader(0.3)) == first == said(NoisyReader(0.3), b"another")
    backwards = NoisyReader(0.3)
    texts.reverse()
    assert said(backwards)[::-1] == first
    assert said(NoisyReader(0.3, seed=1))[::-1] != first
    invented = [each for each in first if each != "Not found."]
    assert 40 <= len(invented) <= 80
    assert len(set(invented)) > 0.8 * len(invented)


def test_a_text_leads_to_the_same_under_any_role() -> None:
    for number in range(20):
        text, reader = passages(f"{FILLER} Page {number}."), NoisyReader(0.5)
        said = [reader.say(prompt(name, passages=text)) for name in PASSAGE_ROLES]
        assert len({each == REFUSALS[name] for name, each in zip(PASSAGE_ROLES, said, strict=True)}) == 1
        assert all(value in each for value in reader.inventions(QUESTION) if value in said[0] for each in said)


def test_a_small_pool_makes_inventions_agree() -> None:
    reader = NoisyReader(1, pool=2)
    texts = (passages(f"{FILLER} Page {number}.") for number in range(20))
    assert len({reader.say(prompt("answering/from_passages", passages=text)) for text in texts}) == 2


def test_what_it_misses_it_treats_as_not_there() -> None:
    asked = prompt("long_agent/member", passages=passages(NEEDLE))
    assert NoisyReader(0, misses=1).say(asked) == REFUSALS["long_agent/member"]
    assert NEEDLE not in NoisyReader(1, misses=1).say(asked)


def test_who_sees_answers_alone_takes_what_most_say() -> None:
    notes = others("summary", *(MADE_UP.format(f"{each} crowns") for each in ("1,111", "2,222", "2,222", "1,111")))
    assert "1,111" in NoisyReader(1).say(prompt("answering/from_notes", notes=notes))
    listed = "\n".join(f"- {MADE_UP.format(f'{each} crowns')}" for each in ("1,111", "2,222", "2,222"))
    for block in (listed, f"{listed}\n- {FILLER}"):
        said = NoisyReader(1).say(prompt("alr2/reason", evidence=Delimiters(b"tests").block("sentences", block)))
        assert said == MADE_UP.format("2,222 crowns")


def test_marked_sentences_count_only_where_there_are_no_others() -> None:
    marked = f"- (not found in the text) {MADE_UP.format('1,111 crowns')}\n" * 2
    for listed, value in ((f"{marked}- {NEEDLE}", "4,512"), (marked, "1,111")):
        block = Delimiters(b"tests").block("sentences", listed)
        assert value in NoisyReader(1).say(prompt("alr2/reason", evidence=block))


def test_who_weighs_results_takes_the_surest() -> None:
    block = Delimiters(b"tests").block
    notes = [block(f"result {number}, confidence 3", "Answer: 1,111 crowns") for number in (1, 2)]
    notes.append(block("result 3, confidence 5", "Answer: 2,222 crowns"))
    assert "2,222" in NoisyReader(1).say(prompt("map_reduce/reduce", notes="\n\n".join(notes)))


def test_a_leader_has_contradictions_settled_and_then_counts_chunks() -> None:
    reader = NoisyReader(0)
    one = history("1. 1,111 crowns [chunk 1, page 1]", "2. 2,222 crowns [chunk 2, page 2; chunk 5, page 5; and 4 more]")
    assert reader.say(prompt("long_agent/instruct")) == f"Instruction: {QUESTION}\nParts: one"
    assert reader.say(prompt("long_agent/decide", history=one)) == "Action: CONFLICT"
    assert "2,222" in reader.say(prompt("long_agent/answer", history=one))
    settled = history("1. 1,111 crowns [chunk 1, page 1]")
    assert reader.say(prompt("long_agent/decide", history=settled)) == "Action: ANSWER\nAnswer: 1,111 crowns"
    assert reader.say(prompt("long_agent/answer", history=history())) == "Not found."


def test_what_it_cannot_be() -> None:
    for p, settings in ((1.5, {}), (0, {"misses": -1}), (0, {"pool": 9001}), (0, {"form": "crowns"})):
        with pytest.raises(ValueError, match="p and misses|values of the form"):
            NoisyReader(p, **settings)  # type: ignore[arg-type]


def document(number: int) -> Document:
    """Return 16 pages, of which one tells; each is a chunk."""
    line = "In {} the council met {} times that winter, and agreed on little but the price of oats."
    pages = [
        " ".join(line.format(place, page * 7 + number) for place in ("Kolby", "Norvik", "Osby")) for page in range(16)
    ]
    pages[(number * 5 + 2) % 16] += f" {NEEDLE}"
    return Document.from_pages(pages, id=f"{number:064x}", name="annals", paged=True)


def right(strategy: str, role: str, **settings: Any) -> int:
    """Return how many of 8 documents are answered rightly."""

    async def ask(number: int) -> bool:
        models = Models(NoisyReader(0.5, seed=number), {role: NoisyReader(0.5, seed=number, reading_tokens=85)})
        loaded, means = Loaded((document(number),), ()), Means(verify="off")
        run = Run(loaded, models, resolve(strategy, settings), emit=lambda _: None, means=means)
        answer = await run.answer(QUESTION, seed=number)
        assert answer.coverage.read == 16
        return "4,512" in (answer.text or "")

    async def all_of_them() -> int:
        return sum([await ask(number) for number in range(8)])

    return asyncio.run(all_of_them())


def test_the_loop_and_the_check_are_right_where_votes_are_not() -> None:
    voted, loop, check = right("merge", "reader"), right("long-agent", "member"), right("alr2", "retrieve")
    assert loop == check == 8
    assert voted <= 4
    assert right("long-agent", "member", conflicts=False) <= 4
    assert right("alr2", "retrieve", check="off") <= 4


def test_what_is_true_is_not_read_against_every_invention_in_turn() -> None:
    reader = NoisyReader(1)
    member = NoisyReader(1, reading_tokens=85)
    loaded, means = Loaded((document(0),), ()), Means(verify="off")
    run = Run(loaded, Models(reader, {"member": member}), resolve("long-agent", {}), emit=lambda _: None, means=means)
    answer = asyncio.run(run.answer(QUESTION, seed=0))
    assert "4,512" in (answer.text or "")
    together = [said for said in member.prompts if "[passage 2" in said]
    # About sixteen answers are settled in four steps, as in a knockout.
    assert len(together) >= 12
    assert sum(NEEDLE in said for said in together) <= 4
