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
    reasoned_answer,
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
        ("No update needed, because it is about Dr. Lund's 3.5 boats.", None),
        ("No changes to memory.", None),
        ("No change to my memory.", None),
        ("No update needed.", None),
        ("The memory stays the same.", None),
        ("No changes were made. The memory is kept as it is.", None),
        ("No change. The passage does not mention Anna.", None),
        ("The memory stays in Brno.", "The memory stays in Brno."),
        ("Anna lives; the passage does not mention Bob.", "Anna lives; the passage does not mention Bob."),
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
        ("Enough: no\nRosa Lund designed it.\nIn 1907.", Update("Rosa Lund designed it.\nIn 1907.", False)),
        ("**Enough:** yes\n\nRosa Lund designed it.", Update("Rosa Lund designed it.", True)),
        ("Enough: no\nMemory: Rosa Lund designed it.", Update("Rosa Lund designed it.", False)),
        ("Enough:", Update(None, None)),
        ("Memory: No change.\nEnough: no", Update("No change.", False)),
    ],
)
def test_the_exit_gate_is_read_however_it_is_written(reply: str, decided: Update) -> None:
    assert update_of(reply, update_gate=False, exit_gate=True) == decided


@pytest.mark.parametrize(
    ("reply", "added"),
    [
        ("No change. Rosa Lund designed it.", "Rosa Lund designed it."),
        ("**No change.**\n\n**Rosa Lund** designed it.", "**Rosa Lund** designed it."),
        ("No change, but Rosa Lund designed it.", "Rosa Lund designed it."),
        ("No change: it is about dunes. Rosa Lund designed it.", "Rosa Lund designed it."),
    ],
)
def test_what_follows_no_change_is_not_lost(reply: str, added: str) -> None:
    assert update_of(reply, update_gate=True, exit_gate=False) == Update(added, False, adds=True)
    both = update_of(f"Memory: {reply}\nEnough: yes", update_gate=True, exit_gate=True)
    assert both == Update(added, True, adds=True)


@pytest.mark.parametrize("exit_gate", [False, True])
def test_a_mere_refusal_never_takes_the_place_of_an_earlier_memory(exit_gate: bool) -> None:
    def memory(reply: str, earlier: str) -> str | None:
        return update_of(reply, update_gate=False, exit_gate=exit_gate, earlier=earlier).memory

    refusal = "No relevant information was found."
    assert memory(refusal, "Anna lives.") is None
    assert memory(refusal, "") == refusal
    partial = "Anna lives. The passage does not mention Bob."
    assert memory(partial, "Anna lives.") == partial


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
        (r"First \boxed{1}, then \boxed{}.", "1"),
        (r"\boxed{\text{482,000 crowns}}", "482,000 crowns"),
        (r"\boxed{\text{482{,}000 crowns}}", "482,000 crowns"),
        (r"It rose by 3\% to \$482{,}000.", "It rose by 3% to $482,000."),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{1907} and then \boxed{19", "1907"),
        (r"} \boxed{1907} {", "1907"),
        (r"\boxed{}", ""),
        (r"The answer is \boxed{}", ""),
        (r"It was in 1907. So the answer is $\boxed{ }$.", "It was in 1907."),
        ("Nobody knows what the answer is", "Nobody knows what the answer is"),
        ("The answer is", "The answer is"),
        ("The answer is **.", "The answer is **."),
        ("The answer is not in the memory.", "The answer is not in the memory."),
        ("It was 1907, and the answer is correct.", "It was 1907, and the answer is correct."),
        ("The answer is in the memory: 1907.", "The answer is in the memory: 1907."),
        ("The answer is **not** known.", "The answer is **not** known."),
        (r"\boxed{Not found.}", "Not found."),
    ],
)
def test_the_answer_is_what_stands_in_a_box_or_all_of_a_reply(reply: str, said: str) -> None:
    for role in (answer, answer_paper):
        assert asyncio.run(role(ScriptedModel([reply]), max_tokens=50, **VALUES)).value == said


@pytest.mark.parametrize(
    ("reply", "said", "plain"),
    [
        ("It cost much. Therefore, the answer is **482,000 crowns**.", "482,000 crowns", None),
        ("The answer is 1. No: the final answer is: 2.", "2", None),
        ("<think>the answer is 3</think> the answer is 4.", "4", "the answer is 4."),
        (r"The answer is \text{Brno}.", "Brno", "The answer is Brno."),
        ("The answer is United.", "United", None),
    ],
)
def test_only_in_the_papers_layout_a_reply_is_taken_to_reason(reply: str, said: str, plain: str | None) -> None:
    assert reasoned_answer(reply) == said
    assert asyncio.run(answer_paper(ScriptedModel([reply]), max_tokens=50, **VALUES)).value == said
    assert final_answer(reply) == (plain or reply)
    assert asyncio.run(answer(ScriptedModel([reply]), max_tokens=50, **VALUES)).value == (plain or reply)


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
        "No change. " * 20_000 + "x",
        "No change, " + " but" * 50_000,
        "$" * 100_000,
        " " * 100_000 + "x",
        "The memory is " + "the passage does not tell; " * 20_000,
    ],
)
def test_reading_a_reply_takes_linear_time(reply: str) -> None:
    began = time.perf_counter()
    final_answer(reply)
    reasoned_answer(reply)
    update_of(reply, update_gate=True, exit_gate=True)
    assert time.perf_counter() - began < 1


def test_only_models_that_abstain_are_told_how() -> None:
    assert "Not found" in otherwise(ScriptedModel([]))
    assert otherwise(ScriptedModel([], abstains=False)) == ""
