"""Roles of InftyThink: what stands in the prompts, in which order, and how a round's reply is read."""

import asyncio
import time
from contextlib import suppress
from importlib.resources import files

import pytest

from longagent.agents.infty_think import (
    Turn,
    concluder,
    concluder_alone,
    otherwise,
    rule,
    thinker,
    thinker_brief,
    thinker_brief_alone,
    thinker_reading,
)
from longagent.agents.infty_think.turn import conclusion, note, part, salvaged, turn, words
from longagent.errors import ReplyError
from longagent.testing import ScriptedModel

ROLES = [thinker, thinker_reading, thinker_brief, thinker_brief_alone, concluder, concluder_alone]
VALUES = {
    "passages": "<passages>",
    "summary": "<summary>",
    "question": "<question>",
    "words": "<words>",
    "summary_words": "<summary_words>",
    "rule": "<rule>",
    "otherwise": "<otherwise>",
}


def texts(role: object, **values: str) -> tuple[str, str]:
    system, user = role.prompt.render(VALUES | values)  # type: ignore[attr-defined]
    return system["content"], user["content"]


def test_every_prompt_has_its_role_and_its_own_hash() -> None:
    found = [path.name for path in files("longagent.agents").joinpath("infty_think").iterdir()]
    prompts = {f"infty_think/{name.removesuffix('.md')}" for name in found if name.endswith(".md")}
    assert prompts == {role.name for role in ROLES}
    assert len({role.prompt.hash for role in ROLES}) == len(ROLES)
    assert {role.role for role in ROLES} == {"thinker", "concluder"}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_fixed_part_comes_first(role: object) -> None:
    system, _ = texts(role)
    assert "<" not in system
    assert "never instructions" in system or role is thinker_brief_alone


@pytest.mark.parametrize(
    ("role", "order"),
    [
        (thinker, ["<passages>", "<question>", "<summary>", "<words>", "<summary_words>", "<rule>"]),
        (thinker_reading, ["<passages>", "<question>", "<summary>", "<words>", "<summary_words>", "do not answer yet"]),
        (thinker_brief, ["<passages>", "<summary>", "<question>"]),
        (thinker_brief_alone, ["<question>"]),
        (concluder, ["<summary>", "<question>", "<otherwise>"]),
        (concluder_alone, ["<summary>", "<question>"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_prompts_hold_what_they_should_in_order(role: object, order: list[str]) -> None:
    _, user = texts(role)
    at = [user.find(part) for part in order]
    assert -1 not in at
    assert at == sorted(at)
    assert ("<passages>" in user) == ("<passages>" in order)


def test_the_form_is_told_and_a_conclusion_only_where_it_may_come() -> None:
    for role in (thinker, thinker_reading):
        system, _ = texts(role)
        labels = ["\nReasoning: ", "\nSummary:", "\nEstablished: ", "\nOpen: ", "\nNext: "]
        at = [system.find(label) for label in labels]
        assert -1 not in at
        assert at == sorted(at)
    assert "\nConclusion: " in texts(thinker)[0]
    assert "Conclusion" not in "".join(texts(thinker_reading))


def test_rules_fit_what_is_at_hand() -> None:
    assert rule(document=False, more=False) == ""
    assert "Not found" in rule(document=True, more=False)
    assert "More of the text follows" in rule(document=True, more=True)
    assert "Not found" not in rule(document=True, more=True)
    assert "Not found" in otherwise(ScriptedModel([]))
    assert otherwise(ScriptedModel([], abstains=False)) == ""


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        ("Reasoning: It is 3.\nSummary: Established: 3.", Turn("It is 3.", "Established: 3.")),
        ("Reasoning: It is 3.\nConclusion: 3.", Turn("It is 3.", "", "3.")),
        ("**Reasoning:** Hm.\n\n## Summary\nEstablished: 3\nOpen: 4", Turn("Hm.", "Established: 3\nOpen: 4")),
        ("<reasoning>Hm.</reasoning>\n<conclusion>3</conclusion>", Turn("Hm.", "", "3")),
        ("First I add.\nThen I divide.\nSummary: 3.", Turn("First I add.\nThen I divide.", "3.")),
        ("Summary: 3.", Turn("", "3.")),
        ("Conclusion: 3.", Turn("", "", "3.")),
        ("Hm.\nFinal answer: 3", Turn("Hm.", "", "3")),
        ("Reasoning: a\nSummary: b\nConclusion: c", Turn("a", "b", "c")),
        ("Reasoning: a\nSummary: b\nReasoning: of another round\nSummary: d", Turn("a", "b")),
        ("Summary: b\nConclusion: None yet.", Turn("", "b")),
        ("Summary: b\nConclusion: (not reached yet)", Turn("", "b")),
        ("Summary: b\nConclusion: N/A", Turn("", "b")),
        ("Conclusion: None.", Turn("", "", "None.")),
        ("Conclusion: Not found.", Turn("", "", "Not found.")),
        ("Summary: b\nConclusion: Not found.", Turn("", "b", "Not found.")),
        ("<think>Summary: I could say 4.\nNo.</think>\nConclusion: 3", Turn("Summary: I could say 4.\nNo.", "", "3")),
        ("<think>I add.\nSummary: 3.", Turn("I add.", "3.")),
        ("I think: it rains.</think>Summary: rain", Turn("I think: it rains.", "rain")),
        ("[summary, 49527df5]\nSummary: 3.\n[end 49527df5]", Turn("", "3.")),
        ("In summary: it rained.\nSummary: rain", Turn("In summary: it rained.", "rain")),
        ("Reasoning: a\nAnswer: 3", Turn("a", "", "3")),
        ("Final Answer: 3", Turn("", "", "3")),
        (
            "I add.\nSo it is $\\boxed{\\frac{3}{4}}$.",
            Turn("I add.\nSo it is $\\boxed{\\frac{3}{4}}$.", "", "\\frac{3}{4}"),
        ),
        ("Reasoning: \\boxed{3} so far.\nSummary: 3", Turn("\\boxed{3} so far.", "3")),
        ("Summary: 3\n\\boxed{4}", Turn("", "3\n\\boxed{4}", "4")),
        ("I add.\nEstablished: 3\nOpen: 4\nNext: 5", Turn("I add.", "Established: 3\nOpen: 4\nNext: 5")),
        ("Reasoning: a\n**Open:** 4\nConclusion: 3", Turn("a", "**Open:** 4", "3")),
        ("Summary: b\nConclusion: 27, and yet not the eldest", Turn("", "b", "27, and yet not the eldest")),
        ("Summary: b\nConclusion: Bob cannot be older than 27", Turn("", "b", "Bob cannot be older than 27")),
    ],
)
def test_a_rounds_reply_is_read_however_it_is_written(reply: str, read: Turn) -> None:
    assert turn(reply) == read


@pytest.mark.parametrize(
    "said",
    [
        "A conclusion cannot be given yet because Anna's age is open.",
        "To be determined in the next round",
        "I cannot conclude yet.",
        "No conclusion can be drawn at this stage.",
        "(to be determined)",
        "TBD",
        "The age isn't known yet",
        "Not settled.",
        "Still 36 so far; more steps are needed.",
    ],
)
def test_a_conclusion_that_is_put_off_counts_only_where_it_stands_alone(said: str) -> None:
    assert turn(f"Summary: b\nConclusion: {said}") == Turn("", "b")
    assert turn(f"Conclusion: {said}").conclusion == said


def test_a_part_of_a_text_may_hold_nothing() -> None:
    refusal = "No relevant information was found."
    assert part(refusal) == Turn(reasoning=refusal)
    assert part("Summary: 3.") == Turn(summary="3.")
    for read, reply in ((turn, refusal), (part, "The harbour cost 5 crowns."), (part, "")):
        with pytest.raises(ReplyError):
            read(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "I add, then I divide.",
        "Reasoning: I add.",
        "Summary:",
        "Reasoning: a\nSummary:\nConclusion:",
        "<think>I add.",
        "Conclusion: None yet.",
        "Conclusion: No conclusion can be reached yet",
    ],
)
def test_without_summary_and_conclusion_it_is_no_reply(reply: str) -> None:
    with pytest.raises(ReplyError, match=r"neither a line 'Summary:' nor a line 'Conclusion:'"):
        turn(reply)


@pytest.mark.parametrize(
    ("reply", "summary"),
    [
        ("I add, then I divide.", "I add, then I divide."),
        ("Reasoning: I add.", "I add."),
        ("<think>I add.", "I add."),
        ("<think>I add.</think>", "I add."),
    ],
)
def test_what_a_broken_reply_says_is_its_summary(reply: str, summary: str) -> None:
    assert salvaged(reply) == Turn(summary=summary)
    assert words(reply) == summary


def test_a_sentence_in_free_words_is_the_summary() -> None:
    assert note("Summary: It rained.") == Turn(summary="It rained.")
    assert note("It rained.") == Turn(summary="It rained.")


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("27", "27"),
        ("Answer: 27", "27"),
        ("**Conclusion:** 27", "27"),
        ("Reasoning: I add.\nConclusion: 27", "27"),
        ("I add.\nAnswer: 27", "27"),
        ("<think>Hm.</think>\n27", "27"),
        ("Here is the answer: 27", "27"),
        ("Not found.", "Not found."),
        ("First 20.\n\nThen 7 more.", "First 20.\n\nThen 7 more."),
    ],
)
def test_a_conclusion_is_read_with_or_without_a_label(reply: str, answer: str) -> None:
    assert conclusion(reply) == answer


def test_who_must_conclude_is_asked_once_more_and_then_taken_at_its_word() -> None:
    model = ScriptedModel(["Reasoning: It is 27.", "Summary: It is 27."])
    said = asyncio.run(concluder(model, max_tokens=50, final=True, **VALUES))
    assert (said.value, said.assumed, len(model.requests)) == ("It is 27.", True, 2)
    silent = ScriptedModel(["", " "])
    assert asyncio.run(concluder(silent, max_tokens=50, **VALUES)).value == ""


@pytest.mark.parametrize(
    "reply",
    [
        "Conclusion: no" + " " * 100_000 + "x",
        "Summary: a\nConclusion: " + "not " * 30_000,
        "<think>" * 20_000,
        "summary: " * 20_000,
        "\\boxed{" * 20_000,
        "open " * 20_000,
        "\\boxed{" + "{a}" * 20_000,
        "\\boxed{{{" + "a" * 100_000,
        "\\boxed{{a" * 20_000,
        "Summary: a\nConclusion: " + "cannot be " * 20_000,
        "\n" * 100_000 + "x",
    ],
)
def test_reading_a_reply_takes_linear_time(reply: str) -> None:
    began = time.perf_counter()
    for read in (turn, part, salvaged, note, conclusion):
        with suppress(ReplyError):
            read(reply)
    assert time.perf_counter() - began < 1
