"""`graph-reader`: who is called with what, where functions lead, and what becomes of walks that go wrong."""

import asyncio
import re
from pathlib import Path

import pytest
from support.explorers import ANSWER, PAGES, QUESTION, Asked, Walker, document, sentence, turn

from longagent.agents.graph_reader.turn import facts_turn
from longagent.documents import Document, Loaded
from longagent.documents.tokens import count_tokens
from longagent.errors import (
    ContentRefusedError,
    ModelRejectedError,
    ModelUnavailableError,
    ReplyError,
    WindowTooSmallError,
)
from longagent.events import WalkPlanned
from longagent.graphs import Means, Models, Run, resolve
from longagent.graphs.describe import describe
from longagent.graphs.graph_reader.walk import checked_facts
from longagent.llm.budget import Limits
from longagent.testing.readers import Read

HOPS = [
    turn("read_chunk(1)", "The lighthouse was built by Ada Brandt."),
    turn("search_more()", "The Skagen lighthouse was built by Ada Brandt."),
    turn("read_neighbor_node(Ada Brandt)"),
    turn("read_chunk(2)", "Ada Brandt built it and was born in Aarhus."),
    turn("read_subsequent_chunk()", "The Skagen lighthouse was built by Ada Brandt. Ada Brandt was born in Aarhus."),
    turn("termination()", "Ada Brandt built it, was born in Aarhus. Aarhus lies in Denmark."),
]


def blocks(text: str) -> list[str]:
    return re.findall(r"^\[notebook \d+, [0-9a-f]{8}\]\n(.*?)\n\[end", text, re.MULTILINE | re.DOTALL)


def told(asked: Asked) -> list[str]:
    """The warnings, but for that of the frame: the last of two hops speaks of other things than the question."""
    return [warning for warning in asked.answer.warnings if "could not be traced" not in warning]


def test_index_plan_start_walk_answer_each_with_what_it_is_to_see() -> None:
    model = Walker(HOPS)
    asked = Asked(model)
    walk = ["at_facts", "at_chunk", "at_neighbours", "at_facts", "at_chunk", "at_chunk"]
    assert model.roles == ["facts"] * PAGES + ["plan", "start", *walk, "answer"]
    assert not any(QUESTION in prompt for prompt in model.prompts[:PAGES])
    (start,) = model.of("start")
    assert "Skagen lighthouse\n" in start.slots["nodes"]
    assert "First find who built it." in start.slots["plan"]
    for read in model.of("at_facts", "at_chunk", "at_neighbours"):
        assert read.question == QUESTION
        assert "First find who built it." in read.slots["plan"]
    first, second = model.of("at_facts")
    assert re.findall(r"^Passage (\d+)", first.slots["facts"], re.MULTILINE) == ["1", "5"]
    assert sentence(1) in first.slots["facts"]
    assert (first.slots["actions"], first.slots["notebook"]) == ("", "")
    assert "Passage 1 (read in full already):" in second.slots["facts"]
    passages = model.of("at_chunk")
    assert [re.findall(r"\[passage (\d+), page (\d+)", read.slots["passages"]) for read in passages] == [
        [("1", "1")],
        [("2", "2")],
        [("3", "3")],
    ]
    assert "The lighthouse was built by Ada Brandt." in passages[0].slots["notebook"]
    (names,) = model.of("at_neighbours")
    assert {"Ada Brandt", "gulls"} <= set(names.slots["names"].splitlines())
    assert "Skagen lighthouse" not in names.slots["names"].splitlines()
    assert "surveyor walked" not in names.slots["names"]
    actions = passages[2].slots["actions"].splitlines()[1:-1]
    assert actions == [
        "facts of Skagen lighthouse: read_chunk(1)",
        "passage 1: search_more()",
        "neighbours of Skagen lighthouse: read_neighbor_node(Ada Brandt)",
        "facts of Ada Brandt: read_chunk(2)",
        "passage 2: read_subsequent_chunk()",
    ]
    (final,) = model.of("answer")
    assert blocks(final.slots["notebooks"]) == ["Ada Brandt built it, was born in Aarhus. Aarhus lies in Denmark."]
    assert [request.final for request in model.requests] == [False] * (len(model.requests) - 1) + [True]
    assert asked.answer.text == ANSWER
    assert not told(asked)
    assert (asked.forecast.exact, asked.forecast.calls) == (False, PAGES + 1 + 1 + 10 + 1)
    assert asked.forecast.depth == 1 + 1 + 1 + 10 + 1


def test_the_answer_is_cited_from_the_passages_the_notebook_rests_on() -> None:
    asked = Asked(Walker(HOPS, answer="Answer: Aarhus lies in Denmark."))
    assert [(found.page, found.quote) for found in asked.answer.citations] == [(3, sentence(3))]


def test_the_walk_is_told_step_by_step() -> None:
    asked = Asked(Walker(HOPS))
    (planned,) = [event for event in asked.events if isinstance(event, WalkPlanned)]
    assert (planned.plan, planned.nodes) == ("First find who built it.", ("Skagen lighthouse",))
    assert [(step.agent, step.step, step.at, step.node, step.chunk) for step in asked.steps] == [
        (0, 1, "facts", "Skagen lighthouse", None),
        (0, 2, "chunk", "Skagen lighthouse", 0),
        (0, 3, "neighbours", "Skagen lighthouse", None),
        (0, 4, "facts", "Ada Brandt", None),
        (0, 5, "chunk", "Ada Brandt", 1),
        (0, 6, "chunk", "Ada Brandt", 2),
    ]
    assert all(step.rationale == "because" for step in asked.steps)
    assert asked.steps[2].notebook == asked.steps[1].notebook == "The Skagen lighthouse was built by Ada Brandt."


def test_the_neighbours_stage_leaves_the_notebook_as_it_is() -> None:
    walk = [
        turn("stop_and_read_neighbor()", "kept"),
        turn("termination()", "thrown away"),
    ]
    model = Walker(walk)
    Asked(model)
    assert blocks(model.of("answer")[0].slots["notebooks"]) == ["kept"]


def test_several_passages_are_read_first_in_first_out_and_one_beside_goes_before_them() -> None:
    walk = [
        turn("read_chunk(5, 1)"),
        turn("read_previous_chunk()"),
        turn("search_more()"),
        turn("search_more()"),
        turn("termination()"),
    ]
    model = Walker(walk)
    asked = Asked(model)
    assert [step.chunk for step in asked.steps] == [None, 4, 3, 0, None]
    assert model.walked == ["at_facts", "at_chunk", "at_chunk", "at_chunk", "at_neighbours"]


@pytest.mark.parametrize(
    ("bad", "good", "stage"),
    [
        ("read_chunk(3)", "read_chunk(1)", 0),
        ("read_chunk(77)", "read_chunk(5)", 0),
        ("read_chunk()", "stop_and_read_neighbor()", 0),
        ("search_more()", "read_chunk(1)", 0),
        ("read_previous_chunk()", "search_more()", 1),
        ("read_chunk(5)", "termination()", 1),
        ("read_neighbor_node(Atlantis)", "termination()", 2),
        ("read_neighbor_node(Skagen lighthouse)", "read_neighbor_node(gulls)", 2),
        ("search_more()", "termination()", 2),
    ],
)
def test_what_cannot_be_called_is_refused_and_asked_once_more(bad: str, good: str, stage: int) -> None:
    before = [turn("read_chunk(1)"), turn("search_more()")][:stage]
    ends = [turn("termination()")] * 3 if "termination" not in good else []
    if stage == 0:
        ends = [turn("termination()")]
    if "gulls" in good:
        ends = [turn("stop_and_read_neighbor()"), turn("termination()")]
    model = Walker([*before, turn(bad), turn(good), *ends])
    asked = Asked(model)
    assert asked.actions[stage] == good
    names = ["at_facts", "at_chunk", "at_neighbours"]
    assert model.walked[: stage + 2] == [*names[: stage + 1], names[stage]]
    assert "could not be used" in [p for p, r in zip(model.prompts, model.roles, strict=True) if r in names][stage + 1]
    assert not told(asked)


def test_a_refusal_names_few_of_many_passages_for_the_prompt_fills_its_window() -> None:
    refuse = checked_facts(facts_turn, range(200), [1])
    with pytest.raises(ReplyError, match=r"there are 1, 3, 4, 5, 6, 7, 8, 9 and others\.$"):
        refuse(turn("read_chunk(900)"))
    with pytest.raises(ReplyError, match=r"there are 3, 4\.$"):
        checked_facts(facts_turn, [2, 3], [])(turn("read_chunk(900)"))


def test_what_cannot_be_called_twice_is_replaced_by_what_is_usual_at_the_stage_and_counted() -> None:
    def walk(stage: str, read: Read) -> str:
        return f"Notebook: noted {stage}\nAction: fly()"

    model = Walker(walk)
    asked = Asked(model)
    assert asked.actions == ["read_chunk(1, 5)", "search_more()", "search_more()", "termination()"]
    assert len(model.walked) == 8
    assert any("In 4 of 4 steps no function was called" in warning for warning in asked.answer.warnings)
    assert blocks(model.of("answer")[0].slots["notebooks"]) == ["noted at_chunk"]


def test_nodes_and_passages_are_not_read_again() -> None:
    walk = [
        turn("read_chunk(1)"),
        turn("search_more()"),
        turn("read_neighbor_node(Ada Brandt)"),
        turn("read_chunk(1)"),
        turn("read_chunk(1)"),
        turn("read_previous_chunk()"),
        turn("read_previous_chunk()"),
        turn("read_neighbor_node(Skagen lighthouse)"),
        turn("termination()"),
    ]
    asked = Asked(Walker(walk))
    # What was read before is refused, twice; then the passage that is left is read, and after it no neighbour that was.
    assert asked.actions[3:] == ["read_chunk(2)", "search_more()", "termination()"]
    assert [step.chunk for step in asked.steps if step.at == "chunk"] == [0, 1]


def test_a_passage_that_was_read_is_not_read_again_from_the_one_beside_it() -> None:
    walk = [turn("read_chunk(1)"), turn("read_subsequent_chunk()"), turn("read_previous_chunk()")]
    asked = Asked(Walker([*walk, turn("termination()")]))
    assert asked.actions == ["read_chunk(1)", "read_subsequent_chunk()", "termination()"]


def test_an_explorer_calls_ten_functions_at_most() -> None:
    def walk(stage: str, read: Read) -> str:
        if stage == "at_facts":
            return turn(f"read_chunk({read.slots['facts'].split('Passage ')[1].split(':')[0]})", "A note.")
        if stage == "at_chunk":
            return turn("read_subsequent_chunk()", "A note.")
        return turn("termination()")

    model = Walker(walk, start="day 7 | 90")
    asked = Asked(model, source=document(30))
    assert len(model.walked) == 10
    assert asked.forecast.calls == 30 + 1 + 1 + 10 + 1
    assert not asked.answer.partial
    assert len(Asked(Walker(walk, start="day 7 | 90"), {"steps": 3}, source=document(30)).steps) == 3


def test_explorers_go_side_by_side_each_with_its_own_notebook_and_are_put_in_order() -> None:
    nodes = ["Skagen lighthouse", "Ada Brandt", "Aarhus", "Skagen harbour", "gulls"]

    def walk(stage: str, read: Read) -> str:
        node = re.findall(r"^Facts about (.*):$", read.slots.get("facts", ""), re.MULTILINE)
        if stage == "at_facts":
            return turn("stop_and_read_neighbor()", f"Mark of {node[0]}.")
        return turn("termination()")

    model = Walker(walk, start="\n".join(f"{node} | {90 - at}" for at, node in enumerate(nodes)))
    # The first to set out are the last to come back.
    model.pause = lambda prompt: next((0.05 * (5 - at) for at, n in enumerate(nodes) if f"about {n}:" in prompt), 0)
    asked = Asked(model, {"agents": 5})
    assert model.roles[PAGES + 2 : PAGES + 7] == ["at_facts"] * 5
    for prompt in model.prompts[:-1]:
        assert len({node for node in nodes if f"Mark of {node}." in prompt}) <= 1
    assert blocks(model.of("answer")[0].slots["notebooks"]) == [f"Mark of {node}." for node in nodes]
    first = [step.agent for step in asked.steps if step.at == "facts"]
    assert sorted(first) == [0, 1, 2, 3, 4]
    assert first != sorted(first)


def test_the_best_start_nodes_of_all_lists_are_kept_and_names_that_are_no_nodes_are_not() -> None:
    start = "Atlantis | 100\n**skagen Lighthouse**: 70\nAda Brandt | 95\nAarhus | 20\nAda Brandt | 3"
    walk = [turn("stop_and_read_neighbor()"), turn("stop_and_read_neighbor()"), *[turn("termination()")] * 2]
    asked = Asked(Walker(walk, start=start), {"agents": 2})
    (planned,) = [event for event in asked.events if isinstance(event, WalkPlanned)]
    assert planned.nodes == ("Ada Brandt", "Skagen lighthouse")


def test_too_many_nodes_are_chosen_from_in_several_lists_side_by_side() -> None:
    model = Walker(lambda stage, read: turn("termination()" if stage != "at_facts" else "stop_and_read_neighbor()"))
    asked = Asked(model, {"window": 1200, "candidates": 400}, source=document(350))
    lists = [read.slots["nodes"].splitlines()[1:-1] for read in model.of("start")]
    assert len(lists) > 1
    assert len(lists) <= next(part.calls for part in asked.forecast.roles if part.role == "start")
    names = [name for part in lists for name in part]
    assert len(names) == len(set(names)) > 300
    few = Walker(lambda stage, read: turn("termination()" if stage != "at_facts" else "stop_and_read_neighbor()"))
    Asked(few, {"candidates": 4}, source=document(60))
    (only,) = [read.slots["nodes"].splitlines()[1:-1] for read in few.of("start")]
    assert len(only) == 4
    assert "Skagen lighthouse" in only


def test_a_node_that_was_not_shown_is_not_chosen_to_begin_with() -> None:
    walk = [turn("stop_and_read_neighbor()"), turn("termination()")]
    model = Walker(walk, start="gulls | 100\nSkagen lighthouse | 60")
    asked = Asked(model, {"candidates": 2})
    (shown,) = [read.slots["nodes"].splitlines()[1:-1] for read in model.of("start")]
    assert "gulls" not in shown
    (planned,) = [event for event in asked.events if isinstance(event, WalkPlanned)]
    assert planned.nodes == ("Skagen lighthouse",)


@pytest.mark.parametrize("start", ["I cannot choose.", "Atlantis | 100", ""])
def test_start_nodes_that_cannot_be_read_are_those_that_share_most_words_with_the_question(start: str) -> None:
    model = Walker([turn("stop_and_read_neighbor()"), turn("termination()")], start=start)
    asked = Asked(model)
    assert model.roles.count("start") == 2
    (planned,) = [event for event in asked.events if isinstance(event, WalkPlanned)]
    assert planned.nodes == ("Ada Brandt",)
    assert any(warning.startswith("No start node could be read") for warning in asked.answer.warnings)


@pytest.mark.parametrize("error", [ContentRefusedError("declined."), ReplyError("nothing.")])
def test_without_a_plan_explorers_go_all_the_same(error: Exception) -> None:
    model = Walker(HOPS)
    model.fail = lambda role, prompt: error if role == "plan" else None
    asked = Asked(model)
    assert asked.answer.text == ANSWER
    assert told(asked) == ["No plan could be made; explorers went without one."]
    assert not any(read.slots["plan"] for read in model.of("at_facts", "at_chunk", "start"))


def test_a_passage_that_cannot_be_read_is_counted_and_passed_over() -> None:
    model = Walker([turn("read_chunk(1, 5)", "A note."), turn("termination()", "Two notes.")])
    model.fail = lambda role, p: ContentRefusedError("declined.") if role == "at_chunk" and "Page 1\n" in p else None
    asked = Asked(model)
    assert asked.actions == ["read_chunk(1, 5)", "search_more()", "termination()"]
    assert asked.answer.found
    # It was read before, for the index.
    assert (asked.answer.coverage.read, asked.answer.coverage.failed) == (PAGES, 0)


@pytest.mark.parametrize("stage", ["at_facts", "at_neighbours"])
def test_a_step_that_fails_does_what_is_usual_there_and_is_counted(stage: str) -> None:
    model = Walker([turn("read_chunk(1)", "A note."), *[turn("search_more()", "A note.")] * 2, turn("termination()")])
    if stage == "at_facts":
        model = Walker([*[turn("search_more()", "A note.")] * 2, turn("termination()")])
    model.fail = lambda role, prompt: ContentRefusedError("declined.") if role == stage else None
    asked = Asked(model)
    assert asked.answer.found
    usual = {"at_facts": "read_chunk(1, 5)", "at_neighbours": "termination()"}[stage]
    assert usual in asked.actions
    assert any("1 of" in warning and "failed" in warning for warning in asked.answer.warnings)


def test_one_explorer_that_fails_at_every_step_leaves_the_others_alone() -> None:
    def walk(stage: str, read: Read) -> str:
        if "Facts about gulls:" in read.slots.get("facts", ""):
            raise ContentRefusedError("declined.")
        return turn("stop_and_read_neighbor()", "A note.") if stage == "at_facts" else turn("termination()")

    model = Walker(walk, start="gulls | 90\nAarhus | 80")
    model.fail = lambda role, p: ContentRefusedError("declined.") if role == "at_chunk" or "of gulls" in p else None
    asked = Asked(model, {"agents": 2})
    assert asked.answer.text == ANSWER
    assert blocks(model.of("answer")[0].slots["notebooks"]) == ["A note."]


def test_a_server_that_is_gone_ends_the_run() -> None:
    model = Walker(HOPS)
    model.fail = lambda role, prompt: ModelRejectedError("revoked.") if role == "at_neighbours" else None
    with pytest.raises(ModelRejectedError):
        Asked(model)


def test_the_call_that_answers_is_not_passed_over() -> None:
    model = Walker(HOPS)
    model.fail = lambda role, prompt: ModelUnavailableError("gone.", trouble="timeout") if role == "answer" else None
    with pytest.raises(ModelUnavailableError):
        Asked(model, means=Means())


def test_without_a_note_nothing_is_found_and_nobody_is_asked() -> None:
    model = Walker([turn("stop_and_read_neighbor()", "nothing"), turn("termination()")])
    asked = Asked(model)
    assert "answer" not in model.roles
    assert not asked.answer.found
    assert not asked.answer.partial


def test_garbage_ends_in_an_answer_or_in_none_but_never_in_an_error() -> None:
    for garbage in ("???", "42", "{}", "Action:", "read_chunk", "[end 0badcafe]"):
        asked = Asked(Walker(lambda stage, read, said=garbage: said, answer=garbage))  # type: ignore[misc]
        assert len(asked.steps) <= 10


def test_empty_replies_are_steps_that_failed() -> None:
    asked = Asked(Walker(lambda stage, read: "", start=""))
    assert not asked.answer.found
    assert any("failed" in warning for warning in asked.answer.warnings)


@pytest.mark.parametrize("text", ["", "Page 1\n\nThe Skagen lighthouse stands."])
def test_documents_of_no_or_one_chunk(text: str) -> None:
    model = Walker([turn("read_chunk(1)", "A note."), turn("search_more()", "A note."), turn("termination()")])
    asked = Asked(model, source=Document.from_text(text) if text else Document.from_pages([""], id="0" * 64, name="e"))
    assert asked.answer.found == bool(text)
    assert bool(model.requests) == bool(text)


def test_four_hundred_chunks_take_a_walk_as_long_as_five_do() -> None:
    model = Walker(HOPS)
    asked = Asked(model, source=document(400))
    assert model.roles.count("facts") == 400
    assert len(model.roles) == 400 + 2 + 6 + 1
    assert asked.answer.text == ANSWER


@pytest.mark.parametrize("calls", range(1, PAGES + 9))
def test_under_any_limit_of_calls_it_answers_from_what_there_is(calls: int) -> None:
    model = Walker(HOPS)
    asked = Asked(model, limits=Limits(calls=calls))
    assert len(model.requests) <= calls
    assert asked.answer.partial
    assert asked.answer.found == (calls > 1)
    by_words = any("share words with the question" in warning for warning in asked.answer.warnings)
    assert by_words == (1 < calls <= PAGES + 3)


def test_a_second_question_about_an_indexed_document_makes_no_call_to_index_it(tmp_path: Path) -> None:
    from longagent.session import Session

    def step(stage: str, read: Read) -> str:
        return turn("stop_and_read_neighbor()", "A note.") if stage == "at_facts" else turn("termination()")

    model = Walker(step)
    path = tmp_path / "north.md"
    path.write_text("\n\n".join(f"# Page {n}\n\nPage {n}\n\n{sentence(n)}" for n in range(1, PAGES + 1)))
    with Session(model=model, strategy="graph-reader", settings={"agents": 1}, cache_dir=tmp_path / "c") as session:
        session.ask(path, QUESTION)
        first = len(model.requests)
        assert model.roles[:first].count("facts") > 0
        assert session.estimate(path, "Who nests near it?").calls == 1 + 1 + 10 + 1
        session.ask(path, "Who nests near it?")
    assert "facts" not in model.roles[first:]


@pytest.mark.parametrize("window", [900, 1024, 1400, 2048, 4096, 8192])
@pytest.mark.parametrize("words", [5, 120, 400])
def test_prompts_fit_the_window_or_are_refused_before_any_call(window: int, words: int) -> None:
    question = "Who built the Skagen lighthouse " + "and where was he born " * (words // 5) + "?"

    def walk(stage: str, read: Read) -> str:
        numbers = re.findall(r"^Passage (\d+):", read.slots.get("facts", ""), re.MULTILINE)
        if stage == "at_facts":
            return turn(f"read_chunk({', '.join(numbers[:3])})" if numbers else "stop_and_read_neighbor()", "x " * 2000)
        if stage == "at_chunk":
            return turn("read_subsequent_chunk()", "Ada Brandt and Skagen, seen on day 7. " * 200, "why " * 500)
        names = read.slots.get("names", "").splitlines()[2:-1]
        return turn(f"read_neighbor_node({names[0]})")

    model = Walker(walk, start="surveyor | 90", plan="A plan. " * 600, window=window)
    if window < {5: 900, 120: 1400, 400: 2048}[words]:
        with pytest.raises(WindowTooSmallError, match="beside the question|left for the document"):
            Asked(model, {"chunk_tokens": None, "agents": 3}, source=document(60), question=question)
        assert not model.requests
        return
    asked = Asked(model, {"chunk_tokens": None, "agents": 3}, source=document(60), question=question)
    assert len(model.requests) <= asked.forecast.calls + model.roles.count("at_chunk")
    spent = sum(map(count_tokens, model.prompts))
    assert spent <= asked.forecast.prompt_tokens


def test_so_many_notebooks_that_they_do_not_fit_are_refused_before_any_call() -> None:
    model = Walker([], window=1400)
    with pytest.raises(WindowTooSmallError, match="notebooks do not fit"):
        Asked(model, {"agents": 25, "answer_tokens": 300})
    assert not model.requests


def test_models_that_never_abstain_are_led_by_code_and_note_what_passages_carry() -> None:
    def walk(stage: str, read: Read) -> str:
        return sentence(1) if "Page 1\n" in read.slots["passages"] else "The king of Norway built it in 1066."

    model = Walker(walk, answer="It was built by Ada Brandt.", abstains=False, reading_tokens=600)
    asked = Asked(model, {"agents": 3}, question="Who built the Skagen lighthouse?")
    assert set(model.roles) == {"note_brief", "answer_brief"}
    assert model.roles.count("note_brief") <= 6
    assert asked.forecast.calls == 7
    (final,) = model.of("answer_brief")
    assert blocks(final.slots["notebooks"]) == [sentence(1)]
    assert asked.answer.text == "It was built by Ada Brandt."
    assert [found.page for found in asked.answer.citations] == [1]


def test_interrupted_it_repeats_at_most_the_calls_in_flight(tmp_path: Path) -> None:
    def runs(model: Walker) -> None:
        resolved = resolve("graph-reader", {"chunk_tokens": 300, "agents": 1})
        run = Run(
            Loaded((document(),), ()), Models(model), resolved, emit=lambda event: None, means=Means(runs=tmp_path)
        )
        asyncio.run(run.answer(QUESTION, seed=None))

    for after in range(6):
        model = Walker(HOPS)
        model.fail = lambda role, prompt, model=model, after=after: (  # type: ignore[misc]
            ModelRejectedError("revoked.") if role.startswith("at_") and len(model.walked) > 1 else None
        )
        model._walk = lambda stage, read, after=after: HOPS[after]  # type: ignore[misc]
        if after < 5:
            with pytest.raises(ModelRejectedError):
                runs(model)
        else:
            runs(model)
        assert (
            model.walked[: 1 if after == 5 else 2]
            == (["at_facts", "at_chunk", "at_neighbours", "at_facts", "at_chunk", "at_chunk"][after : after + 2])
        )
        assert model.roles.count("facts") == (PAGES if after == 0 else 0)


def test_it_says_what_it_costs_and_where_it_departs_from_the_paper() -> None:
    resolved = resolve("graph-reader", {})
    assert resolved is not None
    told = describe(resolved.strategy)
    assert "once" in (resolved.strategy.cost or "")
    assert "index" in (resolved.strategy.reuses or "")
    assert "prompts are our own words" in (told.departures or "")
