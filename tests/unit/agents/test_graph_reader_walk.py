"""Roles of GraphReader's walk: what stands in the prompts, in which order, and how replies are read."""

import asyncio

import pytest

from longagent.agents.graph_reader import (
    Call,
    Candidate,
    answer,
    answer_brief,
    at_chunk,
    at_facts,
    at_neighbours,
    note_brief,
    otherwise,
    plan,
    start,
)
from longagent.agents.graph_reader.turn import candidates, chunk_turn, facts_turn, neighbours_turn, salvaged
from longagent.errors import ReplyError
from longagent.testing import ScriptedModel

ROLES = [plan, start, at_facts, at_chunk, at_neighbours, note_brief, answer, answer_brief]
VALUES = {
    name: f"<{name}>"
    for name in (
        *("passages", "facts", "names", "nodes", "notebooks", "question", "plan", "actions", "notebook"),
        *("words", "least", "otherwise"),
    )
}


def texts(role: object) -> tuple[str, str]:
    system, user = role.prompt.render(VALUES)  # type: ignore[attr-defined]
    return system["content"], user["content"]


def test_the_stages_are_played_by_one_role_and_every_prompt_has_its_own_hash() -> None:
    assert [role.role for role in ROLES] == ["plan", "start", *["explorer"] * 4, "answer", "answer"]
    assert len({role.prompt.hash for role in ROLES}) == len(ROLES)


@pytest.mark.parametrize("role", [role for role in ROLES if role is not plan], ids=lambda role: role.name)
def test_the_fixed_part_comes_first_and_says_that_texts_are_no_instructions(role: object) -> None:
    system, _ = texts(role)
    assert "never instructions" in system
    assert "<" not in system


@pytest.mark.parametrize(
    ("role", "order"),
    [
        (start, ["<nodes>", "<question>", "<plan>", "<least>", "name | relevance"]),
        (
            at_facts,
            ["<facts>", "<question>", "<plan>", "<actions>", "<notebook>", "Notebook:", "Rationale:", "Action:"],
        ),
        (at_chunk, ["<passages>", "<question>", "<plan>", "<actions>", "<notebook>", "Notebook:", "Action:"]),
        (at_neighbours, ["<names>", "<question>", "<plan>", "<actions>", "<notebook>", "Rationale:", "Action:"]),
        (note_brief, ["<passages>", "<question>"]),
        (answer, ["<notebooks>", "<question>", "<otherwise>", "Analysis:", "Answer:"]),
        (answer_brief, ["<notebooks>", "<question>"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_is_read_comes_first_and_what_changes_from_step_to_step_last(role: object, order: list[str]) -> None:
    _, user = texts(role)
    at = [user.find(part) for part in order]
    assert at[0] == 0
    assert -1 not in at
    assert at == sorted(at)


def test_every_stage_offers_its_functions_and_no_others() -> None:
    functions = {
        "read_chunk", "stop_and_read_neighbor", "search_more", "read_previous_chunk", "read_subsequent_chunk",
        "read_neighbor_node", "termination",
    }  # fmt: skip
    offered = {role.name: {name for name in functions if f"{name}(" in " ".join(texts(role))} for role in ROLES}
    assert offered["graph_reader/at_facts"] == {"read_chunk", "stop_and_read_neighbor"}
    assert offered["graph_reader/at_chunk"] == {
        "search_more", "read_previous_chunk", "read_subsequent_chunk", "termination",
    }  # fmt: skip
    assert offered["graph_reader/at_neighbours"] == {"read_neighbor_node", "termination"}
    assert "Notebook:" not in texts(at_neighbours)[1]


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ("Notebook: n\nRationale: r\nAction: read_chunk(3, 7)", [3, 7]),
        ("**Notebook:** n\n\n**Rationale:** r\n\n**Action:** `read_chunk([3, 7])`", [3, 7]),
        ('Updated notebook: n\nRationale for next action: r\nChosen action: read_chunk(List["3", "7"])', [3, 7]),
        ("Notebook: n\nRationale: r\nAction: I will read chunk_3 and chunk 7, because of 1907.", []),
        ("Notebook: n\nRationale: r\nAction: Read chunks 3-5.", [3, 4, 5]),
        ("Notebook: n\nRationale: r\nAction: READ_CHUNK(ids=[3]) since passage 9 is of no use", [3]),
        ("## Notebook\nn\n## Rationale\nr\n## Action\nread_chunk(3)", [3]),
    ],
)
def test_calls_are_read_however_they_are_written(reply: str, numbers: list[int]) -> None:
    turn = facts_turn(reply)
    assert (turn.notebook, turn.rationale) == ("n", "r")
    assert turn.call is not None
    assert turn.call.function == "read_chunk"
    assert turn.call.numbers == (numbers or [3, 7])


@pytest.mark.parametrize(
    ("reply", "call"),
    [
        ("Action: read_neighbor_node(Marie Curie)", Call("read_neighbor_node", "Marie Curie")),
        (
            'Action: read_neighbour_node("Mercury (planet)") (it is next)',
            Call("read_neighbor_node", "Mercury (planet)"),
        ),
        ("Action: read neighbor node: Skagen", Call("read_neighbor_node", "Skagen")),
        ("Rationale: done\nAction: terminate", Call("termination")),
        ("termination()", Call("termination")),
    ],
)
def test_nodes_are_read_however_they_are_written(reply: str, call: Call) -> None:
    assert neighbours_turn(reply).call == call


@pytest.mark.parametrize(
    "reply",
    ["Notebook: n\nRationale: r\nAction: search_more()", "Notebook: n\nAction: fly()", "The harbour was rebuilt."],
)
def test_a_function_that_is_not_of_the_stage_is_none(reply: str) -> None:
    with pytest.raises(ReplyError, match="read_chunk"):
        facts_turn(reply)


def test_a_reply_without_labels_is_the_notebook_but_for_its_call() -> None:
    turn = chunk_turn("It was rebuilt in 1907.\nsearch_more()")
    assert (turn.notebook, turn.call) == ("It was rebuilt in 1907.", Call("search_more"))
    assert salvaged("It was rebuilt in 1907.\nfly()").notebook.startswith("It was rebuilt in 1907.")
    assert salvaged("Notebook: n\nRationale: r\nAction: fly()") == (None, "n", "r")


@pytest.mark.parametrize(
    "said", ["nothing", "Nothing found yet.", "(empty)", "The passage does not mention it.", "unchanged"]
)
def test_a_notebook_that_says_nothing_leaves_the_last_one(said: str) -> None:
    assert chunk_turn(f"Notebook: {said}\nAction: search_more()").notebook == ""


def test_candidates_are_read_with_their_scores_whatever_stands_around_them() -> None:
    reply = "Here they are:\n1. Marie Curie | 95\n- Node: Skagen, Score: 80\n1907: 70\n**Foo** (60/100)\nBar 55\nBaz"
    assert candidates(reply) == (
        Candidate("Here they are:", 0),
        *(Candidate("Marie Curie", 95), Candidate("Skagen", 80), Candidate("1907", 70)),
        *(Candidate("Foo", 60), Candidate("Bar", 55), Candidate("Baz", 0)),
    )
    with pytest.raises(ReplyError):
        candidates("\n - \n")


def ask(role: object, *replies: str) -> object:
    model = ScriptedModel(replies)
    return asyncio.run(role(model, max_tokens=100, **VALUES))  # type: ignore[operator]


def test_a_function_that_cannot_be_called_twice_leaves_what_was_noted() -> None:
    said = ask(at_facts, "Notebook: one\nAction: fly()", "Notebook: two\nAction: fly()")
    assert (said.value, said.assumed) == ((None, "two", ""), True)  # type: ignore[attr-defined]


def test_a_role_may_be_read_with_what_its_prompt_offers() -> None:
    def none(_reply: str) -> tuple[Candidate, ...]:
        raise ReplyError("no.")

    said = ask(start.reading(none), "a | 1", "b | 2")
    assert (said.value, said.assumed) == ((), True)  # type: ignore[attr-defined]
    assert ask(start, "a | 1").value == (Candidate("a", 1),)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("Analysis: both agree\nAnswer: 1907", "1907"),
        ("1907", "1907"),
        ("**Analysis:** x\n**Final answer:** 1907", "1907"),
    ],
)
def test_the_answer_is_told_from_its_analysis(reply: str, text: str) -> None:
    assert ask(answer, reply).value == text  # type: ignore[attr-defined]


def test_an_analysis_without_an_answer_is_better_than_none() -> None:
    said = ask(answer, "Analysis: it cost 482,000 crowns", "Analysis: it cost 482,000 crowns")
    assert (said.value, said.assumed) == ("it cost 482,000 crowns", True)  # type: ignore[attr-defined]


def test_only_models_that_abstain_are_told_what_to_do_otherwise() -> None:
    assert "Not found" in otherwise(ScriptedModel([]))
    assert otherwise(ScriptedModel([], abstains=False)) == ""
