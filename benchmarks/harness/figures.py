"""Medians with their spread, and ratios with their interval."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

SAMPLES = 10_000
"""Resamples of a bootstrap; a thousand would do for two digits."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A median between the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Sum up values."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, digits: int = 1) -> str:
        """Write it for a table."""
        if self.least == self.most:
            return f"{self.median:,.{digits}f}"
        return f"{self.median:,.{digits}f} ({self.least:,.{digits}f} to {self.most:,.{digits}f})"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two medians, and the interval that holds it with a chance of 95 %."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, ours: Sequence[float], theirs: Sequence[float], seed: int = 1) -> "Ratio":
        """Divide the medians; the interval is the percentile bootstrap (B. Efron, 1979) of both, from a seed.

        With 5 runs of each it is coarse: it cannot reach beyond the fastest by the slowest run.
        """
        chance = random.Random(seed)
        ratios = sorted(_median(ours, chance) / _median(theirs, chance) for _ in range(SAMPLES))
        low, high = (ratios[round(share * (SAMPLES - 1))] for share in (0.025, 0.975))
        return cls(statistics.median(ours) / statistics.median(theirs), low, high)

    def text(self) -> str:
        """Write it for a table."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def _median(values: Sequence[float], chance: random.Random) -> float:
    """Give the median of as many values, drawn with replacement."""
    return statistics.median(chance.choices(values, k=len(values)))
