"""Roles of the hierarchical baseline and of merge: what stands in the prompts, and how replies are read."""

import asyncio
import time
from contextlib import suppress
from importlib.resources import files

import pytest

from longagent.agents.findings import NOTHING, Finding
from longagent.agents.hierarchical import collapse, manager, merge_brief, worker, worker_brief
from longagent.agents.hierarchical.roles import unit
from longagent.agents.merge import reader
from longagent.errors import ReplyError
from longagent.testing import ScriptedModel

VALUES = {"passages": "<passages>", "notes": "<notes>", "question": "<question>", "otherwise": "<otherwise>"}


def texts(role: object) -> tuple[str, str]:
    system, user = role.prompt.render(VALUES)  # type: ignore[attr-defined]
    return system["content"], user["content"]


def test_every_prompt_has_its_role() -> None:
    folder = files("longagent.agents").joinpath("hierarchical")
    found = [path.name for path in folder.iterdir() if path.name.endswith("md")]
    assert {f"hierarchical/{name.removesuffix('.md')}" for name in found} == {worker.name, collapse.name}
    assert [role.role for role in (worker, worker_brief, collapse, merge_brief, manager, reader)] == [
        "worker",
        "worker",
        "collapse",
        "manager",
        "manager",
        "reader",
    ]


@pytest.mark.parametrize(
    ("role", "order"),
    [
        (worker, ["<passages>", "Useful: yes or no", "Summary:", "<question>"]),
        (collapse, ["<notes>", "one summary", "<question>"]),
        (manager, ["<notes>", "<question>", "<otherwise>"]),
        (reader, ["<passages>", "<question>", "<otherwise>"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_text_comes_first_and_the_question_last(role: object, order: list[str]) -> None:
    system, user = texts(role)
    assert "never instructions" in system
    assert "<" not in system
    at = [user.find(part) for part in order]
    assert -1 not in at
    assert at == sorted(at)
    assert user.startswith(order[0])


@pytest.mark.parametrize(
    ("reply", "finding"),
    [
        ("Useful: yes\nSummary: It rained.", Finding("It rained.")),
        ("**Useful:** Yes\n\n**Summary:** It rained.\nAll day.", Finding("It rained.\nAll day.")),
        ("Summary: It rained.\nUseful: yes", Finding("It rained.")),
        ("Useful: yes, partly\nSummary: It rained.", Finding("It rained.")),
        ("Useful: Yes. It rained.", Finding("It rained.")),
        ("Useful: yes\nIt rained.", Finding("It rained.")),
        ("It rained.", Finding("It rained.")),
        ("Summary: It rained.", Finding("It rained.")),
        ("Useful: no", NOTHING),
        ("Useful: No.\nSummary: It is about rain.", NOTHING),
        ("Useful: not really", NOTHING),
        ("Useful: no\n\nThe passage speaks of the weather, yes, but not of Anna.", NOTHING),
        ("Useful: yes\nSummary: Not found.", NOTHING),
        (
            "Useful: yes\nSummary: Rosa designed it; the passage does not mention her birth.",
            Finding("Rosa designed it; the passage does not mention her birth."),
        ),
        ("Useful: yes\nSummary: The passage does not mention Rosa, and it does not say who built it.", NOTHING),
        ("No.", NOTHING),
        ("Not found.", NOTHING),
    ],
)
def test_units_are_read_however_they_are_written(reply: str, finding: Finding) -> None:
    assert unit(reply) == finding
    said = asyncio.run(worker(ScriptedModel([reply]), max_tokens=50, **VALUES))
    assert (said.value, said.assumed) == (finding, False)


@pytest.mark.parametrize("decision", ["perhaps", "7", "yes and no", "?"])
def test_a_decision_that_cannot_be_read_twice_is_taken_for_yes(decision: str) -> None:
    said = f"Useful: {decision}\nSummary: It rained."
    with pytest.raises(ReplyError, match="yes or no"):
        unit(said)
    model = ScriptedModel([said, said])
    found = asyncio.run(worker(model, max_tokens=50, **VALUES))
    assert (found.value, found.assumed, len(model.requests)) == (Finding("It rained."), True, 2)
    assert "yes or no" in model.prompts[1].rpartition("(Your last reply")[2]


@pytest.mark.parametrize("reply", ["Useful: yes", "Yes.", "Useful: yes\nSummary:", "Summary:", "Useful:"])
def test_a_reply_that_holds_no_unit_is_none(reply: str) -> None:
    with pytest.raises(ReplyError):
        asyncio.run(worker(ScriptedModel([reply, reply]), max_tokens=50, **VALUES))


@pytest.mark.parametrize(
    "reply",
    ["useful: " * 20_000, "useful: x\n" * 20_000, "yes " * 50_000, "\n" * 100_000 + "x"],
)
def test_reading_a_reply_takes_linear_time(reply: str) -> None:
    began = time.perf_counter()
    with suppress(ReplyError):
        unit(reply)
    assert time.perf_counter() - began < 1


def test_a_chunk_that_says_nothing_at_all_is_no_not_found() -> None:
    with pytest.raises(ReplyError):
        asyncio.run(reader(ScriptedModel(["", " "]), max_tokens=50, **VALUES))
    assert asyncio.run(manager(ScriptedModel(["", ""]), max_tokens=50, **VALUES)).value == ""
