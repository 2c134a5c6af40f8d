"""Where a value stands on an axis, in per cent of its length, and where its ticks are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log, log10


@dataclass(frozen=True, slots=True)
class Linear:
    """An axis from 0 to ``most``."""

    most: float

    def at(self, value: float) -> float:
        """Place a value, from 0 to 100."""
        return 100 * min(max(value / self.most, 0.0), 1.0) if self.most else 0.0

    def ticks(self, about: int = 5) -> list[float]:
        """Give round values, about as many as asked: steps of 1, 2 or 5 times a power of ten."""
        if not self.most:
            return [0.0]
        step = _round(self.most / about)
        return [step * number for number in range(floor(self.most / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """An axis from ``least`` to ``most``, both above 0."""

    least: float
    most: float

    def at(self, value: float) -> float:
        """Place a value, from 0 to 100."""
        if self.most <= self.least:
            return 0.0
        share = log(max(value, self.least) / self.least) / log(self.most / self.least)
        return 100 * min(share, 1.0)

    def ticks(self, most: int = 6) -> list[float]:
        """Give 1, 2 and 5 of each decade, or 1 alone where these would be too many."""
        decades = range(floor(log10(self.least)), ceil(log10(self.most)) + 1)
        for leads in ((1, 2, 5), (1, 3), (1,)):
            values = [lead * 10.0**power for power in decades for lead in leads]
            inside = [value for value in values if self.least * 0.999 <= value <= self.most * 1.001]
            if len(inside) <= most:
                return inside
        return inside[:: ceil(len(inside) / most)]


def _round(step: float) -> float:
    power = 10.0 ** floor(log10(step))
    return next(lead * power for lead in (1, 2, 5, 10) if lead * power >= step * 0.999)


def above(values: Sequence[float]) -> float:
    """Give a round value that all fit under, with a little air."""
    most = max(values, default=0.0) * 1.04
    if not most:
        return 1.0
    step = _round(most / 5) / 2
    return step * ceil(most / step)
