"""What every strategy must do, whoever wrote it: a suite for any test runner.

    from longagent.testing import conformance

    def test_my_strategy():
        conformance.check(my_strategy)

or, to see each check by its name:

    @pytest.mark.parametrize("name", conformance.CHECKS)
    def test_my_strategy(name):
        conformance.CHECKS[name](conformance.Trial(strategy=my_strategy))

Checks ask a question about a small paged document that answers it in one sentence. No network, no weights; they are
called outside of event loops, and raise `AssertionError` with what the strategy did wrong.
"""

from collections.abc import Callable, Mapping
from typing import Any

from longagent.graphs.strategy import Strategy
from longagent.llm.model import Request
from longagent.testing.conformance import answers, limits, troubles
from longagent.testing.conformance.trial import DOCUMENT, NEEDLE, QUESTION, Trial, reply_with_needle

__all__ = ["CHECKS", "DOCUMENT", "NEEDLE", "QUESTION", "Trial", "check", "reply_with_needle"]

CHECKS: Mapping[str, Callable[[Trial], None]] = {
    conforms.__name__: conforms
    for conforms in (
        answers.finds_and_cites,
        answers.estimates,
        limits.keeps_to_calls,
        limits.keeps_to_tokens,
        limits.keeps_to_time,
        limits.refuses_limits_without_an_answer,
        troubles.passes_over_failed_chunks,
        troubles.resumes,
        troubles.reads_on,
        answers.keeps_state_plain,
        answers.plays_roles,
        answers.repeats_itself,
        answers.answers_from_cache,
    )
}
"""All checks, by name."""


def check(
    strategy: Strategy,
    settings: Mapping[str, Any] | None = None,
    *,
    window: int = 8192,
    reply: Callable[[Request], str] = reply_with_needle,
) -> None:
    """Run all checks on a strategy.

    Args:
        strategy: whose conformance is asked for.
        settings: its own settings, such as make it read the document in several chunks.
        window: of the model, in tokens.
        reply: plays all roles; the default says the needle if the prompt holds it. Give one where a role must reply in
            a form of its own.

    Raises:
        AssertionError: the strategy breaks the contract; says how.
    """
    trial = Trial(strategy=strategy, settings=settings or {}, window=window, reply=reply)
    for conforms in CHECKS.values():
        conforms(trial)
