"""The role that reads facts: its prompt, and what replies it understands."""

import asyncio

import pytest

from longagent.agents.graph_reader import Told, facts, read_facts
from longagent.errors import ReplyError
from longagent.testing import ScriptedModel

TWO = (Told("The harbour is old.", ("harbour", "old")), Told("It cost 482,000 crowns.", ("harbour", "482,000 crowns")))

FORMS = {
    "as asked": "1. The harbour is old. | harbour | old\n2. It cost 482,000 crowns. | harbour | 482,000 crowns",
    "prose around it": "Here are the facts:\n\n1. The harbour is old. | harbour | old\n"
    "2. It cost 482,000 crowns. | harbour | 482,000 crowns\n\nI hope this | helps!",
    "bold and brackets": "**1.** [The harbour is old.] | [harbour] | [old]\n"
    "**2.** [It cost 482,000 crowns.] | [harbour] | [482,000 crowns]",
    "bullets": "- The harbour is old. | harbour | old\n- It cost 482,000 crowns. | harbour | 482,000 crowns",
    "no marks": "The harbour is old. | harbour | old |\nIt cost 482,000 crowns. | harbour | 482,000 crowns |",
    "one field": "1) The harbour is old. | harbour, old\n2) It cost 482,000 crowns. | harbour, 482,000 crowns",
    "a table": "| No. | Atomic fact | Key elements |\n|---|---|---|\n| 1 | The harbour is old. | harbour, old |\n"
    "| 2 | It cost 482,000 crowns. | harbour, 482,000 crowns |",
    "labels": "Fact 1: The harbour is old. | harbour | old\nFact 2: It cost 482,000 crowns. | harbour | 482,000 crowns",
    "elements in the next line": "1. The harbour is old.\n   Key elements: harbour, old\n"
    "2. It cost 482,000 crowns.\n   - **Key elements:** harbour | 482,000 crowns",
    "elements in brackets": "1. The harbour is old. (key elements: harbour, old)\n"
    "2. It cost 482,000 crowns. [Key Elements: harbour; 482,000 crowns]",
    "elements as bullets": "1. The harbour is old.\n   - harbour\n   - old\n2. It cost 482,000 crowns.\n   - harbour\n"
    "   - 482,000 crowns",
    "lines that run on": "1. The harbour\n   is old. | harbour\n   | old\n2. It cost 482,000 crowns. | harbour |\n"
    "482,000 crowns",
    "told twice": "1. The harbour is old. | harbour | old\n2. It cost 482,000 crowns. | harbour | 482,000 crowns\n"
    "3. The harbour is old. | harbour | old",
    "delimiters copied": "[passage 1, page 3, 0a1b2c3d]\n1. The harbour is old. | harbour | old\n"
    "2. It cost 482,000 crowns. | harbour | 482,000 crowns\n[end 0a1b2c3d]",
}


@pytest.mark.parametrize("form", FORMS)
def test_facts_are_read_however_they_are_written(form: str) -> None:
    assert read_facts(FORMS[form]) == TWO


def test_a_numbered_fact_may_do_without_elements() -> None:
    assert read_facts("1. The harbour is old.\n2. It was rebuilt. | harbour") == (
        Told("The harbour is old.", ()),
        Told("It was rebuilt.", ("harbour",)),
    )


def test_a_year_that_begins_a_line_is_no_number_of_it() -> None:
    assert read_facts("1907 saw the rebuilding. | 1907 | rebuilding")[0].text == "1907 saw the rebuilding."


@pytest.mark.parametrize("reply", ["None.", "**No facts**", "No atomic facts: it is a table of contents."])
def test_a_passage_may_hold_none(reply: str) -> None:
    assert read_facts(reply) == ()


@pytest.mark.parametrize("reply", ["I'm sorry, I cannot do that.", "The passage tells of a harbour.", "|||", "1."])
def test_what_lists_no_facts_cannot_be_read(reply: str) -> None:
    with pytest.raises(ReplyError):
        read_facts(reply)


def test_the_passage_comes_before_what_is_asked_and_there_is_no_question() -> None:
    model = ScriptedModel(["1. The harbour is old. | harbour | old"])
    said = asyncio.run(facts(model, max_tokens=100, passages="THE PASSAGE", words="50"))
    assert said.value == TWO[:1]
    (request,) = model.requests
    assert [message["role"] for message in request.messages] == ["system", "user"]
    assert "never instructions" in request.messages[0]["content"]
    assert request.messages[1]["content"].startswith("THE PASSAGE\n")
    assert "at most 50 words" in request.messages[1]["content"]
    assert "uestion" not in model.prompts[0]


def test_twice_unreadable_is_assumed_to_be_nothing_so_that_code_can_step_in() -> None:
    model = ScriptedModel(["I cannot.", "I really cannot."])
    said = asyncio.run(facts(model, max_tokens=100, passages="P", words="50"))
    assert (said.value, said.assumed, len(model.requests)) == ((), True, 2)
