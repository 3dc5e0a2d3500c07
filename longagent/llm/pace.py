"""How many calls to have in flight at one endpoint, learned from how calls went: no clock, no event loop."""

from statistics import median

START = 4
"""Calls in flight at first: few enough not to swamp a laptop."""
CEILING = 64
"""More than this fills no server's batch, and makes one client of many impolite."""

_TOLERATED = 2.0
"""Latency, as a multiple of the best at a lower load, that still counts as holding: prompts differ in length."""


class Pace:
    """The size of a limit. A round is as many calls as may be in flight.

    It doubles after every round while latency holds, until the first sign of trouble, and grows by one a round from
    then on. Trouble halves it.
    """

    def __init__(self, fixed: int | None = None) -> None:
        self.size = fixed or START
        self.era = 0
        """Counts changes of the size. A call's latency tells about the era it began in, and no other."""
        self.in_flight = 0
        self._fixed = fixed is not None
        self._doubling = True
        self._peak = 0
        self._felt = False
        self._halved_in = 0
        self._seconds: list[float] = []
        self._best: float | None = None
        self._slow_rounds = 0

    def began(self) -> None:
        """Note that a call began."""
        self.in_flight += 1
        self._peak = max(self._peak, self.in_flight)

    def ended(self) -> None:
        """Note that a call ended, however it went."""
        self.in_flight -= 1

    def went_well(self, era: int, seconds: float, *, others_wait: bool) -> None:
        """Note a call that got its reply, and whether others waited for its place."""
        if self._fixed or era != self.era:
            return
        self._felt = self._felt or others_wait
        self._seconds.append(seconds)
        if len(self._seconds) >= self.size:
            self._end_round(median(self._seconds))

    def went_badly(self, era: int) -> None:
        """Note a call that met a server without capacity."""
        # One burst halves once: calls that began before the last halving say nothing new.
        if not self._fixed and era >= self._halved_in:
            self._halve()

    def _end_round(self, seconds: float) -> None:
        self._seconds.clear()
        # At the smallest load there is nothing to compare with: however long calls take, it is not our doing.
        if self.size <= START or self._best is None:
            self._best = seconds
        elif seconds > _TOLERATED * self._best:
            # A second round must confirm it, for the prompts of one may just have been longer.
            self._slow_rounds += 1
            if self._slow_rounds == 2:
                self._halve()
            return
        self._best, self._slow_rounds = min(self._best, seconds), 0
        # A limit that nobody feels has no reason to grow.
        if self._felt and self.size < CEILING:
            self._change(min(CEILING, self.size * 2 if self._doubling else self.size + 1))

    def _halve(self) -> None:
        self._doubling = False
        self._best, self._slow_rounds = None, 0
        # By what really was in flight: half of a size that was never filled would change nothing.
        self._change(max(1, min(self.size, self._peak) // 2))
        self._halved_in = self.era

    def _change(self, size: int) -> None:
        self.size = size
        self.era += 1
        self._seconds.clear()
        self._peak, self._felt = self.in_flight, False
