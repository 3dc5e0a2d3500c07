"""What the checks share."""

from longagent.answer import Answer
from longagent.graphs import Models
from longagent.graphs.forecast import most_for_answer
from longagent.llm.budget import Spend
from longagent.llm.model import Request
from longagent.llm.replies import request_key
from longagent.testing.conformance.trial import Reader, Trial, reply_with_needle

_ANYBODY = Reader(reply_with_needle, window=8192)


def expect(holds: object, otherwise: str) -> None:
    """Raise with a sentence if something does not hold; `assert` is silent under `python -O`."""
    if not holds:
        raise AssertionError(otherwise)


def healthy(trial: Trial) -> list[Request]:
    """Return the calls of a run that nothing disturbs."""
    model = trial.reader()
    trial.ask(model)
    return model.requests


def final_calls(trial: Trial) -> Spend:
    """Return the most that the calls can cost which write the answer."""
    return most_for_answer(trial.prepare().estimate, Models(trial.reader()))


def key(request: Request) -> bytes:
    """Return what tells calls apart."""
    return request_key(_ANYBODY, request)


def covered(trial: Trial, answer: Answer) -> None:
    """Check that what was read and what failed is not more than there is."""
    coverage = answer.coverage
    adds_up = coverage.read + coverage.failed <= coverage.chunks and coverage.chunks > 0
    expect(adds_up, f"{trial.strategy.name}: the coverage does not add up: {coverage}")


def holds(request: Request, text: str) -> bool:
    """Whether a text stands in a prompt."""
    return any(text in message["content"] for message in request.messages)


def spread(first: int, last: int, *, at_most: int = 6) -> list[int]:
    """Return whole numbers from `first` to `last`, evenly spread where there are more than wanted."""
    count = min(at_most, last - first + 1)
    return sorted({first + round(step * (last - first) / max(1, count - 1)) for step in range(count)})
