"""Models of one run may count tokens differently: what one writes must still fit before another."""

import asyncio
from typing import Any

import pytest
from support.side_by_side import Asked, Rambling
from support.survey import long_document

from longagent.errors import WindowTooSmallError
from longagent.graphs.room import as_read_by
from longagent.testing import ScriptedModel


class Counting(Rambling):
    """To it every text is a quarter longer; asserts that prompt and reply fit its window."""

    async def count_tokens(self, text: str) -> int:
        return int(await super().count_tokens(text) * 1.25)


def test_a_text_is_as_long_as_it_is_to_its_writer_and_longer_to_others() -> None:
    one, other = ScriptedModel([]), ScriptedModel([])
    other.name = "other"
    assert as_read_by(one, 100, writer=one) == 100
    assert as_read_by(other, 100, writer=one) >= 125
    assert asyncio.run(Counting(lambda _: "", name="c").count_tokens("dune " * 100)) >= 120


@pytest.mark.parametrize(
    ("strategy", "cap", "writer", "refused"),
    [
        ("chain-of-agents", "unit_tokens", "manager", True),
        # Here the answer is given fewer pages, rather.
        ("read-agent", "gist_tokens", "answer", False),
    ],
)
def test_what_one_model_writes_up_to_its_cap_fits_before_another_or_is_refused(
    strategy: str, cap: str, writer: str, refused: bool
) -> None:
    tried: dict[int, bool] = {}
    for tokens in range(40, 1000, 60):
        reader = Rambling(lambda _: "dune", window=4096, name="reader")
        settings: dict[str, Any] = {"window": 4096, cap: tokens}
        other = Counting(lambda _: "dune", window=1024, name="other")
        try:
            Asked(strategy, reader, settings, document=long_document(6, needle_on=2), by_role={writer: other})
            tried[tokens] = True
            assert other.requests
        except WindowTooSmallError:
            tried[tokens] = False
            assert not other.requests
    assert tried[40]
    assert tried[max(tried)] != refused
