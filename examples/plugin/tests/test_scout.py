"""`scout` keeps longagent's contract. Runs without network and weights."""

import pytest
from longagent_scout import scout

from longagent.llm.model import Request
from longagent.testing import conformance


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
