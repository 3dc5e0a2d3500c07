"""What a run may spend. A call reserves the most it can cost before it is made, and settles for what it did cost.

The call that writes the answer is promised its room from the start, so that a run that reaches a limit can still answer
from what it has read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

from longagent.errors import BudgetReached


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds for everything one `ask` or `ask_many` does; `None`: none."""

    calls: int | None = None
    """Model calls; replies taken from the cache or an interrupted run's journal are none."""
    tokens: int | None = None
    """Tokens of prompts and replies together."""
    cost: float | None = None
    """US dollars."""
    seconds: float | None = None

    @property
    def priced(self) -> bool:
        """Whether the size of a call matters."""
        return self.tokens is not None or self.cost is not None


class Spend(NamedTuple):
    """What calls cost, or can cost at most."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0

    def plus(self, other: "Spend") -> "Spend":
        """Return the sum."""
        return Spend(self.calls + other.calls, self.tokens + other.tokens, self.cost + other.cost)

    def less(self, other: "Spend") -> "Spend":
        """Return the difference, nowhere below zero."""
        return Spend(
            max(0, self.calls - other.calls), max(0, self.tokens - other.tokens), max(0.0, self.cost - other.cost)
        )


_FINAL_SHARE = 0.1
"""Part of the time kept for the final call while no call has shown how long one takes."""
_ROUNDING = 1e-9


class Budget:
    """Keeps the limits of one `ask` or `ask_many`, whose runs share it."""

    def __init__(self, limits: Limits, *, clock: Callable[[], float] = monotonic) -> None:
        """Start the clock.

        Args:
            limits: the bounds.
            clock: in seconds.
        """
        self.limits = limits
        self._committed = Spend()
        self._promised: dict[str, Spend] = {}
        self._clock = clock
        self._started = clock()
        self._slowest = 0.0

    def promise(self, run: str, final: Spend) -> None:
        """Keep room for a run's final calls.

        Raises:
            BudgetReached: there is not even room for them.
        """
        self.check(final, run)
        self._promised[run] = final

    def forget(self, run: str) -> None:
        """Give back what is still promised to a run that is over."""
        self._promised.pop(run, None)

    def count_earlier(self, spent: Spend) -> None:
        """Take into account what an interrupted attempt at the same run spent."""
        self._committed = self._committed.plus(spent)

    def reserve(self, most: Spend, *, run: str, final: bool) -> None:
        """Set aside the most a call can cost.

        Raises:
            BudgetReached: a limit would be passed, or a final call would lose its room.
        """
        if final:
            self._promised[run] = self._promised.get(run, Spend()).less(most)
        elif self.seconds_left(final=False) <= 0:
            raise BudgetReached(self.time_is_up)
        self.check(most, run if final else None)
        self._committed = self._committed.plus(most)

    def holds(self, most: Spend, *, run: str, final: bool) -> bool:
        """Whether there is room for a call."""
        try:
            self.check(most, run if final else None)
        except BudgetReached:
            return False
        return True

    def settle(self, reserved: Spend, actual: Spend) -> None:
        """Replace what was set aside for a call by what it cost."""
        self._committed = self._committed.less(reserved).plus(actual)

    def took(self, seconds: float) -> None:
        """Take note of how long a call took that went well: the final one may take as long."""
        self._slowest = max(self._slowest, seconds)

    def seconds_left(self, *, final: bool) -> float:
        """Return the seconds a call may take now; a final call has always some, others end early enough for it."""
        if self.limits.seconds is None:
            return float("inf")
        left = self.limits.seconds - (self._clock() - self._started)
        kept = max(self.limits.seconds * _FINAL_SHARE, min(1.5 * self._slowest, self.limits.seconds / 2))
        return max(left, kept) if final else left - kept

    @property
    def time_is_up(self) -> str:
        """What to say when it is."""
        return f"the time of {self.limits.seconds or 0:g} s is up."

    def check(self, more: Spend, run: str | None) -> None:
        """Refuse what does not fit beside everything committed, and promised to other runs than this.

        Raises:
            BudgetReached: a limit would be passed.
        """
        wanted = self._committed.plus(more)
        for other, promised in self._promised.items():
            if other != run:
                wanted = wanted.plus(promised)
        limits = self.limits
        if limits.calls is not None and wanted.calls > limits.calls:
            raise BudgetReached(f"the limit of {limits.calls} {'call' if limits.calls == 1 else 'calls'} is reached.")
        if limits.tokens is not None and wanted.tokens > limits.tokens:
            raise BudgetReached(f"the limit of {limits.tokens} tokens is reached.")
        if limits.cost is not None and wanted.cost > limits.cost + _ROUNDING:
            raise BudgetReached(f"the limit of ${limits.cost:g} is reached.")
