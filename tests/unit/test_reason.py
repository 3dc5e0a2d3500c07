"""`reason`: a question without documents, through the doors that questions about documents take."""

import asyncio
from typing import Any

import pytest

from longagent import Session, areason, reason
from longagent.errors import UsageError
from longagent.events import DocumentLoaded, Event, Reasoned, RunFinished, RunStarted
from longagent.testing import ScriptedModel

QUESTION = "What is six times seven?"
ROUNDS = ["Reasoning: Six sixes are 36.\nSummary: Established: 36.\nOpen: six more.", "Conclusion: 42"]


def thinker(*replies: str) -> ScriptedModel:
    return ScriptedModel(replies or ROUNDS)


def test_both_doors_lead_to_a_conclusion() -> None:
    async def notebook_cell() -> tuple[str | None, str | None]:
        return (await areason(QUESTION, model=thinker())).text, reason(QUESTION, model=thinker()).text

    assert asyncio.run(notebook_cell()) == ("42", "42")
    answer = reason(QUESTION, model=thinker())
    assert (answer.text, answer.found, answer.traced, answer.citations) == ("42", True, None, ())
    assert (answer.strategy, answer.question, answer.usage.calls, len(answer.run_id)) == (
        "infty-think",
        QUESTION,
        2,
        16,
    )


def test_a_session_reasons_and_tells_of_it() -> None:
    events: list[Event] = []
    with Session(model=thinker(*ROUNDS, *ROUNDS)) as session:
        answer = session.reason(QUESTION, on_event=events.append)
        again = asyncio.run(session.areason(QUESTION))
    assert again.run_id == answer.run_id
    kinds = [type(event) for event in events]
    assert (kinds[0], kinds[-1], kinds.count(Reasoned)) == (RunStarted, RunFinished, 2)
    assert DocumentLoaded not in kinds
    assert {event.run_id for event in events} == {answer.run_id}


@pytest.mark.parametrize(
    ("options", "rounds"),
    [
        ({}, 10),
        ({"settings": {"rounds": 3}}, 3),
        ({"strategy": "infty-think", "settings": {"rounds": 3}}, 3),
        ({"strategy": "rag", "settings": {"evidence_tokens": 300}}, 10),
    ],
)
def test_settings_count_if_they_are_the_strategys(options: dict[str, Any], rounds: int) -> None:
    with Session(model=thinker(), **options) as session:
        forecast = session.estimate(None, QUESTION)
    assert (forecast.strategy, forecast.chunks, forecast.calls, forecast.exact) == ("infty-think", 0, rounds + 1, False)


def test_models_count_for_roles_the_strategy_has() -> None:
    models = {"gist": "local", "thinker": "local"}
    with Session(model=thinker(), strategy="read-agent", role_model=models) as session:
        assert session.estimate(None, QUESTION).strategy == "infty-think"
    with (
        Session(model=thinker(), strategy="infty-think", role_model=models) as session,
        pytest.raises(UsageError, match="no role 'gist'"),
    ):
        session.estimate(None, QUESTION)


def test_not_found_is_no_answer() -> None:
    answer = reason(QUESTION, model=thinker("Conclusion: Not found."))
    assert (answer.text, answer.found, answer.exit_code) == (None, False, 4)


def test_what_is_no_question_and_what_are_no_documents() -> None:
    model = thinker()
    with pytest.raises(UsageError, match="question is empty"):
        reason(" ", model=model)
    with pytest.raises(UsageError, match="no setting 'chunk_tokens'"):
        reason(QUESTION, model=model, settings={"chunk_tokens": 3})
    with pytest.raises(UsageError, match="rounds=0"):
        reason(QUESTION, model=model, settings={"rounds": 0})
    # Nobody who forgot a document is meant to get an answer from nothing.
    for sources in (None, []):
        with pytest.raises(UsageError, match=r"not a document|No document"):
            Session(model=model).ask(sources, QUESTION)  # type: ignore[arg-type]
    assert model.requests == []


def test_it_is_another_run_than_the_same_question_about_a_document() -> None:
    with Session(model=ScriptedModel(["Conclusion: 42"] * 2), strategy="infty-think") as session:
        assert session.reason(QUESTION).run_id != session.ask("Six times seven\nis 42.", QUESTION).run_id
