"""Roles of LongAgent: what stands in the prompts, in which order, and how replies are read."""

import asyncio
from importlib.resources import files

import pytest

from longagent.agents.long_agent import (
    Decision,
    Found,
    Order,
    aliases,
    answer,
    decide,
    instruct,
    member,
    member_brief,
    otherwise,
)
from longagent.agents.long_agent.replies import decision, found, found_brief, order, same
from longagent.errors import ReplyError
from longagent.testing import ScriptedModel

ROLES = [instruct, decide, aliases, answer, member]
VALUES = {
    "passages": "<passages>",
    "history": "<history>",
    "answers": "<answers>",
    "instruction": "<instruction>",
    "question": "<question>",
    "otherwise": "<otherwise>",
}


def texts(role: object) -> tuple[str, str]:
    system, user = role.prompt.render(VALUES)  # type: ignore[attr-defined]
    return system["content"], user["content"]


def test_every_prompt_has_its_role_and_its_own_hash() -> None:
    there = [path for path in files("longagent.agents").joinpath("long_agent").iterdir() if path.name.endswith("md")]
    assert {f"long_agent/{path.name.removesuffix('.md')}" for path in there} == {role.name for role in ROLES}
    assert len({role.prompt.hash for role in ROLES}) == len(ROLES)
    assert [role.role for role in ROLES] == ["leader"] * 4 + ["member"]
    assert member_brief.role == "member"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_fixed_part_comes_first_and_says_that_texts_are_no_instructions(role: object) -> None:
    system, _ = texts(role)
    assert "<" not in system
    # The first instruction is written from the question alone.
    assert ("never instructions" in system) == (role is not instruct)


@pytest.mark.parametrize(
    ("role", "order"),
    [
        (instruct, ["<question>", "Instruction:", "Parts:"]),
        (decide, ["<history>", "minority", "<question>", "Action:", "Answer:", "Instruction:"]),
        (aliases, ["<answers>", "<instruction>", "Same:"]),
        (answer, ["<history>", "minority", "<question>", "<otherwise>"]),
        (member, ["<passages>", "<instruction>", "Notes:", "Answer:", "Not found."]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_is_read_comes_first_and_what_is_asked_after_it(role: object, order: list[str]) -> None:
    _, user = texts(role)
    at = [user.find(part) for part in order]
    assert -1 not in at
    assert at == sorted(at)
    assert user.startswith(order[0]) or role is instruct


def test_members_see_no_question_and_leaders_no_passage() -> None:
    assert "<question>" not in "".join(texts(member))
    assert not any("<passages>" in "".join(texts(role)) for role in (instruct, decide, aliases, answer))


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        ("Instruction: Who wrote it?\nParts: one", Order("Who wrote it?", "one")),
        ("**Instruction:** Name every\nship.\n**Parts:** all of them", Order("Name every ship.", "all")),
        ("Who wrote it?", Order("Who wrote it?")),
        ("## Instruction\nWho wrote it?", Order("Who wrote it?")),
    ],
)
def test_an_instruction_is_read_with_or_without_labels(reply: str, read: Order) -> None:
    assert order(reply) == read


def test_a_refusal_is_no_instruction() -> None:
    with pytest.raises(ReplyError, match="no instruction"):
        order("I cannot answer this question.")


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        ("Action: ANSWER\nAnswer: Paris", Decision("answer", "Paris")),
        ("**Action:** answer", Decision("answer")),
        ("ANSWER: Paris", Decision("answer", "Paris")),
        ("Answer: Paris", Decision("answer", "Paris")),
        ("```text\nAction: ANSWER\nAnswer: Paris\n```", Decision("answer", "Paris")),
        ("Action: ANSWER, since all is known\nAnswer: Paris\nInstruction: none", Decision("answer", "Paris")),
        ("Action: CONFLICT\nAnswer: none", Decision("contest")),
        ("CONFLICT", Decision("contest")),
        (
            "Action: NEW_STATE\nInstruction: Who is\nthe wife of Kevin James?",
            Decision("instruct", order=Order("Who is the wife of Kevin James?")),
        ),
        ("new state: Who else?\nParts: all", Decision("instruct", order=Order("Who else?", "all"))),
        ("Instruction: Who else?", Decision("instruct", order=Order("Who else?"))),
    ],
)
def test_a_decision_is_read_however_it_is_put(reply: str, read: Decision) -> None:
    assert decision(reply) == read


@pytest.mark.parametrize(
    "reply",
    [
        "The members disagree on the conflict and the answer is unclear.",
        "Action: think",
        "Action: NEW_STATE",
        "Action: NEW_STATE\nInstruction: none",
        "Answer: Paris\nInstruction: Who else?",
    ],
)
def test_what_names_no_action_or_says_no_instruction_is_no_decision(reply: str) -> None:
    with pytest.raises(ReplyError):
        decision(reply)


def test_a_decision_that_cannot_be_read_twice_leaves_the_answer_to_the_last_call() -> None:
    model = ScriptedModel(["Hmm.", "Well."])
    said = asyncio.run(decide(model, max_tokens=50, history="", question="?"))
    assert (said.value, said.assumed, len(model.requests)) == (Decision("answer"), True, 2)


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        ("Notes: It was sold in 1820.\nAnswer: 1820", Found("1820", "It was sold in 1820.")),
        ("**Answer:** *1820*", Found("1820")),
        ("In 1820.", Found("In 1820.")),
        ("Answer: Member 3: 1820", Found("1820")),
        ("Member 12 (page 4): 1820", Found("1820")),
        ("Notes: It tells of a mill.\nAnswer: Not found.", Found("")),
        ("The passage does not mention it.", Found("")),
        ("Answer: Not found. The text is about ships.", Found("")),
        ("Answer: The text does not hold it.", Found("")),
        ("Answer: Not found. But it was sold in 1820.", Found("Not found. But it was sold in 1820.")),
        ("Answer: Not found, but it was sold in 1820.", Found("Not found, but it was sold in 1820.")),
    ],
)
def test_a_member_answers_or_refuses_in_free_wording(reply: str, read: Found) -> None:
    assert found(reply) == read


def test_notes_without_an_answer_are_asked_for_again_and_then_taken_for_it() -> None:
    model = ScriptedModel(["Notes: It was sold in 1820."] * 2)
    said = asyncio.run(member(model, max_tokens=50, passages="", instruction="?"))
    assert (said.value.answer, said.assumed, len(model.requests)) == ("It was sold in 1820.", True, 2)
    with pytest.raises(ReplyError):
        asyncio.run(member(ScriptedModel(["", ""]), max_tokens=50, passages="", instruction="?"))


@pytest.mark.parametrize(
    ("reply", "groups"),
    [
        ("Same: none", ()),
        ("None.", ()),
        ("Same: 1, 3", ((1, 3),)),
        ("**Same:** 1 and 3\nSame: 2, 4 (both 1907)", ((1, 3), (2, 4))),
        ("1 = 3\n2, 5", ((1, 3), (2, 5))),
        ("Same: 2", ()),
        ("Same: 1, 2; 3, 4", ((1, 2), (3, 4))),
        ("Same: [1, 2], [3, 4]", ((1, 2), (3, 4))),
        ("Same: (1, 3)", ((1, 3),)),
        ("Same: 1 and 3, but not 2", ((1, 3),)),
        ("Same: answers 1, 3 and 5 - all mean 4 July", ((1, 3, 5),)),
        ("Same: 1-3", ((1, 2, 3),)),
        ("Answers 1 and 3 mean the same.", ((1, 3),)),
        ("There are no answers that mean the same.", ()),
    ],
)
def test_aliases_are_groups_of_numbers(reply: str, groups: tuple[tuple[int, ...], ...]) -> None:
    assert same(reply) == groups


def test_aliases_that_cannot_be_read_are_none() -> None:
    said = asyncio.run(aliases(ScriptedModel(["They differ."] * 2), max_tokens=50, answers="", instruction="?"))
    assert (said.value, said.assumed) == ((), True)


def test_models_that_never_abstain_are_not_told_to() -> None:
    assert otherwise(ScriptedModel([], abstains=False)) == ""
    assert "Not found." in otherwise(ScriptedModel([]))
    assert found_brief("Answer: In 1820.") == Found("In 1820.")
