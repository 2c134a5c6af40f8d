"""The verdict in one sentence, whether the engines stored the same bytes, and what makes the figures doubtful."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from downloader.comparison.figures import seconds_of
from downloader.comparison.raw import BASELINE, Comparison, Run
from downloader.comparison.statistics import FEWEST, Estimate, median_of, ratio_of, spread
from downloader.pages.units import digits, seconds_text

WIDE = 0.25
"""A spread of the runs, as a share of their median, above which their figures are called doubtful."""

LOADED = 0.15
"""A share of the cores in other hands above which a run's figures are called doubtful."""


@dataclass(frozen=True, slots=True)
class Differing:
    """An engine that stored other bytes than the reference in some of its runs."""

    engine: str
    runs: int
    of: int
    reference: str

    def __str__(self) -> str:
        if self.engine == self.reference:
            return f"{self.engine} did not store the same bytes in each of its {self.of} runs"
        return f"{self.engine} stored other bytes than {self.reference} in {self.runs} of {self.of} runs"


def differing(comparison: Comparison) -> list[Differing]:
    """Name the engines whose stored bytes differ; empty when all are identical.

    Right is what most engines stored most often; where they are split evenly, what the baseline or else the first did.
    """
    usual = {engine: Counter(run.digest for run in runs).most_common(1)[0][0] for engine, runs in _runs(comparison)}
    trusted = BASELINE if BASELINE in usual else next(iter(usual))
    votes = Counter(usual.values())
    right = max(votes, key=lambda digest: (votes[digest], digest == usual[trusted]))
    reference = trusted if usual[trusted] == right else next(name for name in usual if usual[name] == right)
    wrong = ((engine, sum(run.digest != right for run in runs), len(runs)) for engine, runs in _runs(comparison))
    return [Differing(engine, runs, of, reference) for engine, runs, of in wrong if runs]


def _runs(comparison: Comparison) -> Iterator[tuple[str, Sequence[Run]]]:
    """Go through the engines and all their runs, at every concurrency."""
    for engine in comparison.engines:
        yield engine, [*comparison.runs[engine], *comparison.sweep.get(engine, ())]


def verdict(comparison: Comparison) -> str:
    """Say in one sentence what the comparison found; "no difference" is an answer."""
    if wrong := differing(comparison):
        return f"{_join([str(one) for one in wrong])}: no time counts until that is mended."
    times = {engine: seconds_of(comparison.runs[engine]) for engine in comparison.engines}
    if (fewest := min(map(len, times.values()))) < FEWEST:
        measured = _join([f"{engine} {seconds_text(median(values))}" for engine, values in times.items()])
        return f"Too few runs to judge by ({fewest} of an engine, {FEWEST} are needed): measured were {measured}."
    if len(times) == 1:
        [(engine, values)] = times.items()
        return (
            f"{engine} took {interval_text(median_of(values), seconds_text)}, and there is nothing to compare it with."
        )
    others = [engine for engine in times if engine != BASELINE]
    clauses = _against_baseline(times, others) if BASELINE in times else []
    if len(others) > 1:
        clauses += _among(times, others)
    return "; ".join(clauses) + "."


def _against_baseline(times: dict[str, list[float]], others: list[str]) -> list[str]:
    """Say of each engine what it is to the baseline; those of one kind share a clause."""
    ratios = {engine: ratio_of(times[BASELINE], times[engine]) for engine in others}
    faster = [f"{name} is {digits(ratio.value)} times" for name, ratio in ratios.items() if ratio.higher]
    slower = [f"{name} takes {digits(1 / ratio.value)} times" for name, ratio in ratios.items() if ratio.lower]
    alike = [name for name, ratio in ratios.items() if not ratio.differs]
    kinds = ((faster, "fast"), (slower, "long"))
    clauses = [f"{_join(part)} as {word} as {BASELINE}" for part, word in kinds if part]
    return clauses + ([f"{_between([BASELINE, *alike])} there is no difference"] if alike else [])


def _among(times: dict[str, list[float]], others: list[str]) -> list[str]:
    """Say what the quickest is to the rest."""
    quickest = min(others, key=lambda engine: median(times[engine]))
    ratios = {engine: ratio_of(times[engine], times[quickest]) for engine in others if engine != quickest}
    behind = [f"{digits(ratio.value)} times as fast as {name}" for name, ratio in ratios.items() if ratio.differs]
    alike = [name for name in others if name == quickest or not ratios[name].differs]
    clauses = [f"{quickest} is {_join(behind)}"] if behind else []
    return clauses + ([f"{_between(alike)} there is no difference"] if len(alike) > 1 else [])


def interval_text(found: Estimate, write: Callable[[float], str]) -> str:
    """Write an estimate with its interval."""
    return f"{write(found.value)} (95 % interval {write(found.low)} to {write(found.high)})"


def _between(names: Sequence[str]) -> str:
    return f"{'between' if len(names) == 2 else 'among'} {_join(names)}"


def _join(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def warnings(comparison: Comparison) -> list[str]:
    """Say what makes the figures doubtful, a sentence each."""
    return [*_wide(comparison), *_loaded(comparison), *_failures(comparison)]


def _wide(comparison: Comparison) -> Iterator[str]:
    for engine in comparison.engines:
        times = [run.seconds for run in comparison.runs[engine]]
        if spread(times) > WIDE:
            yield (
                f"the runs of {engine} lie wide apart, {seconds_text(min(times))} to {seconds_text(max(times))}: "
                "more runs on a quieter machine would tell more"
            )


def _loaded(comparison: Comparison) -> Iterator[str]:
    shares = [run.others or 0.0 for runs in comparison.runs.values() for run in runs]
    if busy := sum(share > LOADED for share in shares):
        yield (
            f"the machine was busy with other work during {busy} of {len(shares)} runs: it held up to "
            f"{max(shares):.0%} of {comparison.cores} cores"
        )


def _failures(comparison: Comparison) -> Iterator[str]:
    for engine in comparison.engines:
        codes = sum((Counter(run.failed) for run in comparison.runs[engine]), Counter[str]())
        if codes:
            told = _join([f"{code} {number}" for code, number in codes.most_common()])
            yield f"images failed under {engine}, over all its runs: {told}"
