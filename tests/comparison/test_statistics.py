"""The statistic: silent where there is nothing, heard where there is something."""

import random

import pytest

from downloader.comparison.statistics import FEWEST, knee, median_of, percentile, ratio_of, spread

TRIES = 200
RUNS = 5


def runs(chance: random.Random, median: float, noise: float, count: int = RUNS) -> list[float]:
    """Make the times of runs around a median."""
    return [median * chance.lognormvariate(0, noise) for _ in range(count)]


def found(factor: float, noise: float, count: int = RUNS) -> float:
    """Give the share of seeded tries in which a difference by a factor is called one."""
    chance = random.Random(20)
    pairs = [(runs(chance, factor, noise, count), runs(chance, 1.0, noise, count)) for _ in range(TRIES)]
    return sum(ratio_of(*pair).differs for pair in pairs) / TRIES


@pytest.mark.parametrize("noise", [0.01, 0.03, 0.10, 0.30])
@pytest.mark.parametrize("count", [FEWEST, RUNS])
def test_alike_is_no_difference(noise: float, count: int) -> None:
    """Runs of one distribution are told apart in less than one of ten tries, however noisy."""
    assert found(1.0, noise, count) < 0.10


@pytest.mark.parametrize("factor", [1.2, 1 / 1.2])
def test_a_fifth_is_found(factor: float) -> None:
    """A difference of 20 % under 3 % of noise is found nearly always, in both directions."""
    assert found(factor, 0.03) > 0.97


def test_a_sure_trifle_does_not_count() -> None:
    """A ratio within the margin is no difference, even where its interval excludes 1."""
    ratio = ratio_of([1.020, 1.021, 1.022, 1.021, 1.020], [1.0, 1.001, 1.0, 1.0, 1.001])
    assert ratio.low > 1
    assert not ratio.differs


def test_a_large_doubt_does_not_count() -> None:
    """A ratio past the margin is no difference while its interval holds 1."""
    ratio = ratio_of([1.0, 1.5, 1.6, 1.7, 0.9], [1.0, 1.2, 1.1, 1.6, 0.8])
    assert ratio.value > 1.03
    assert not ratio.differs


def test_the_interval_holds_the_median() -> None:
    """The interval of five runs' median holds the true one in at least nine of ten tries."""
    chance = random.Random(3)
    estimates = [median_of(runs(chance, 1.0, 0.1)) for _ in range(TRIES)]
    assert sum(one.low <= 1.0 <= one.high for one in estimates) / TRIES > 0.9
    assert all(one.low <= one.value <= one.high for one in estimates)


def test_the_same_data_gives_the_same_interval() -> None:
    """The bootstrap is seeded, and its middle is the plain ratio."""
    first, second = [3.0, 4.0, 5.0, 6.0], [1.0, 1.5, 2.0, 9.0]
    assert ratio_of(first, second) == ratio_of(first, second)
    assert ratio_of(first, second).value == pytest.approx(4.5 / 1.75)


def test_percentiles_and_spread() -> None:
    """Percentiles lie straight between neighbours; of nothing they are 0; a spread is a share of the median."""
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0, 0.5, 1)] == [1.0, 2.5, 4.0]
    assert percentile([], 0.5) == 0
    assert spread([9.0, 10.0, 12.0]) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("rates", "level"),
    [
        ({1: 10, 4: 38, 16: 120, 64: 125, 256: 118}, 16),
        ({1: 10, 4: 38, 16: 120, 64: 300}, None),
        ({1: 10, 4: 9, 16: 40, 64: 41}, 16),  # a dip on the way up is no knee
        ({64: 300, 1: 290}, 1),
        ({8: 100}, None),
    ],
)
def test_the_knee(rates: dict[int, float], level: int | None) -> None:
    """It is the least concurrency that no higher one beats by a tenth."""
    assert knee(rates) == level
