"""What a call can cost at most, and what it did cost."""

from longagent.llm.budget import Budget, Spend
from longagent.llm.meter import cost_of
from longagent.llm.model import Model, Profile, Reply, Request

_MARKERS = 8
"""Tokens a chat template puts around a message, and a few more."""
_AT_ONCE = 64
"""Calls that may well be in flight together."""


def most_of(profile: Profile, *, calls: int, prompt: int, completion: int) -> Spend:
    """Return the most that calls of so many tokens in all can cost."""
    completion += calls * profile.thinking_tokens
    return Spend(calls, prompt + completion, cost_of(profile.price, prompt, completion) or 0.0)


async def most_of_call(model: Model, request: Request, budget: Budget) -> Spend:
    """Return what to set aside for a call. Its tokens are counted only where the limits are not ample without.

    Ample they are if as many calls of the size as may be in flight together find room: else what is set aside too much
    for some would keep others from being made, although all of them fit.
    """
    if not budget.limits.priced:
        return Spend(calls=1)
    size = len(_text(request).encode("utf-8", "replace"))
    # No token is shorter than a byte; hardly any text has more than one for two.
    each = _most(model, request, size)
    together = Spend(each.calls, _AT_ONCE * each.tokens, _AT_ONCE * each.cost)
    if budget.holds(together, run=request.run, final=request.final):
        return _most(model, request, size // 2)
    return _most(model, request, await model.count_tokens(_text(request)))


async def cost_of_call(model: Model, request: Request, reply: Reply, budget: Budget) -> Spend:
    """Return what a call cost; where the server does not say, as far as we can count."""
    prompt, completion = reply.prompt_tokens, reply.completion_tokens
    if (prompt is None or completion is None) and budget.limits.priced:
        prompt = prompt or await model.count_tokens(_text(request)) + _MARKERS * len(request.messages)
        completion = completion or await model.count_tokens(reply.text)
    cost = cost_of(model.profile.price, prompt, completion)
    return Spend(1, (prompt or 0) + (completion or 0), cost or 0.0)


def _most(model: Model, request: Request, prompt: int) -> Spend:
    prompt += _MARKERS * len(request.messages)
    return most_of(model.profile, calls=1, prompt=prompt, completion=request.max_tokens)


def _text(request: Request) -> str:
    return "\n".join(message["content"] for message in request.messages)
