"""A question on its way through a session, with progress on stderr and what comes out on stdout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console

from longagent.cli.output import print_json
from longagent.cli.progress import Progress
from longagent.cli.unlocking import unlocked
from longagent.render.forecast import print_forecast
from longagent.render.terminal import footer, print_answer
from longagent.session import Session

if TYPE_CHECKING:
    from longagent.answer import Answer
    from longagent.graphs import Forecast


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked of what, and how."""

    sources: Sequence[str] | None
    """`None` where there is nothing to read, and the question is to be reasoned about."""
    question: str
    settings: Mapping[str, str]
    """The strategy's."""
    options: Mapping[str, Any]
    """As `Settings` has them; `None` means not given."""

    def answer(self, *, as_json: bool, level: int, run: str | None = None) -> int:
        """Answer, print, and return the exit code; `run` is the run that is meant to go on."""
        return unlocked(lambda password: self._answered(password, as_json=as_json, level=level, run=run))

    def _answered(self, password: str | None, *, as_json: bool, level: int, run: str | None) -> int:
        with Progress(level, resuming=run) as progress:
            try:
                with self._session(password) as session:
                    answer = self._answer(session, progress)
            except KeyboardInterrupt:
                if not progress.begun:
                    raise
                done = "read" if self.sources is not None else "reasoned"
                raise KeyboardInterrupt(f"What was {done} is kept: the same command goes on from there.") from None
        show(answer, progress, as_json=as_json)
        return answer.exit_code

    def forecast(self, *, as_json: bool, level: int) -> int:
        """Print what answering will take, and return the exit code."""

        def estimate(password: str | None) -> "Forecast":
            with Progress(level) as progress, self._session(password) as session:
                return session.estimate(self.sources, self.question, on_event=progress)

        forecast = unlocked(estimate)
        if as_json:
            print_json(forecast.to_dict())
        else:
            print_forecast(forecast, Console(highlight=False))
        return 0

    def _answer(self, session: Session, progress: Progress) -> "Answer":
        if self.sources is None:
            return session.reason(self.question, on_event=progress)
        return session.ask(self.sources, self.question, on_event=progress)

    def _session(self, password: str | None) -> Session:
        given = {name: value for name, value in self.options.items() if value is not None}
        if password is not None:
            given["password"] = password
        return Session(settings=self.settings, **given)


def show(answer: "Answer", progress: Progress, *, as_json: bool) -> None:
    """Print an answer, and below it on stderr what it took."""
    progress.gap()
    if as_json:
        print_json(answer.to_dict())
    else:
        print_answer(answer, Console(highlight=False))
    progress.gap()
    progress.say(footer(answer))
    if answer.caveat:
        progress.say(answer.caveat)
