"""How many requests a host answers best at once: found by raising the limit while its throughput grows and its
latency does not (--per-host auto).

By Little's law (J. D. C. Little, 1961) requests under way = throughput x latency: up to what a host can do at once more
requests bring more throughput at the same latency, beyond it they only wait in its queue.
"""

from statistics import mean, median

FIRST = 4
"""The limit to begin with."""

ROUND = 8
"""Ends measured at a limit, as a multiple of it, after as many as the limit have been let pass."""

LEAST = 64
"""Ends measured at least: where latencies scatter by half their mean, their median is then known to 8 %."""

GAIN = 0.6
"""Least gain of throughput, as a share of what the limit was raised by."""

SLACK = 1.25
"""How much higher a latency may be than that of the rounds that were worth it, before it counts as grown."""

FULL = 0.8
"""Share of the places that were taken, on the mean of a round, for it to count."""

PAUSE = 5
"""Rounds at a limit that was found, before a higher one is tried again: hosts change."""


class Climb:
    """The search for one host's limit. Time is passed in, in monotonic seconds."""

    __slots__ = ("_clock", "_ends", "_pause", "_quick", "_rate", "_rounds", "_skip", "_usual", "best", "limit")

    def __init__(self) -> None:
        self.limit = FIRST
        self.best = 0  # the highest limit that was worth it, 0 for none yet
        self._rate = 0.0  # and its throughput
        self._usual = 0.0  # the mean latency of the rounds that were worth it
        self._rounds = 0  # and their number
        self._quick = True  # doubling, until it is too much for the first time
        self._pause = 0  # rounds to stay
        self._restart()

    def ended(self, seconds: float, now: float) -> None:
        """Enter a success that took so long."""
        if self._skip:
            self._skip -= 1
            self._clock = now
        else:
            self._ends.append(seconds)
            if len(self._ends) >= max(LEAST, ROUND * self.limit) and now > self._clock:
                rate = len(self._ends) / (now - self._clock)
                # By Little's law again: with places left empty a round says nothing of the limit.
                if rate * mean(self._ends) >= FULL * self.limit:
                    self._judge(rate, median(self._ends))
                self._restart()

    def refused(self, at: int) -> None:
        """Enter that the host itself refused so many at once."""
        self.limit = self.best = max(1, at)
        self._rate = 0.0
        self._stay()
        self._restart()

    def _restart(self) -> None:
        self._ends: list[float] = []
        self._skip = self.limit
        self._clock = 0.0

    def _judge(self, rate: float, latency: float) -> None:
        if self.limit > self.best and self.best and not self._is_worth_it(rate, latency):
            self.limit = self.best
            self._stay()
            return
        if self.limit == self.best and self._pause:
            self._pause -= 1
            self._rate = rate
            return
        self.best, self._rate = self.limit, rate
        self._rounds += 1
        self._usual += (latency - self._usual) / self._rounds
        self.limit += self.limit if self._quick else max(1, self.limit // 4)

    def _is_worth_it(self, rate: float, latency: float) -> bool:
        raised = self.limit / self.best - 1
        return rate >= self._rate * (1 + GAIN * raised) and latency <= self._usual * SLACK

    def _stay(self) -> None:
        # After the first descent the step is small, and tried at once; after any other the limit is found.
        self._pause = 0 if self._quick else PAUSE
        self._quick = False
