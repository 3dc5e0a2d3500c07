"""Roles of map-reduce: what stands in the prompts, in which order, and how replies are read."""

import asyncio
import time
from importlib.resources import files

import pytest

from longagent.agents.findings import NOTHING, Finding, free_finding, says_nothing
from longagent.agents.map_reduce import collapse, map_brief, map_passage, merge_brief, reduce, reduce_brief
from longagent.agents.map_reduce.roles import result
from longagent.errors import ReplyError
from longagent.testing import ScriptedModel

OWN = [map_passage, collapse, reduce]
VALUES = {"passages": "<passages>", "notes": "<notes>", "question": "<question>", "otherwise": "<otherwise>"}


def texts(role: object) -> tuple[str, str]:
    system, user = role.prompt.render(VALUES)  # type: ignore[attr-defined]
    return system["content"], user["content"]


def test_every_prompt_has_its_role() -> None:
    folder = files("longagent.agents").joinpath("map_reduce")
    found = [path.name for path in folder.iterdir() if path.name.endswith("md")]
    assert {f"map_reduce/{name.removesuffix('.md')}" for name in found} == {role.name for role in OWN}
    assert {map_brief.role, map_passage.role} == {"map"}
    assert {reduce.role, reduce_brief.role, merge_brief.role} == {"reduce"}


@pytest.mark.parametrize("role", [*OWN, reduce_brief], ids=lambda role: role.name)
def test_the_fixed_part_comes_first_and_says_that_texts_are_no_instructions(role: object) -> None:
    system, _ = texts(role)
    assert "never instructions" in system
    assert "<" not in system


@pytest.mark.parametrize(
    ("role", "order"),
    [
        (map_passage, ["<passages>", "Information:", "Rationale:", "Answer:", "Confidence:", "<question>"]),
        (collapse, ["<notes>", "Information:", "Rationale:", "Answer:", "Confidence:", "<question>"]),
        (reduce, ["<notes>", "higher confidence", "<question>", "<otherwise>"]),
        (reduce_brief, ["<notes>", "<question>", "<otherwise>"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_text_comes_first_and_the_question_last(role: object, order: list[str]) -> None:
    _, user = texts(role)
    at = [user.find(part) for part in order]
    assert -1 not in at
    assert at == sorted(at)
    assert user.startswith(order[0])


def test_examples_show_what_a_5_a_3_and_a_0_are() -> None:
    system, _ = texts(map_passage)
    assert [f"Confidence: {sure}" in system for sure in (5, 4, 3, 2, 1, 0)] == [True, False, True, False, False, True]


FULL = "Information: Anna was born in 1907.\nRationale: It says so.\nAnswer: 1907"


@pytest.mark.parametrize(
    ("reply", "finding"),
    [
        (f"{FULL}\nConfidence: 5", Finding(FULL, 5)),
        ("**Information:** It rained.\n\n**Confidence:** 4/5", Finding("It rained.", 4)),
        (
            "1. Information: It rained.\n2. Answer: rain\n3. Confidence Score: 3.5 of 5",
            Finding("Information: It rained.\nAnswer: rain", 3.5),
        ),
        ("## Information\nIt rained.\n- All day.\n## Confidence\n2", Finding("It rained.\n- All day.", 2)),
        ("Confidence: 1\nInformation: It rained.", Finding("It rained.", 1)),
        ("It rained.", Finding("It rained.")),
        ("It rained.\nConfidence: 3", Finding("It rained.", 3)),
        ("Answer: rain\nConfidence: high", Finding("rain")),
        ("Information: It rained.\nConfidence: 85%", Finding("It rained.")),
        ("Information: It rained.\nConfidence: 9 of 10", Finding("It rained.")),
        (
            "Information: It rained.\nAnswer: Not found.\nConfidence: 1",
            Finding("Information: It rained.\nAnswer: Not found.", 1),
        ),
        ("Information: Not found.\nRationale: -\nAnswer: Not found.\nConfidence: 0", NOTHING),
        ("Information: Not found.\nAnswer: 1907\nConfidence: 4", NOTHING),
        ("Information: It rained.\nConfidence: 0", Finding("It rained.", 0)),
        ("Information: [No information]\nConfidence: 5", NOTHING),
        ("Information: None.", NOTHING),
        ("Information: -\nConfidence: 5", NOTHING),
        ("Nothing relevant.", NOTHING),
        ("Not found.", NOTHING),
        ("The passage does not mention Anna.", NOTHING),
    ],
)
def test_results_are_read_however_they_are_written(reply: str, finding: Finding) -> None:
    assert result(reply) == finding
    said = asyncio.run(map_passage(ScriptedModel([reply]), max_tokens=50, **VALUES))
    assert (said.value, said.assumed) == (finding, False)
    assert asyncio.run(collapse(ScriptedModel([reply]), max_tokens=50, **VALUES)).value == finding


@pytest.mark.parametrize("reply", ["Information:\nAnswer:", "Confidence: 4", "[passage 1, 49527df5]\n[end 49527df5]"])
def test_labels_alone_are_no_result(reply: str) -> None:
    with pytest.raises(ReplyError):
        result(reply)
    model = ScriptedModel([reply, "It rained."])
    assert asyncio.run(map_passage(model, max_tokens=50, **VALUES)).value == Finding("It rained.")
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("", True),
        ("(nothing)", True),
        ("*Nothing found.*", True),
        ("N/A", True),
        ("Nothing remained of the mill.", False),
        ("Nobody was there.", False),
        ("In 1907. The passage does not mention the month.", False),
        ("Rosa Lund designed the harbour of Skagen; the passage does not mention where she was born.", False),
        ("Rosa Lund designed the harbour of Skagen, but the passage does not mention where she was born.", False),
        ("Rosa Lund designed the harbour, and her birthplace is not mentioned.", False),
        ("Rosa Lund designed the harbour and the passage does not mention where she was born.", False),
        ("Rosa Lund designed the harbour; however, the passage does not mention where she was born.", False),
        ("Although the passage does not mention where she was born, Rosa Lund designed the harbour.", False),
        ("The passage does not mention where she was born, though she designed the harbour.", False),
        ("The passage does not mention where she was born, while she designed the harbour.", False),
        ("The passage does not mention her birth.\nRosa Lund designed the harbour", False),
        ("I'm sorry, but the passage does not mention where she was born.", True),
        ("The passage, however, does not mention where she was born.", True),
        ("Based on the passage, it is not mentioned in the text.", True),
        ("The passage does not mention her; there is no information about Skagen.", True),
        ("The passage does not mention her. Therefore, the question cannot be answered.", True),
    ],
)
def test_saying_nothing(text: str, nothing: bool) -> None:
    assert says_nothing(text) == nothing
    if text:
        assert free_finding(text) == (NOTHING if nothing else Finding(text))


@pytest.mark.parametrize("reply", ["information: " * 20_000, "\n" * 100_000 + "x", "* " * 50_000 + "x", "[" * 100_000])
def test_reading_a_reply_takes_linear_time(reply: str) -> None:
    began = time.perf_counter()
    result(reply)
    assert time.perf_counter() - began < 1


def test_an_empty_answer_is_none_but_an_empty_result_is_a_failure() -> None:
    assert asyncio.run(reduce(ScriptedModel(["", ""]), max_tokens=50, **VALUES)).value == ""
    with pytest.raises(ReplyError):
        asyncio.run(map_passage(ScriptedModel(["", ""]), max_tokens=50, **VALUES))
