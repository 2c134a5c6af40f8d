"""What is kept of a run of any length, in bounded memory: throughput over time, and how long images took."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import floor, log

from downloader.recap.record import Bin, Course

MOST_BINS = 240
"""Where more would be needed, each two become one of double width."""

FINEST = 0.25
"""Seconds of a bin at first."""

STEP = 1.04
"""Each class of durations ends at so many times its beginning: what is read from them is right within 2 %."""

LEAST = 1e-4
"""Seconds; shorter durations are one class."""


class Series:
    """Throughput over time."""

    def __init__(self) -> None:
        self._width = FINEST
        self._bins: list[list[int]] = []  # images, failures, bytes

    def add(self, at: float, images: int, failures: int, size: int) -> None:
        """Count what ended ``at`` seconds after the start."""
        place = self._place(max(at, 0.0))
        while len(self._bins) <= place:
            self._bins.append([0, 0, 0])
        found = self._bins[place]
        found[0] += images
        found[1] += failures
        found[2] += size

    def course(self) -> Course:
        """Give what was counted."""
        return Course(self._width, [Bin(*found) for found in self._bins])

    def _place(self, at: float) -> int:
        while at >= self._width * MOST_BINS:
            self._width *= 2
            pairs = [self._bins[place : place + 2] for place in range(0, len(self._bins), 2)]
            self._bins = [[sum(values) for values in zip(*pair, strict=True)] for pair in pairs]
        return int(at / self._width)


class Durations:
    """How long things took, counted in classes of logarithmic width."""

    def __init__(self) -> None:
        self._classes: Counter[int] = Counter()
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self._classes[max(0, floor(log(max(seconds, LEAST) / LEAST) / log(STEP)))] += 1
        self.longest = max(self.longest, seconds)

    def percentiles(self, wanted: Sequence[int]) -> Mapping[int, float]:
        """Give the durations that so many per cent do not exceed; none where nothing was counted."""
        ends = {}
        for percent in wanted:
            rank, passed = self._classes.total() * percent / 100, 0
            for place in sorted(self._classes):
                passed += self._classes[place]
                if passed >= rank:
                    # The middle of its class; no duration is longer than the longest.
                    ends[percent] = min(LEAST * STEP ** (place + 0.5), self.longest)
                    break
        return ends
