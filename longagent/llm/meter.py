"""Counts what a run costs. Cache, journal, budget and retries will stand in this same place, around the backend."""

from time import monotonic

from longagent.answer import Usage
from longagent.events import CallFinished, CallStarted, Emit
from longagent.llm.model import Model, Profile, Reply, Request


class Metered:
    """A `Model` that passes calls on to another, counts them, and tells about them."""

    def __init__(self, model: Model, emit: Emit) -> None:
        self._model = model
        self._emit = emit
        self._replies: list[Reply] = []

    @property
    def name(self) -> str:
        """Name of the model behind."""
        return self._model.name

    @property
    def profile(self) -> Profile:
        """Profile of the model behind."""
        return self._model.profile

    async def complete(self, request: Request) -> Reply:
        """Make the call and count it."""
        self._emit(CallStarted(role=request.role))
        started = monotonic()
        reply = await self._model.complete(request)
        self._replies.append(reply)
        self._emit(
            CallFinished(
                role=request.role,
                seconds=monotonic() - started,
                prompt_tokens=reply.prompt_tokens,
                completion_tokens=reply.completion_tokens,
            )
        )
        return reply

    async def count_tokens(self, text: str) -> int:
        """Count with the model behind."""
        return await self._model.count_tokens(text)

    async def aclose(self) -> None:
        """Do nothing: a run does not own the model."""

    @property
    def usage(self) -> Usage:
        """What was spent so far."""
        prompt = _total([reply.prompt_tokens for reply in self._replies])
        completion = _total([reply.completion_tokens for reply in self._replies])
        return Usage(
            calls=len(self._replies),
            prompt_tokens=prompt,
            completion_tokens=completion,
            cached_prompt_tokens=_total([reply.cached_prompt_tokens for reply in self._replies]),
            cost=_cost(self.profile.price, prompt, completion),
        )


def _total(counts: list[int | None]) -> int | None:
    """Sum, unknown as soon as one of them is."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _cost(price: tuple[float, float] | None, prompt: int | None, completion: int | None) -> float | None:
    if price is None or prompt is None or completion is None:
        return None
    return (prompt * price[0] + completion * price[1]) / 1e6
