"""Roles of MemAgent: what stands in the prompts, in which order, and how replies are read."""

import asyncio
import time
from importlib.resources import files

import pytest

from longagent.agents.mem_agent import (
    Update,
    answer,
    answer_paper,
    final_answer,
    form,
    otherwise,
    update,
    update_brief,
    update_of,
    update_paper,
)
from longagent.errors import ReplyError
from longagent.testing import ScriptedModel

ROLES = [update, update_paper, update_brief, answer, answer_paper]
VALUES = {
    "passages": "<passages>",
    "memory": "<memory>",
    "question": "<question>",
    "form": "<form>",
    "otherwise": "<otherwise>",
}


def texts(role: object) -> tuple[str, str]:
    system, user = role.prompt.render(VALUES)  # type: ignore[attr-defined]
    return system["content"], user["content"]


def test_every_prompt_has_its_role_and_its_own_hash() -> None:
    found = [path for path in files("longagent.agents").joinpath("mem_agent").iterdir() if path.name.endswith("md")]
    assert {f"mem_agent/{path.name.removesuffix('.md')}" for path in found} == {role.name for role in ROLES}
    assert len({role.prompt.hash for role in ROLES}) == len(ROLES)
    assert [role.role for role in ROLES] == ["update", "update", "update", "answer", "answer"]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_fixed_part_comes_first_and_says_that_texts_are_no_instructions(role: object) -> None:
    system, _ = texts(role)
    assert "never instructions" in system
    assert "<" not in system


@pytest.mark.parametrize(
    ("role", "order"),
    [
        (update, ["<passages>", "<question>", "<memory>", "<form>"]),
        (update_paper, ["<form>", "<question>", "<memory>", "<passages>"]),
        (update_brief, ["<passages>", "<memory>", "one short sentence", "<question>"]),
        (answer, ["<memory>", "<question>", "<otherwise>"]),
        (answer_paper, [r"\boxed{}", "<otherwise>", "<question>", "<memory>"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_order_of_a_prompt_is_that_of_its_layout(role: object, order: list[str]) -> None:
    _, user = texts(role)
    at = [user.find(part) for part in order]
    assert -1 not in at
    assert at == sorted(at)


@pytest.mark.parametrize("role", [answer, answer_paper], ids=lambda role: role.name)
def test_who_answers_is_shown_no_passage(role: object) -> None:
    assert "<passages>" not in "".join(texts(role))


@pytest.mark.parametrize(
    ("reply", "memory"),
    [
        ("  Anna lives in Brno. \n", "Anna lives in Brno."),
        ("Updated memory: Anna lives.", "Anna lives."),
        ("**Memory:**\n- Anna lives.\n- So does Bob.", "- Anna lives.\n- So does Bob."),
        ("Here is the updated memory:\n\nAnna lives.", "Anna lives."),
        ("[memory, 49527df5]\nAnna lives.\n[end 49527df5]", "Anna lives."),
        ("Memory is what Anna has lost.", "Memory is what Anna has lost."),
        ("No change.", "No change."),
    ],
)
@pytest.mark.parametrize("role", [update, update_paper, update_brief], ids=lambda role: role.name)
def test_a_memory_is_the_reply_without_what_models_put_around_it(role: object, reply: str, memory: str) -> None:
    said = asyncio.run(role(ScriptedModel([reply]), max_tokens=50, **VALUES))  # type: ignore[operator]
    assert said.value == memory


def test_a_label_alone_is_no_memory() -> None:
    with pytest.raises(ReplyError):
        asyncio.run(update(ScriptedModel(["Memory:", "**Memory**"]), max_tokens=50, **VALUES))


def test_readers_are_asked_for_decisions_only_where_there_are_gates() -> None:
    assert form(update_gate=False, exit_gate=False) == "Reply with the memory only."
    assert "No change." in form(update_gate=True, exit_gate=False)
    assert "Enough:" not in form(update_gate=True, exit_gate=False)
    assert "No change" not in form(update_gate=False, exit_gate=True)
    both = form(update_gate=True, exit_gate=True)
    assert both.index("Memory:") < both.index("Enough:") < both.index("No change.")


REPLIES = ["No change.", "Anna lives.\nEnough: yes", "The passage does not mention Anna.", "Memory: x\nEnough: no"]


@pytest.mark.parametrize("reply", REPLIES)
def test_without_gates_every_reply_is_the_memory(reply: str) -> None:
    assert update_of(reply, update_gate=False, exit_gate=False) == Update(reply, False)


@pytest.mark.parametrize(
    ("reply", "memory"),
    [
        ("No change.", None),
        ("**No change**", None),
        ("No changes needed.", None),
        ("No change: the passage is about dunes.", None),
        ("The memory remains unchanged.", None),
        ("The passage does not mention Anna.", None),
        ("No relevant information was found in the passage.", None),
        ("No change in rent was agreed.", "No change in rent was agreed."),
        (
            "The passage does not mention Anna. Earlier: she lives in Brno.",
            "The passage does not mention Anna. Earlier: she lives in Brno.",
        ),
        ("Perhaps. ???", "Perhaps. ???"),
    ],
)
def test_the_update_gate_keeps_the_memory_only_where_that_is_said_clearly(reply: str, memory: str | None) -> None:
    assert update_of(reply, update_gate=True, exit_gate=False) == Update(memory, False)


@pytest.mark.parametrize(
    ("reply", "decided"),
    [
        ("Memory: Anna lives.\nEnough: yes", Update("Anna lives.", True)),
        ("Anna lives.\n\n**Enough:** No.", Update("Anna lives.", False)),
        (
            "**Memory:**\nAnna lives.\nSo does Bob.\n**Enough**: Yes, all is there",
            Update("Anna lives.\nSo does Bob.", True),
        ),
        ("Memory: Anna lives.\nEnough: not yet", Update("Anna lives.", False)),
        ("Anna lives.", Update("Anna lives.", None)),
        ("Anna lives.\nEnough: perhaps", Update("Anna lives.", None)),
        ("Enough: yes", Update(None, True)),
        ("Enough:", Update(None, None)),
        ("Memory: No change.\nEnough: no", Update("No change.", False)),
    ],
)
def test_the_exit_gate_is_read_however_it_is_written(reply: str, decided: Update) -> None:
    assert update_of(reply, update_gate=False, exit_gate=True) == decided


def test_both_gates_at_once() -> None:
    assert update_of("Memory: No change.\nEnough: yes", update_gate=True, exit_gate=True) == Update(None, True)
    assert update_of("No change.\nEnough: no", update_gate=True, exit_gate=True) == Update(None, False)
    assert update_of("No change.", update_gate=True, exit_gate=True) == Update(None, None)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("482,000 crowns", "482,000 crowns"),
        ("Answer: 482,000 crowns.", "482,000 crowns."),
        (r"It was rebuilt. \boxed{482,000 crowns}", "482,000 crowns"),
        (r"First \boxed{1}, then \boxed{2}.", "2"),
        (r"\boxed{\text{482,000 crowns}}", "482,000 crowns"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{1907} and then \boxed{19", "1907"),
        (r"} \boxed{1907} {", "1907"),
        (r"The answer is \boxed{}", r"\boxed{}"),
        ("It cost much. Therefore, the answer is **482,000 crowns**.", "482,000 crowns"),
        ("The answer is 1. No: the final answer is: 2.", "2"),
        ("Nobody knows what the answer is", "Nobody knows what the answer is"),
        ("The answer is", "The answer is"),
        ("The answer is not in the memory.", "The answer is not in the memory."),
        ("<think>the answer is 3</think> the answer is 4.", "4"),
        (r"\boxed{Not found.}", "Not found."),
    ],
)
def test_the_answer_of_a_reply_that_reasons(reply: str, said: str) -> None:
    assert final_answer(reply) == said
    for role in (answer, answer_paper):
        assert asyncio.run(role(ScriptedModel([reply]), max_tokens=50, **VALUES)).value == said


def test_silence_is_no_answer_and_no_failure() -> None:
    assert asyncio.run(answer(ScriptedModel(["", ""]), max_tokens=50, **VALUES)).value == ""


@pytest.mark.parametrize(
    "reply",
    [
        "\\boxed{" * 20_000,
        "{" * 50_000 + "}" * 50_000,
        "the answer is " * 10_000,
        "No change" * 20_000,
        "Enough: " * 9_999,
    ],
)
def test_reading_a_reply_takes_linear_time(reply: str) -> None:
    began = time.perf_counter()
    final_answer(reply)
    update_of(reply, update_gate=True, exit_gate=True)
    assert time.perf_counter() - began < 1


def test_only_models_that_abstain_are_told_how() -> None:
    assert "Not found" in otherwise(ScriptedModel([]))
    assert otherwise(ScriptedModel([], abstains=False)) == ""
