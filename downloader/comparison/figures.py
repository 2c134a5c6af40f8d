"""What is told of each engine: one record that the terminal and the page both show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from downloader.comparison.raw import BASELINE, PHASES, WORK, Comparison, Run
from downloader.comparison.statistics import Estimate, knee, median_of, percentile, ratio_of

PERCENTILES = (0.50, 0.95, 0.99)


@dataclass(frozen=True)
class Figures:
    """One engine's runs, summed up: medians over the runs, latencies over all attempts; seconds and bytes.

    ``speedup`` says how many times as fast as the baseline it is, None without one and for the baseline itself.
    """

    engine: str
    runs: Sequence[Run]
    seconds: Estimate
    speedup: Estimate | None

    def middle(self, field: str) -> float:
        """Give the median of a field of the runs."""
        return float(median(getattr(run, field) for run in self.runs))

    @property
    def waiting(self) -> float:
        """The share of the time in which the process held no core, as far as one core goes."""
        return median(max(0.0, 1 - run.cpu / run.seconds) if run.seconds else 0.0 for run in self.runs)

    @cached_property
    def latencies(self) -> list[float]:
        """Seconds at work of every attempt of every run, in order."""
        return sorted(attempt.seconds for run in self.runs for attempt in run.attempts)

    @property
    def percentiles(self) -> tuple[float, ...]:
        """The latencies at ``PERCENTILES``."""
        return tuple(percentile(self.latencies, share) for share in PERCENTILES)

    @cached_property
    def shown(self) -> Run:
        """The run in the middle: the one whose course is drawn."""
        return sorted(self.runs, key=lambda run: run.seconds)[(len(self.runs) - 1) // 2]

    @cached_property
    def phases(self) -> Mapping[str, float]:
        """The share of each phase in the time of all attempts, which sum to 1; only phases that took time."""
        attempts = [attempt for run in self.runs for attempt in run.attempts]
        sums = {key: sum(attempt.phases[key] or 0.0 for attempt in attempts) for key in ("queue", *WORK)}
        worked = sum(sums[key] for key in WORK)
        sums["other"] = max(0.0, sum(attempt.seconds for attempt in attempts) - worked)
        whole = sum(sums.values())
        return {key: sums[key] / whole for key in PHASES if sums[key]} if whole else {}

    @property
    def failed(self) -> int:
        """Images that failed, in all runs."""
        return sum(sum(run.failed.values()) for run in self.runs)


def figures(comparison: Comparison) -> list[Figures]:
    """Sum up every engine, in the order asked for."""
    return [_figures(engine, comparison) for engine in comparison.engines]


def _figures(engine: str, comparison: Comparison) -> Figures:
    times = seconds_of(comparison.runs[engine])
    base = comparison.runs.get(BASELINE)
    speedup = ratio_of(seconds_of(base), times) if base and engine != BASELINE else None
    return Figures(engine, comparison.runs[engine], median_of(times), speedup)


def seconds_of(runs: Sequence[Run]) -> list[float]:
    """Give the times of runs; none is 0, so that they can be divided by."""
    return [max(run.seconds, 1e-9) for run in runs]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Throughput of an engine at each concurrency, in images a second: every run, its median, and the knee."""

    engine: str
    dots: Sequence[tuple[int, float]]
    rates: Mapping[int, float]
    knee: int | None


def sweeps(comparison: Comparison) -> list[Sweep]:
    """Sum up the sweep, an engine each."""
    return [_sweep(engine, runs) for engine, runs in comparison.sweep.items()]


def _sweep(engine: str, runs: Sequence[Run]) -> Sweep:
    levels = sorted({run.jobs for run in runs})
    rates = {level: median(run.rate for run in runs if run.jobs == level) for level in levels}
    return Sweep(engine, [(run.jobs, run.rate) for run in runs], rates, knee(rates))
