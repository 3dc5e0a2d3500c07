"""Counts what a run costs. What a server does not tell is unknown, and so is every sum with it."""

from longagent.answer import Usage
from longagent.llm.model import Model, Reply


class Meter:
    """Adds up the calls of a run: those made, and those spared because the reply was there already."""

    def __init__(self) -> None:
        self._calls = self._spared = 0
        self._prompt: int | None = 0
        self._completion: int | None = 0
        self._cached: int | None = None
        self._cost: float | None = 0.0

    def count(self, model: Model, reply: Reply) -> None:
        """Count a call that was made."""
        # One call of which it is not known makes the sum unknown. Before the first call it is unknown, and not 0.
        first = self._calls == 0
        self._calls += 1
        self._prompt = _sum(self._prompt, reply.prompt_tokens)
        self._completion = _sum(self._completion, reply.completion_tokens)
        self._cached = reply.cached_prompt_tokens if first else _sum(self._cached, reply.cached_prompt_tokens)
        cost = cost_of(model.profile.price, reply.prompt_tokens, reply.completion_tokens)
        self._cost = None if self._cost is None or cost is None else self._cost + cost

    def spare(self, calls: int = 1) -> None:
        """Count calls that were not made, because their replies were there."""
        self._spared += calls

    @property
    def usage(self) -> Usage:
        """What was spent so far."""
        return Usage(
            calls=self._calls,
            cached_calls=self._spared,
            prompt_tokens=self._prompt,
            completion_tokens=self._completion,
            cached_prompt_tokens=self._cached,
            cost=self._cost,
        )


def cost_of(price: tuple[float, float] | None, prompt: int | None, completion: int | None) -> float | None:
    """Return US dollars for a call at a price per million tokens; `None` when something of it is not known."""
    if price is None or prompt is None or completion is None:
        return None
    return (prompt * price[0] + completion * price[1]) / 1e6


def _sum(total: int | None, more: int | None) -> int | None:
    return None if total is None or more is None else total + more
