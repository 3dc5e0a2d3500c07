"""`verify`: what the frame around every strategy does with a reply that cannot be verified."""

from typing import Any

import pytest
from support.asking import ask
from support.survey import NEEDLE, QUESTION, long_document

from longagent.answer import Answer, Verify
from longagent.events import Warned
from longagent.testing import ScriptedModel

TRUE = "The harbour of Skagen was rebuilt in 1907 for 482,000 crowns."
QUOTED = 'The text says "rebuilt in 1907 for 482,000 crowns".'
FALSE = "It cost 913,000 dollars, paid by Admiral Thorvald Holm."
MADE_UP = 'The surveyor wrote "the finest harbour of all Denmark".'


def answered(reply: str, verify: Verify, *, abstains: bool = True, **settings: Any) -> Answer:
    model = ScriptedModel(lambda request: reply, abstains=abstains)
    return ask(model, long_document(), QUESTION, verify=verify, **settings).answer


@pytest.mark.parametrize("strategy", ["rag", "full-context", "chain-of-agents"])
def test_strict_keeps_what_stands_there_whatever_the_strategy(strategy: str) -> None:
    document = long_document(9, needle_on=5)
    asked = ask(
        ScriptedModel(lambda request: f"{TRUE} {MADE_UP}"), document, QUESTION, strategy=strategy, verify="strict"
    )
    answer = asked.answer
    assert (answer.text, answer.found, answer.traced, answer.verify) == (TRUE, True, True, "strict")
    assert [(found.status, found.quote, found.page) for found in answer.citations] == [("located", NEEDLE, 5)]
    told = [event.message for event in asked.events if isinstance(event, Warned)]
    assert told == [
        "1 of 2 sentences was removed from the answer, not verified: a quote in it does not stand in what was read."
    ]


def test_strict_lets_a_verified_answer_be() -> None:
    answer = answered(f"{TRUE} {QUOTED}", "strict")
    assert (answer.text, answer.warnings) == (f"{TRUE} {QUOTED}", ())
    assert {found.status for found in answer.citations} == {"exact"}


@pytest.mark.parametrize("abstains", [True, False])
@pytest.mark.parametrize("reply", [FALSE, MADE_UP, f"{FALSE} {MADE_UP}"])
def test_strict_refuses_when_nothing_is_left(reply: str, abstains: bool) -> None:
    answer = answered(reply, "strict", abstains=abstains)
    assert (answer.text, answer.found, answer.citations, answer.exit_code) == (None, False, (), 4)
    (warning,) = answer.warnings
    assert warning.startswith("The answer was withheld, since nothing of it could be verified: ")


def test_mark_keeps_the_answer_and_marks_what_is_unverified() -> None:
    answer = answered(f"{TRUE} {MADE_UP}", "mark")
    assert answer.text == f"{TRUE} {MADE_UP}"
    assert [found.status for found in answer.citations] == ["located", "unverified"]
    assert "A quote of the answer does not stand in what was read: marked as unverified." in answer.warnings


@pytest.mark.parametrize("abstains", [True, False])
@pytest.mark.parametrize("reply", [FALSE, MADE_UP, TRUE])
def test_off_looks_for_nothing(reply: str, abstains: bool) -> None:
    answer = answered(reply, "off", abstains=abstains)
    assert (answer.text, answer.found, answer.citations, answer.warnings) == (reply, True, (), ())
    assert (answer.traced, answer.exit_code) == (None, 0)


@pytest.mark.parametrize("verify", ["strict", "mark", "off"])
def test_a_refusal_of_the_model_is_known_at_every_level(verify: Verify) -> None:
    answer = answered("The passages do not mention this.", verify)
    assert (answer.found, answer.citations, answer.exit_code) == (False, (), 4)


def test_the_level_changes_no_call_and_no_identity() -> None:
    levels: tuple[Verify, ...] = ("strict", "mark", "off")
    answers = [answered(TRUE, level) for level in levels]
    assert len({answer.run_id for answer in answers}) == 1
    assert {answer.usage.calls for answer in answers} == {1}
    assert [answer.to_dict()["verify"] for answer in answers] == [*levels]


def test_a_summary_keeps_its_free_sentences_and_loses_made_up_numbers() -> None:
    summary = "A calm walk along a coast. The harbour of Skagen cost 482,000 crowns. Some 77,000 birds were shot."
    answer = answered(summary, "strict", strategy="chain-of-agents", task="summary")
    assert answer.text == "A calm walk along a coast. The harbour of Skagen cost 482,000 crowns."
    assert answer.citations
