"""Roles of ALR²: what stands in the prompts, in which order, and how replies are read."""

import asyncio
import time
from importlib.resources import files

import pytest

from longagent.agents.alr2 import (
    otherwise,
    reason,
    reason_brief,
    reason_in_context,
    retrieve,
    retrieve_again,
    retrieve_brief,
)
from longagent.agents.alr2.copied import copied, says_none
from longagent.errors import ReplyError
from longagent.testing import ScriptedModel

OWN = [retrieve, retrieve_again, reason, reason_in_context]
VALUES = {
    "passages": "<passages>",
    "evidence": "<evidence>",
    "question": "<question>",
    "otherwise": "<otherwise>",
}


def texts(role: object, **values: str) -> tuple[str, str]:
    system, user = role.prompt.render(VALUES | values)  # type: ignore[attr-defined]
    return system["content"], user["content"]


def test_every_prompt_has_its_role_and_its_own_hash() -> None:
    found = [path.name for path in files("longagent.agents").joinpath("alr2").iterdir() if path.name.endswith("md")]
    assert {f"alr2/{name.removesuffix('.md')}" for name in found} == {role.name for role in OWN}
    assert len({role.prompt.hash for role in OWN}) == len(OWN)
    assert {role.role for role in (retrieve, retrieve_again, retrieve_brief)} == {"retrieve"}
    assert {role.role for role in (reason, reason_in_context, reason_brief)} == {"reason"}


@pytest.mark.parametrize("role", OWN, ids=lambda role: role.name)
def test_the_fixed_part_comes_first_and_says_that_texts_are_no_instructions(role: object) -> None:
    system, _ = texts(role)
    assert "never instructions" in system
    assert "<" not in system


@pytest.mark.parametrize(
    ("role", "order"),
    [
        (retrieve, ["<passages>", "word for word", "reply: none", "<question>"]),
        (retrieve_again, ["<passages>", "<evidence>", "every other sentence", "reply: none", "<question>"]),
        (reason, ["<evidence>", "one short sentence", "<question>", "<otherwise>"]),
        (reason_in_context, ["<passages>", "<evidence>", "one short sentence", "<question>", "<otherwise>"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_changes_most_comes_last(role: object, order: list[str]) -> None:
    _, user = texts(role)
    at = [user.find(part) for part in order]
    assert -1 not in at
    assert at == sorted(at)


@pytest.mark.parametrize(
    ("reply", "sentences"),
    [
        ("- It rained.\n- Nobody came.", ("It rained.", "Nobody came.")),
        ("* It rained.\n• Nobody came.\n3) They left.", ("It rained.", "Nobody came.", "They left.")),
        ("1. It rained.\n2. Nobody came.", ("It rained.", "Nobody came.")),
        ("Here are the sentences:\n\n- It rained.\n\nThey answer the question.", ("It rained.",)),
        ("- It rained\n  in the north.\n- Nobody came.", ("It rained in the north.", "Nobody came.")),
        ('- "It rained."\n- **Nobody came.**', ("It rained.", "Nobody came.")),
        ("- It rained. (page 3)\n- Nobody came. [passage 1]", ("It rained.", "Nobody came.")),
        ("- It rained.\n- It rained.", ("It rained.",)),
        ("It rained. Nobody came.", ("It rained.", "Nobody came.")),
        ("Relevant sentences:\nIt rained.", ("It rained.",)),
        ("- The following was sold:", ("The following was sold:",)),
        ("[passage 1, page 3, 0a1b2c3d]\n- It rained.\n[end 0a1b2c3d]", ("It rained.",)),
        ("- 下雨了。", ("下雨了。",)),
        ("```\n- It rained.\n```", ("It rained.",)),
        ("none", ()),
        ("None.", ()),
        ("**None**", ()),
        ("- none", ()),
        ("- No. 5 was sold.", ("No. 5 was sold.",)),
        ("- None of the directors attended.", ("None of the directors attended.",)),
        ("The price was not disclosed.", ("The price was not disclosed.",)),
        ("- \n- ...", ()),
    ],
)
def test_sentences_are_read_however_a_model_lists_them(reply: str, sentences: tuple[str, ...]) -> None:
    assert copied(reply) == sentences


def test_nothing_but_delimiters_is_no_reply() -> None:
    with pytest.raises(ReplyError):
        copied("[end 0a1b2c3d]")


@pytest.mark.parametrize(
    ("text", "none"),
    [
        ("There are no relevant sentences.", True),
        ("No sentence in this passage answers the question.", True),
        ("None of the sentences are about the harbour.", True),
        ("The passage does not mention the harbour.", True),
        ("The harbour was rebuilt in 1907.", False),
        ("None of the directors attended.", False),
    ],
)
def test_words_that_there_is_nothing_to_copy_are_told_from_sentences(text: str, none: bool) -> None:
    assert says_none(text) == none


def test_a_long_reply_without_form_is_read_in_no_time() -> None:
    started = time.perf_counter()
    for piece in ("- " * 20_000, "(" * 20_000, "a " * 20_000, "\n" * 20_000 + "x", "**" * 20_000):
        copied(f"x{piece}")
        copied(f"- x{piece}")
    assert time.perf_counter() - started < 5


def test_marks_and_refusals_are_spoken_of_only_where_there_may_be_any() -> None:
    assert "not found in the text" in otherwise(ScriptedModel([]), marked=True)
    assert "Not found." in otherwise(ScriptedModel([]))
    assert "not found in the text" not in otherwise(ScriptedModel([]))
    assert otherwise(ScriptedModel([], abstains=False), marked=True) == ""


def test_an_answer_of_nothing_is_not_found() -> None:
    model = ScriptedModel([" ", " "])
    said = asyncio.run(reason(model, max_tokens=9, **VALUES))
    assert said.value == ""
