"""What can be said of a few noisy runs: medians with their interval, ratios with theirs, percentiles, the knee."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from statistics import median

SAMPLES = 2000
"""Resamples of a bootstrap: fifty of them lie beyond each end of an interval."""

SEED = 1
"""The same data gives the same words."""

MARGIN = 0.03
"""A ratio of medians nearer to 1 than this counts for nothing, however sure it is: nobody would choose by it."""

FEWEST = 4
"""Runs of each engine that are judged at least: of two alike, three runs each part by chance in a tenth of cases."""

GAIN = 0.10
"""The knee of a sweep is where no higher concurrency brings this much more throughput."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, and the interval that holds it with a chance of 95 %."""

    value: float
    low: float
    high: float

    @property
    def higher(self) -> bool:
        """Whether a ratio is surely above 1, and by more than the margin."""
        return self.low > 1 and self.value > 1 + MARGIN

    @property
    def lower(self) -> bool:
        """Whether a ratio is surely below 1, and by more than the margin."""
        return self.high < 1 and self.value < 1 / (1 + MARGIN)

    @property
    def differs(self) -> bool:
        """Whether a ratio says that there is a difference."""
        return self.higher or self.lower


def median_of(values: Sequence[float], seed: int = SEED) -> Estimate:
    """Estimate a median by the percentile bootstrap (B. Efron, 1979).

    With 5 values it reaches from the least to the most, which holds the true median in 15 of 16 cases.
    """
    chance = random.Random(seed)
    return _estimate(median(values), [_again(values, chance) for _ in range(SAMPLES)])


def ratio_of(over: Sequence[float], under: Sequence[float], seed: int = SEED) -> Estimate:
    """Estimate the ratio of two medians; the values are above 0. Times of A over times of B: how often B is as fast."""
    chance = random.Random(seed)
    ratios = [_again(over, chance) / _again(under, chance) for _ in range(SAMPLES)]
    return _estimate(median(over) / median(under), ratios)


def _again(values: Sequence[float], chance: random.Random) -> float:
    """Give the median of as many values, drawn with replacement."""
    drawn = sorted(chance.choices(values, k=len(values)))
    return (drawn[(len(drawn) - 1) // 2] + drawn[len(drawn) // 2]) / 2


def _estimate(value: float, resampled: list[float]) -> Estimate:
    resampled.sort()
    return Estimate(value, percentile(resampled, 0.025), percentile(resampled, 0.975))


def percentile(ordered: Sequence[float], share: float) -> float:
    """Give the percentile of values in order, straight between neighbours; 0 of none."""
    if not ordered:
        return 0.0
    at = share * (len(ordered) - 1)
    below, above = ordered[floor(at)], ordered[ceil(at)]
    return below + (above - below) * (at - floor(at))


def spread(values: Sequence[float]) -> float:
    """Give the distance from the least to the most, as a share of the median."""
    return (max(values) - min(values)) / median(values) if median(values) else 0.0


def knee(rates: Mapping[int, float], gain: float = GAIN) -> int | None:
    """Give the least concurrency that no higher one beats by the gain; None where only the highest is left.

    A throughput that still rises at the end of the sweep has no knee in it.
    """
    levels = sorted(rates)
    for place, level in enumerate(levels[:-1], start=1):
        if max(rates[higher] for higher in levels[place:]) < rates[level] * (1 + gain):
            return level
    return None
