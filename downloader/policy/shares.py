"""What of each host's places is this job's own, where several jobs of one service ask the same hosts.

A job has no place at a host until it is given some. It says that it uses a host, is told its share, and says when what
it has under way fits into a share that was lowered; only then does another job get what became free. So the jobs
together never have more under way at a host than the host's limit. Each use of a host has a number, which comes back
with every share: what was said of an earlier use means nothing any more.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import TypeAlias

Say: TypeAlias = Callable[[str, str, int, int], None]
"""Hears a word ("uses", "leaves" or "fits"), a host, the number of its use, and places."""


class Shares:
    """The shares of one job. ``give`` may be called from any thread, all else from the schedule's own."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._uses: dict[str, int] = {}
        self._numbers = count(1)
        self._given: deque[tuple[str, int, int]] = deque()

    def give(self, shares: Iterable[tuple[str, int, int]]) -> None:
        """Take shares: a host, the number of its use, and how many may be under way there."""
        self._given.extend(shares)

    def use(self, host: str) -> int:
        """Ask for a share of a host; gives the places there are meanwhile."""
        self._uses[host] = number = next(self._numbers)
        self._say("uses", host, number, 0)
        return 0

    def leave(self, host: str) -> None:
        """Let a share go: nothing of this host is waiting or under way."""
        if number := self._uses.pop(host, 0):
            self._say("leaves", host, number, 0)

    def fits(self, host: str, places: int) -> None:
        """Say that no more than these places are taken at a host."""
        self._say("fits", host, self._uses[host], places)

    def part(self, _host: str) -> float:
        """Give the share of a host's rate, which each job has for itself."""
        return 1.0

    def opens(self, _host: str) -> float:
        """Say until when a host is to be left alone, by what others have met: jobs do not tell each other."""
        return 0.0

    def rests(self, host: str, until: float) -> None:
        """Hear that a host asked for a rest; other jobs are told so by the host itself."""

    def rested(self) -> Sequence[tuple[str, float]]:
        """Give the rests that others were asked for: none are told."""
        return ()

    def news(self) -> Sequence[tuple[str, int]]:
        """Give the shares that came since the last time, without those of uses that are over."""
        came = [self._given.popleft() for _ in range(len(self._given))]
        return [(host, places) for host, number, places in came if self._uses.get(host) == number]
