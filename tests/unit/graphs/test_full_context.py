"""`full-context`: everything, or a refusal, or head and tail with what was left out said."""

import pytest
from support.asking import ask
from support.survey import NEEDLE, QUESTION, long_document

from longagent.errors import WindowTooSmallError
from longagent.testing import PromptReader, ScriptedModel


def test_a_document_that_fits_is_read_whole_and_uncut() -> None:
    document = long_document(pages=5, needle_on=3)
    model = ScriptedModel(["482,000 crowns"], window=16_000)
    answer = ask(model, document, QUESTION, strategy="full-context").answer
    assert document.text.strip() in model.prompts[0]
    assert answer.coverage.read == answer.coverage.chunks
    assert answer.citations[0].page == 3
    assert answer.warnings == ()
    assert not answer.partial


def test_a_document_that_does_not_fit_is_refused_before_any_call() -> None:
    model = ScriptedModel([], window=2048)
    with pytest.raises(WindowTooSmallError, match=r"about \d+ tokens.*-S overflow=cut"):
        ask(model, long_document(), QUESTION, strategy="full-context")
    assert model.requests == []


def test_cutting_keeps_head_and_tail_and_says_what_was_left_out() -> None:
    document = long_document(pages=30, needle_on=30)
    model = PromptReader(window=2048)
    answer = ask(model, document, QUESTION, strategy="full-context", overflow="cut").answer
    assert "Page heading 1\n" in model.prompts[0]
    assert NEEDLE in model.prompts[0]
    assert answer.citations[0].page == 30
    assert answer.coverage.read < answer.coverage.chunks
    (warning,) = answer.warnings
    left = answer.coverage.chunks - answer.coverage.read
    assert f"{left} of {answer.coverage.chunks} chunks in the middle (p. " in warning


def test_a_cut_out_answer_is_not_found() -> None:
    model = PromptReader(window=2048)
    answer = ask(model, long_document(needle_on=15), QUESTION, strategy="full-context", overflow="cut").answer
    assert not answer.found
    assert (answer.partial, answer.exit_code) == (True, 3)
