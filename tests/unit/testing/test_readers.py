from collections.abc import Sequence

import pytest

from longagent.agents.passages import Delimiters
from longagent.agents.prompt import Prompt
from longagent.documents import Document, Span
from longagent.llm.model import Message
from longagent.testing.readers import NOTHING, chain_reader, closest_sentence, read_prompt

QUESTION = "What did rebuilding the harbour of Skagen cost?"
NEEDLE = "Rebuilding the harbour of Skagen cost 482,000 crowns."
FILLER = "The wind blew from the west. Nobody came that day."


def passage(text: str) -> str:
    document = Document.from_text(text)
    return Delimiters(b"tests").passages([Span(document, 0, len(document.text))])


def prompt(name: str, **slots: str) -> Sequence[Message]:
    loaded = Prompt.load(name)
    return loaded.render({"otherwise": "", "question": QUESTION} | slots)


def unit(text: str) -> str:
    return f"[summary, 0a1b2c3d]\n{text}\n[end 0a1b2c3d]"


def worker(text: str, before: str = "There is no earlier summary.") -> str:
    return chain_reader(prompt("chain_of_agents/worker", passages=passage(text), summary=before))


def test_a_prompt_gives_back_what_its_slots_were_filled_with() -> None:
    slots = {
        "passages": passage(f"{FILLER} {{question}} {NEEDLE}"),
        "question": "What? {passages}",
        "otherwise": "Or not.",
    }
    read = read_prompt(prompt("answering/from_passages", **slots))
    assert read is not None
    assert (read.name, dict(read.slots)) == ("answering/from_passages", slots)


def test_a_model_without_system_role_sees_the_same() -> None:
    system, user = prompt("answering/from_passages", passages=passage(NEEDLE))
    joined: Message = {"role": "user", "content": f"{system['content']}\n\n{user['content']}"}
    assert closest_sentence([joined]) == closest_sentence([system, user]) == NEEDLE


def test_a_prompt_that_is_not_ours() -> None:
    stranger: Message = {"role": "user", "content": "Hello."}
    assert read_prompt([stranger]) is None
    assert chain_reader([stranger]) == closest_sentence([stranger]) == "Not found."


def test_a_worker_passes_on_what_it_was_given_and_what_it_found() -> None:
    assert worker(FILLER) == NOTHING
    assert worker(f"{FILLER} {NEEDLE} {FILLER}") == NEEDLE
    assert worker(FILLER, unit(NEEDLE)) == NEEDLE
    later = "In 1907 the harbour of Skagen was rebuilt."
    assert worker(later, unit(NEEDLE)) == f"{NEEDLE} {later}"
    assert worker(later, unit(NOTHING)) == later


def test_a_unit_keeps_the_closest_sentences_and_no_more() -> None:
    near = [f"The harbour of Skagen saw {number} ships." for number in range(20, 40)]
    said = unit(NEEDLE)
    for sentence in near:
        said = unit(worker(sentence, said))
    assert NEEDLE in said
    assert said.count("ships") == 5


def test_a_manager_answers_from_the_unit_alone() -> None:
    assert chain_reader(prompt("chain_of_agents/manager", summary=unit(f"{FILLER} {NEEDLE}"))) == NEEDLE
    assert chain_reader(prompt("chain_of_agents/manager", summary=unit(FILLER))) == "Not found."


def test_who_answers_from_notes_takes_the_closest_sentence_of_them() -> None:
    notes = "\n\n".join(map(unit, (FILLER, f"Information: {FILLER}\nAnswer: {NEEDLE}")))
    for name in ("answering/from_notes", "map_reduce/reduce", "map_reduce/collapse", "hierarchical/collapse"):
        assert NEEDLE in chain_reader(prompt(name, notes=notes))
        assert chain_reader(prompt(name, notes=unit(FILLER))) == "Not found."
    for name in ("map_reduce/map", "hierarchical/worker"):
        assert closest_sentence(prompt(name, passages=passage(f"{FILLER} {NEEDLE}"))) == NEEDLE


def test_who_reasons_from_copied_sentences_takes_the_closest_without_its_bullet() -> None:
    listed = f"[sentences, 0a1b2c3d]\n- Sand blew.\n- {NEEDLE}\n[end 0a1b2c3d]"
    for name, slots in (("alr2/reason", {}), ("alr2/reason_in_context", {"passages": passage(FILLER)})):
        assert closest_sentence(prompt(name, evidence=listed, **slots)) == NEEDLE
        assert closest_sentence(prompt(name, evidence=unit(FILLER), **slots)) == "Not found."
    for name, slots in (("alr2/retrieve", {}), ("alr2/retrieve_again", {"evidence": unit(FILLER)})):
        assert closest_sentence(prompt(name, passages=passage(f"{FILLER} {NEEDLE}"), **slots)) == NEEDLE


def test_a_judge_chooses_the_unit_that_holds_the_answer() -> None:
    said = chain_reader(prompt("chain_of_agents/judge", summaries="\n\n".join(map(unit, (FILLER, NEEDLE, FILLER)))))
    assert said == f"Choice: 2\nAnswer: {NEEDLE}"


@pytest.mark.parametrize("task", ["summary", "code"])
def test_a_worker_without_a_question_passes_on_how_passages_begin(task: str) -> None:
    slots = {"passages": passage(FILLER), "summary": unit(NEEDLE)}
    assert chain_reader(prompt(f"chain_of_agents/worker_{task}", **slots)) == f"{NEEDLE} The wind blew from the west."


@pytest.mark.parametrize("layout", ["", "_paper"])
def test_who_keeps_a_memory_keeps_what_helps(layout: str) -> None:
    block = Delimiters(b"tests").block
    question = block("problem", QUESTION) if layout else QUESTION

    def update(text: str, memory: str) -> str:
        slots = {"passages": passage(text), "memory": block("memory", memory), "question": question, "form": ""}
        return chain_reader(prompt(f"mem_agent/update{layout}", **slots))

    assert update(FILLER, NOTHING) == NOTHING
    assert update(f"{FILLER} {NEEDLE}", NOTHING) == NEEDLE
    assert update(FILLER, NEEDLE) == NEEDLE
    slots = {"memory": block("memory", f"{FILLER} {NEEDLE}"), "question": question}
    assert chain_reader(prompt(f"mem_agent/answer{layout}", **slots)) == NEEDLE
