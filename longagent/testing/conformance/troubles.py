"""Checks: what fails is counted, and what was interrupted goes on."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from sys import maxsize
from tempfile import TemporaryDirectory

from longagent.answer import Answer
from longagent.documents import Chunk
from longagent.errors import (
    ContentRefusedError,
    ContextTooLongError,
    ModelError,
    ModelRejectedError,
    ModelUnavailableError,
)
from longagent.graphs import Means
from longagent.llm.budget import Budget, Limits
from longagent.llm.model import Request
from longagent.llm.retries import Policy
from longagent.testing.conformance.expect import covered, expect, final_calls, healthy, holds, key, spread
from longagent.testing.conformance.trial import NEEDLE, NEEDLE_PAGE, PAGES, Trial, Trouble, marker

_AT_ONCE = Policy(attempts=1)
_NEVER = maxsize
_UNUSABLE = "gets empty replies, twice"


def passes_over_failed_chunks(trial: Trial) -> None:
    """A chunk whose call fails for good is counted, and the run goes on; where the answer's own call fails, it ends."""
    name, prompts = trial.strategy.name, healthy(trial)
    chunks = trial.prepare().cut.chunks
    bad, reading = _bad_text(prompts)
    failing = [chunk for chunk in chunks if bad in chunk.text]
    for what, error in _failures():

        async def fails(request: Request, _number: int, error: ModelError | None = error) -> str | None:
            if not holds(request, bad):
                return None
            if error is not None:
                raise error
            return " "

        try:
            answer = trial.ask(trial.reader(fails), Means(policy=_AT_ONCE))
        except ModelError as raised:
            expect(not reading, f"{name}: one chunk {what}, and the run ends: {raised}")
            continue
        if reading:
            _went_on(trial, answer, failing, what)
        else:
            told = answer.coverage.failed or not answer.found
            expect(told, f"{name}: the text before its answer {what}, and the answer does not tell")


def resumes(trial: Trial) -> None:
    """A run that was interrupted, asked again, makes only the calls it had not finished."""
    total = len(healthy(trial))
    for after in sorted({0, total // 2, total - 2, total - 1} - {-1}):
        _resumes(trial, total, after, ModelRejectedError("the key was revoked."), ended=after + 1)
        _resumes(trial, total, after, ModelUnavailableError("the server is gone."), ended=_NEVER)


def reads_on(trial: Trial) -> None:
    """A run that a limit ended, and an error before it could answer, reads the rest when asked again without limit."""
    name, total = trial.strategy.name, len(healthy(trial))
    different = len({*map(key, healthy(trial))})
    for most in spread(final_calls(trial).calls, total - 1):
        limited, again = trial.reader(_no_answer), trial.reader()
        with TemporaryDirectory() as folder:
            means = Means(runs=Path(folder), policy=_AT_ONCE)
            with suppress(ModelError):
                trial.ask(limited, replace(means, budget=Budget(Limits(calls=most))))
            answer = trial.ask(again, means)
        what = f"{name}, ended by a limit of {most} of {total} calls and an error, and asked again without limit,"
        expect(not answer.partial, f"{what} does not read on: {answer.coverage}")
        made = {*map(key, limited.done)} | {*map(key, again.done)}
        expect(len(made) >= different, f"{what} makes {len(made)} different calls in all, not {different}")
        expect(answer.found, f"{what} does not find the needle")
        repeated = {*map(key, limited.done)} & {*map(key, again.requests)}
        expect(not repeated, f"{what} repeats {len(repeated)} calls")


async def _no_answer(request: Request, _number: int) -> None:
    if request.final:
        raise ModelRejectedError("the key was revoked.")


def _failures() -> Iterator[tuple[str, ModelError | None]]:
    yield "is refused by the provider", ContentRefusedError("the content filter was triggered.")
    yield _UNUSABLE, None
    yield "is too long, down to the smallest piece", ContextTooLongError("the prompt is too long.")
    yield "meets a server that fails", ModelUnavailableError("the server failed.", trouble="overload")


def _bad_text(requests: Sequence[Request]) -> tuple[str, bool]:
    """Return words of a page without the needle that a call reads, and whether it is none that writes the answer."""
    pages = [marker(page) for page in range(1, PAGES + 1) if page != NEEDLE_PAGE]
    final = {text for text in pages for request in requests if request.final and holds(request, text)}
    for text in pages:
        if text not in final and any(holds(request, text) for request in requests):
            return text, True
    return next((text for text in pages if text in final), NEEDLE), False


def _went_on(trial: Trial, answer: Answer, failing: Sequence[Chunk], what: str) -> None:
    name, failed = trial.strategy.name, answer.coverage.failed
    covered(trial, answer)
    # A role may take silence for a reply.
    counted = failed == len(failing) or (failed == 0 and what == _UNUSABLE)
    expect(counted, f"{name}: one chunk {what}, and coverage counts {failed} failed")
    if not any(NEEDLE in chunk.text for chunk in failing):
        expect(answer.found, f"{name}: one chunk {what}, and the needle in another is not found")


def _resumes(trial: Trial, total: int, after: int, error: ModelError, *, ended: int) -> None:
    """Interrupt a run at one call, or from one call on, and ask it again."""
    name = trial.strategy.name
    interrupted, again = trial.reader(_from(after, error, ended)), trial.reader()
    with TemporaryDirectory() as folder:
        means = Means(runs=Path(folder), policy=_AT_ONCE)
        try:
            trial.ask(interrupted, means)
        except ModelError:
            pass
        else:
            failed = interrupted.requests[after:ended]
            # One or two chunks may fail; and an answer whose call was made before, word for word, needs no server.
            few = isinstance(error, ModelUnavailableError) and len(failed) < 3
            could = not failed or (few and not any(request.final for request in failed))
            expect(could, f"{name} answers although from call {after + 1} on {error}")
            return
        answer = trial.ask(again, means)
    finished = set(map(key, interrupted.done))
    repeated = sum(key(request) in finished for request in again.requests)
    expect(not repeated, f"{name}, interrupted after {after} of {total} calls, repeats {repeated} when asked again")
    expect(answer.found and not answer.coverage.failed, f"{name}, interrupted and asked again: {answer.coverage}")


def _from(first: int, error: ModelError, last: int) -> Trouble:
    async def trouble(_request: Request, number: int) -> None:
        if first <= number < last:
            raise error

    return trouble
