"""`scout` keeps longagent's contract. Runs without network and weights."""
# ruff: noqa: S101

import pytest
from longagent_scout import check, scout

from longagent import Session
from longagent.documents import Document
from longagent.errors import WindowTooSmallError
from longagent.llm.model import Request
from longagent.testing import ScriptedModel, conformance


def reply(request: Request) -> str:
    """Play both roles: the scout looks for the needle, who answers says it."""
    said = conformance.reply_with_needle(request)
    if request.role == "longagent_scout/scout":
        return "yes" if said == conformance.NEEDLE else "no"
    return said


@pytest.mark.parametrize("name", conformance.CHECKS)
def test_scout_conforms(name: str) -> None:
    """It passes a check of the suite."""
    conformance.CHECKS[name](conformance.Trial(strategy=scout, reply=reply))


class Dense(ScriptedModel):
    """Counts twice the tokens that documents are measured in, and refuses prompts that do not fit its window."""

    name = "dense"

    async def count_tokens(self, text: str) -> int:
        """Count twice."""
        return 2 * await super().count_tokens(text)


@pytest.mark.parametrize(("window", "question"), [(1024, "Who signed it?"), (2048, "Why? " * 150 + "Who signed it?")])
def test_prompts_fit_a_model_whose_tokens_are_shorter(window: int, question: str) -> None:
    """Chunks leave room for question and instructions, as the model counts."""
    model = Dense(lambda request: "yes" if request.role == check.name else "Anna signed it.", window=window)
    text = " ".join(f"On day {day} Anna signed it, and the surveyor walked the dunes." for day in range(200))
    with Session(model=model, strategy=scout, settings={"keep": 3}) as session:
        told = session.estimate(Document.from_text(text), question)
        answer = session.ask(Document.from_text(text), question)
    assert len(model.requests) == 4
    assert answer.usage.prompt_tokens <= told.prompt_tokens


def test_a_window_that_holds_too_little_is_refused() -> None:
    """The error tells what to do."""
    model = Dense([], window=1024)
    with (
        Session(model=model, strategy=scout, settings={"keep": 20}) as session,
        pytest.raises(WindowTooSmallError, match="keep=N"),
    ):
        session.ask(Document.from_text("Anna signed it."), "Who signed it?")
    assert model.requests == []
