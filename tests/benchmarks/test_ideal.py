"""The ideal that latency-bound runs are held to."""

import statistics

import pytest
from harness.schedule import Latency, greedy, waits


def test_one_place_takes_all_waits_one_after_another():
    """Nothing overlaps."""
    assert greedy([1.0, 2.0, 4.0], 1) == 7.0


@pytest.mark.parametrize("places", [3, 10])
def test_enough_places_take_the_longest_wait(places):
    """All begin at once, and places that nobody needs change nothing."""
    assert greedy([1.0, 4.0, 2.0], places) == 4.0


@pytest.mark.parametrize(("order", "seconds"), [([1.0, 1.0, 3.0], 4.0), ([3.0, 1.0, 1.0], 3.0)])
def test_tasks_begin_in_list_order(order, seconds):
    """The schedule is the list's, not the best of all orders: a long wait at the end is waited for."""
    assert greedy(order, 2) == seconds


def test_the_next_task_takes_the_place_that_is_free_first():
    """Of places that are free after 5, 1 and 2 seconds the next ones take that after 1, then that after 2."""
    assert greedy([5.0, 1.0, 2.0, 3.0, 3.5], 3) == 5.5


def test_an_empty_list_takes_no_time():
    """Nobody waits for nothing."""
    assert greedy([], 4) == 0.0


def test_latencies_are_the_seeds_and_lognormal():
    """The same seed gives the same waits; their logarithms have the median and the spread that were asked for."""
    latency, numbers = Latency(median=0.1, spread=0.5, seed=7), range(5000)
    found = waits(latency, numbers)
    assert found == waits(Latency(0.1, 0.5, 7), numbers)
    assert found != waits(Latency(0.1, 0.5, 8), numbers)
    assert statistics.median(found) == pytest.approx(0.1, rel=0.05)
    assert statistics.fmean(found) == pytest.approx(0.1 * 2.718281828**0.125, rel=0.05)
