"""Checks: limits hold, and a run that reaches one answers from what it has read."""

import asyncio

from longagent.answer import Answer
from longagent.errors import UsageError
from longagent.graphs import Means
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Request
from longagent.testing.conformance.expect import covered, expect, final_calls, healthy, spread
from longagent.testing.conformance.trial import NEEDLE, Reader, Trial

_GIVEN = 0.2
"""Seconds for a run whose model hangs."""
_HANGS = 3.0
"""Seconds a call hangs, if nobody ends it."""


def keeps_to_calls(trial: Trial) -> None:
    """Under any limit of calls it answers from what it could read, and says so."""
    total = len(healthy(trial))
    for most in spread(final_calls(trial).calls, total):
        model = trial.reader()
        answer = trial.ask(model, Means(budget=Budget(Limits(calls=most))))
        made = len(model.requests)
        expect(made <= most, f"{trial.strategy.name} makes {made} calls where {most} are allowed")
        _wound_down(trial, answer, model, cut_off=most < total, limit=f"{most} of {total} calls")


def keeps_to_tokens(trial: Trial) -> None:
    """Under any limit of tokens likewise; and what was estimated is enough."""
    total, told, least = len(healthy(trial)), trial.forecast(), final_calls(trial).tokens
    enough = told.prompt_tokens + told.completion_tokens
    for limit in range(least, enough, max(1, (enough - least) // 4)):
        model = trial.reader()
        answer = trial.ask(model, Means(budget=Budget(Limits(tokens=limit))))
        expect(model.spent <= limit, f"{trial.strategy.name} uses {model.spent} tokens where {limit} are allowed")
        _wound_down(trial, answer, model, cut_off=len(model.requests) < total, limit=f"{limit} tokens")
    model = trial.reader()
    answer = trial.ask(model, Means(budget=Budget(Limits(tokens=enough))))
    _wound_down(trial, answer, model, cut_off=False, limit=f"the {enough} tokens that were estimated")


def keeps_to_time(trial: Trial) -> None:
    """When time is up it answers, and a call that hangs is ended."""
    total = len(healthy(trial))
    for limit in (total / 2, total * 2.0 + 2):
        _takes_seconds(trial, total, limit)

    async def hangs(_request: Request, number: int) -> None:
        if number == total // 2:
            await asyncio.sleep(_HANGS)

    model = trial.reader(hangs)
    answer = trial.ask(model, Means(budget=Budget(Limits(seconds=_GIVEN))))
    ended = answer.seconds < _GIVEN + _HANGS / 2
    expect(ended, f"{trial.strategy.name}: a call that hangs is not ended when time is up")
    _wound_down(trial, answer, model, cut_off=True, limit=f"{_GIVEN} s, a call that hangs")


def _takes_seconds(trial: Trial, total: int, limit: float) -> None:
    """Let every call take a second, on a clock of its own."""
    name, passed = trial.strategy.name, 0
    late: list[Request] = []

    async def takes_a_second(request: Request, _number: int) -> None:
        nonlocal passed
        if passed >= limit and not request.final:
            late.append(request)
        await asyncio.sleep(0)
        passed += 1

    model = trial.reader(takes_a_second)
    answer = trial.ask(model, Means(budget=Budget(Limits(seconds=limit), clock=lambda: passed)))
    made = len(model.requests)
    _wound_down(trial, answer, model, cut_off=made < total, limit=f"{limit:g} s, calls of 1 s")
    expect(not late, f"{name} goes on reading when time is up: {len(late)} of {made} calls of 1 s after {limit:g} s")
    expect(limit < total or made == total, f"{name} makes {made} calls of 1 s in {limit:g} s, not all {total}")


def refuses_limits_without_an_answer(trial: Trial) -> None:
    """A limit that does not hold even the answer is an error, told before any call."""
    if trial.prepare().estimate.worded_by:
        return  # to answer costs nothing, so every limit will do
    final = final_calls(trial)
    for limits in (Limits(calls=max(0, final.calls - 1)), Limits(tokens=max(0, final.tokens - 1))):
        model = trial.reader()
        try:
            trial.ask(model, Means(budget=Budget(limits)))
        except UsageError:
            expect(not model.requests, f"{trial.strategy.name} makes calls under {limits}, which hold no answer")
        else:
            raise AssertionError(f"{trial.strategy.name} accepts {limits}, which hold no answer")


def _wound_down(trial: Trial, answer: Answer, model: Reader, *, cut_off: bool, limit: str) -> None:
    """Check an answer that was given under a limit."""
    name = trial.strategy.name
    covered(trial, answer)
    expect(
        answer.partial == cut_off,
        f"{name} under {limit}: the answer is {'' if answer.partial else 'not '}partial, "
        f"but {'not everything' if cut_off else 'everything'} was read",
    )
    if not cut_off:
        expect(answer.exit_code == 0, f"{name} under {limit}: exit code {answer.exit_code}, not 0")
        return
    expect(answer.exit_code == 3, f"{name} under {limit}: exit code {answer.exit_code}, not 3")
    expect(
        any("was read" in warning for warning in answer.warnings), f"{name} under {limit}: no warning says what it cost"
    )
    # What read nothing of use may say so without a call.
    if any(NEEDLE in text for text in model.said):
        what = f"{name} under {limit}: it read what answers the question, and"
        if final_calls(trial).calls:
            expect(any(request.final for request in model.requests), f"{what} made no call to answer")
        else:
            expect(answer.found, f"{what} does not say it")
