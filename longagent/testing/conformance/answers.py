"""Checks: what a strategy answers, what it says before, and what it keeps."""

import asyncio
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from longagent.answer import Answer
from longagent.errors import ModelError
from longagent.graphs import Means, Models
from longagent.store.response_cache import ResponseCache
from longagent.testing.conformance.expect import covered, expect, final_calls, healthy, key
from longagent.testing.conformance.states import quoted, states, strings
from longagent.testing.conformance.trial import NEEDLE, NEEDLE_PAGE, Trial


def finds_and_cites(trial: Trial) -> None:
    """The sentence that answers is found, and cited with its page."""
    answer = trial.ask(trial.reader())
    name = trial.strategy.name
    expect(answer.found and "482,000" in (answer.text or ""), f"{name} did not find the needle: {answer.text!r}")
    cited = [citation for citation in answer.citations if NEEDLE in (citation.quote or "")]
    expect(cited, f"{name} does not cite the needle; `evidence` must hold the text the reply rests on")
    expect(cited[0].page == NEEDLE_PAGE, f"{name} cites page {cited[0].page}, but the needle is on {NEEDLE_PAGE}")
    expect(not answer.partial, f"{name} calls an answer partial although no limit was set")
    expect(answer.coverage.read > 0, f"{name} does not tell which chunks it read (`Context.attempt`, `ChunksRead`)")
    covered(trial, answer)


def estimates(trial: Trial) -> None:
    """What is told before the first call holds: calls exactly or at most, tokens at most."""
    name = trial.strategy.name
    _says_who_answers(trial)
    told, model = trial.forecast(), trial.reader()
    usage = trial.ask(model).usage
    roles = {agent.name: agent.role for agent in trial.strategy.agents}
    made = Counter(roles.get(request.role, request.role) for request in model.requests)
    expect(made.total() <= told.calls, f"{name} estimates {told.calls} calls and makes {made.total()}")
    if told.exact:
        by_role = Counter[str]()
        for role in told.roles:
            by_role[role.role] += role.calls
        expect(made == by_role, f"{name} estimates exactly the calls {dict(by_role)} and makes {dict(made)}")
    for kind in ("prompt_tokens", "completion_tokens"):
        most, real = getattr(told, kind), getattr(usage, kind)
        expect(real <= most, f"{name} estimates at most {most} {kind} and uses {real}")
    expect(1 <= told.depth <= told.calls, f"{name}: depth {told.depth} of {told.calls} calls cannot be")


def _says_who_answers(trial: Trial) -> None:
    """Check that room is kept for the calls that write the answer, or that there are none."""
    name, estimate, final = trial.strategy.name, trial.prepare().estimate, final_calls(trial).calls
    if estimate.worded_by is None:
        expect(final, f"{name}: no part of the estimate is `final`, nor is the answer `worded_by` a role")
    else:
        expect(not final, f"{name}: where a call writes the answer, it is not `worded_by` the reply to another")
        expect(estimate.worded_by in trial.strategy.agents, f"{name}: who words the answer is not listed in `agents`")
    made = sum(request.final for request in healthy(trial))
    expect(made <= final, f"{name} makes {made} final calls and plans {final}: no room is kept for them")


def keeps_state_plain(trial: Trial) -> None:
    """State is JSON, and holds no text of the document but what a model said."""
    model, name = trial.reader(), trial.strategy.name
    for where, state in asyncio.run(states(trial, model)):
        for path, value in strings(state, where):
            expect(value is not None, f"{name}: {path} is not plain JSON")
            text = quoted(value or "", model.said)
            expect(not text, f"{name}: {path} holds text of the document: {text!r}; keep a `SpanRef` instead")


def plays_roles(trial: Trial) -> None:
    """Every role that is called is listed, may be played by a model of its own, and keeps to the run's limits."""
    name, agents = trial.strategy.name, trial.strategy.agents
    listed = {agent.name: agent.role for agent in agents}
    default, players = trial.reader(), {agent.role: trial.reader() for agent in agents}
    trial.ask(Models(default, players))
    for request in default.requests:
        wrong = "does not ask `Context.model` who plays it" if request.role in listed else "is not listed in `agents`"
        raise AssertionError(f"{name} calls {request.role or 'a model without an agent'}, which {wrong}")
    for role, model in players.items():
        for request in model.requests:
            expect(listed.get(request.role) == role, f"{name} calls {request.role} with the model for {role}")
            expect(request.run, f"{name} calls {role} past the run's limits: take the model from `Context.model`")


def repeats_itself(trial: Trial) -> None:
    """Asked twice, it makes the same calls in the same order."""
    first, again = (list(map(key, healthy(trial))) for _ in range(2))
    expect(first == again, f"{trial.strategy.name} makes other calls when asked the same again with the same seed")


def answers_from_cache(trial: Trial) -> None:
    """Asked again with all replies remembered, it makes no call and says the same."""
    model = trial.reader()

    async def twice(folder: Path) -> tuple[Answer, Answer]:
        cache = ResponseCache(folder)
        try:
            first = await trial.asked(trial.reader(), Means(cache=cache))
            return first, await trial.asked(model, Means(cache=cache, cached_only=True))
        finally:
            await cache.aclose()

    with TemporaryDirectory() as folder:
        try:
            first, again = asyncio.run(twice(Path(folder)))
        except ModelError as error:
            raise AssertionError(f"{trial.strategy.name}, asked again from the cache: {error}") from error
    expect(not model.requests, f"{trial.strategy.name} calls a model although only the cache may be used")
    expect(first.text == again.text, f"{trial.strategy.name} answers otherwise from the cache")
