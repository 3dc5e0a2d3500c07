import pytest
from support.vllm_logs import DEATHS, Death

from longagent.llm.workers.troubles import explain


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_what_is_known_is_told_with_what_to_do(death: Death) -> None:
    trouble = explain(death.log, code=1)
    assert death.what in trouble.what
    assert death.hint in trouble.hint
    assert not trouble.what.endswith(".")


def test_what_is_not_known_is_quoted_made_plain() -> None:
    log = "Traceback (most recent call last):\n(Worker pid=1) ValueError: odd \x1b[31mthing.\n"
    assert explain(log, code=1) == ("ValueError: odd \\x1b[31mthing", "")


def test_the_cause_counts_not_its_consequence() -> None:
    log = "KeyError: 'rope'\n(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above.\n"
    assert explain(log, code=1).what == "KeyError: 'rope'"


def test_what_is_said_in_passing_is_no_cause() -> None:
    log = (
        "(APIServer pid=1) WARNING 11-25 16:12:15 [cpu.py:1] No CUDA GPUs are available\n"
        "x.py:1: DeprecationWarning: No space left on device\n"
    )
    assert explain(log, code=3).what == "it ended with exit code 3"


def test_a_hub_that_was_asked_in_vain_is_no_cause_beside_another() -> None:
    asked = "'[Errno -2] Name or service not known' thrown while requesting GET https://huggingface.co/api/models\n"
    assert "hub cannot be reached" in explain(asked, code=1).what
    assert "C++ compiler" in explain(asked + DEATHS["compiler"].log, code=1).what


def test_without_a_word() -> None:
    assert explain("", code=-9).what == "it was killed, perhaps because memory ran out"
    assert explain("", code=-11).what == "it was ended by signal 11"
    told = "(APIServer pid=1) INFO 11-25 16:16:13 [launcher.py:253] [shutdown] API server: shutdown triggered\n"
    assert explain(told).what == "it was told to end, not by longagent"
    assert explain("").what == "it ended without saying why"
