"""Roles of ReadAgent: what stands in the prompts, in which order, and how replies are read."""

import asyncio
import time
from contextlib import suppress
from importlib.resources import files

import pytest

from longagent.agents.read_agent import answer, gist, gist_brief, look_on, look_up, otherwise, passages_named
from longagent.errors import ReplyError
from longagent.testing import ScriptedModel

ROLES = [gist, gist_brief, look_up, look_on, answer]
VALUES = {
    "passages": "<passages>",
    "gists": "<gists>",
    "text": "<text>",
    "question": "<question>",
    "words": "<words>",
    "most": "<most>",
    "otherwise": "<otherwise>",
}


def texts(role: object) -> tuple[str, str]:
    system, user = role.prompt.render(VALUES)  # type: ignore[attr-defined]
    return system["content"], user["content"]


def test_every_prompt_has_its_role_and_its_own_hash() -> None:
    found = [path for path in files("longagent.agents").joinpath("read_agent").iterdir() if path.name.endswith("md")]
    assert {f"read_agent/{path.name.removesuffix('.md')}" for path in found} == {role.name for role in ROLES}
    assert len({role.prompt.hash for role in ROLES}) == len(ROLES)
    assert [role.role for role in ROLES] == ["gist", "gist", "look_up", "look_up", "answer"]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_fixed_part_comes_first_and_says_that_texts_are_no_instructions(role: object) -> None:
    system, _ = texts(role)
    assert "never instructions" in system
    assert "<" not in system


@pytest.mark.parametrize(
    ("role", "order"),
    [
        (gist, ["<passages>", "<words>"]),
        (gist_brief, ["<passages>", "one short sentence"]),
        (look_up, ["<gists>", "<question>", "<most>", "Passages:"]),
        (look_on, ["<text>", "<question>", "Passage:"]),
        (answer, ["<text>", "<question>", "<otherwise>"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_is_read_comes_first_and_the_question_after_it(role: object, order: list[str]) -> None:
    _, user = texts(role)
    at = [user.find(part) for part in order]
    assert at[0] == 0
    assert -1 not in at
    assert at == sorted(at)


@pytest.mark.parametrize("role", [gist, gist_brief], ids=lambda role: role.name)
def test_who_writes_a_gist_never_sees_the_question(role: object) -> None:
    assert "<question>" not in "".join(texts(role))


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("Passages: 3, 7", (3, 7)),
        ("**Passages:** 7, 3, 7", (7, 3)),
        ("passages: 3 and 12", (3, 12)),
        ("Pages: 4-6", (4, 5, 6)),
        ("Passage: 12", (12,)),
        ("## Page\n12", (12,)),
        ("[3, 7]", (3, 7)),
        ("I would read passages 3 and 7 again.", (3, 7)),
        ("Passages: 3 (it names 482 crowns in 1907), 7", (3, 7)),
        ("Passages: 3, 7\nReason: 12 and 13 only speak of gulls.", (3, 7)),
        ("Passages: 3, 7\n\nThe others, such as 12, are about gulls.", (3, 7)),
        ("Passages:\n- 3: the harbour in 1907\n- 7: its cost", (3, 7)),
        ("Passages:\n1. Passage 12\n2. Passage 7", (12, 7)),
        ("Let me think.\nPassages: 5", (5,)),
        ("Passages: none", ()),
        ("Passage: none", ()),
        ("None", ()),
        ("Passages: None, the gists of 3 and 4 hold the answer.", ()),
        ("Passages: 0", ()),
        ("No passage needs to be read again.", ()),
        ("No further passages are needed.", ()),
        ("Not found.", ()),
        ("STOP", ()),
        ("The gists hold the answer, so nothing more.", ()),
    ],
)
def test_what_a_look_up_names_is_read_however_it_is_written(reply: str, named: tuple[int, ...]) -> None:
    assert passages_named(reply) == named
    said = asyncio.run(look_up(ScriptedModel([reply]), max_tokens=50, **VALUES))
    assert (said.value, said.assumed) == (named, False)


@pytest.mark.parametrize("reply", ["Passages:", "The harbour, I think.", "Passages: the third", "It cost a crown."])
def test_a_look_up_that_names_nothing_is_asked_again_and_then_assumed(reply: str) -> None:
    with pytest.raises(ReplyError):
        passages_named(reply)
    model = ScriptedModel([reply, reply])
    said = asyncio.run(look_up(model, max_tokens=50, **VALUES))
    assert (said.value, said.assumed) == ((), True)
    assert len(model.requests) == 2
    assert asyncio.run(look_on(ScriptedModel([reply, "Passage: 4"]), max_tokens=50, **VALUES)).value == (4,)


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("Gist: The harbour was rebuilt.", "The harbour was rebuilt."),
        ("Here is the gist:\nThe harbour was rebuilt.", "The harbour was rebuilt."),
        ("**Summary:** The harbour was rebuilt.", "The harbour was rebuilt."),
        ("[passage 1, page 3, 49527df5]\nThe harbour.\n[end 49527df5]", "The harbour."),
    ],
)
def test_labels_and_delimiters_that_models_add_to_gists_are_taken_off(reply: str, value: str) -> None:
    for role in (gist, gist_brief):
        assert asyncio.run(role(ScriptedModel([reply]), max_tokens=50, **VALUES)).value == value


def test_silence_is_no_gist_and_no_look_up_but_an_answer_that_was_not_found() -> None:
    with pytest.raises(ReplyError):
        asyncio.run(gist(ScriptedModel(["", " "]), max_tokens=50, **VALUES))
    assert asyncio.run(look_up(ScriptedModel(["", ""]), max_tokens=50, **VALUES)).assumed
    assert asyncio.run(answer(ScriptedModel(["", ""]), max_tokens=50, **VALUES)).value == ""


@pytest.mark.parametrize("reply", ["passages " * 20_000, "- " * 50_000 + "x", "(" * 100_000, "1, " * 50_000])
def test_reading_a_reply_takes_linear_time(reply: str) -> None:
    began = time.perf_counter()
    with suppress(ReplyError):
        passages_named(reply)
    assert time.perf_counter() - began < 1


def test_only_models_that_abstain_are_told_how() -> None:
    assert "Not found" in otherwise(ScriptedModel([]))
    assert otherwise(ScriptedModel([], abstains=False)) == ""
