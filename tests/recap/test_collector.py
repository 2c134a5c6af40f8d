"""What is kept of a run: all of it counted, in memory that does not grow."""

import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.model import Committed, Effort, Image, Saved, Skipped, Task
from downloader.recap.collector import Collector
from downloader.recap.hosts import Hosts
from downloader.recap.record import Bin, Course
from downloader.recap.series import FINEST, MOST_BINS, STEP, Durations, Series
from downloader.settings import Settings
from tests.recap.runs import batches, ending, recap


@given(st.lists(st.floats(0, 1e7), max_size=200))
def test_bins_lose_nothing(moments: list[float]) -> None:
    """However long a run lasts the bins stay few, and their sums are what was counted."""
    series = Series()
    for moment in moments:
        series.add(moment, 1, 2, 3)
    course = series.course()
    count = len(moments)
    assert sum(course.bins, Bin()) == Bin(count, 2 * count, 3 * count)
    assert len(course.bins) <= MOST_BINS
    assert course.width >= FINEST


def test_bins_stand_where_they_belong() -> None:
    """Doubling merges neighbours, and what was in the second quarter of the run still is."""
    series = Series()
    for moment in range(1000):
        series.add(moment, int(250 <= moment < 500), 0, 0)
    course = series.course()
    inside = [place * course.width for place, found in enumerate(course.bins) if found.images]
    assert (course.width, inside[0], inside[-1]) == (8.0, 248.0, 496.0)


@pytest.mark.parametrize("most", [1, 7, 60, 240])
def test_coarser_bins_have_the_same_sum(most: int) -> None:
    """A picture of few bars shows all images."""
    course = Course(0.5, [Bin(place, place % 3, place * 10) for place in range(101)])
    coarse = course.coarser(most)
    assert len(coarse.bins) <= most
    assert sum(coarse.bins, Bin()) == sum(course.bins, Bin())
    assert coarse.width * len(coarse.bins) >= 0.5 * 101


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=300), st.sampled_from([50, 90, 95, 99]))
def test_percentiles_are_within_their_class(seconds: list[float], percent: int) -> None:
    """A percentile read from the classes is the true one within the width of a class."""
    durations = Durations()
    for each in seconds:
        durations.add(each)
    rank = -(-len(seconds) * percent // 100)
    true = sorted(seconds)[max(rank, 1) - 1]
    found = durations.percentiles([percent])[percent]
    assert true / STEP <= found <= true * STEP


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=200))
def test_hosts_that_do_not_fit_are_counted_all_the_same(found: list[tuple[int, bool]]) -> None:
    """With room for five hosts the sum over those told and the rest is right."""
    hosts = Hosts(most=5)
    for number, failed in found:
        hosts.add(f"h{number}", int(not failed), int(failed), 10, 0.5)
    told, rest = hosts.top({}, told=4)
    rows = [*told, *([rest] if rest else [])]
    assert sum(row.images + row.failures for row in rows) == len(found)
    assert sum(row.bytes for row in rows) == 10 * len(found)
    assert len(told) <= 4


def test_hosts_with_failures_come_first_and_large_ones_are_among_them() -> None:
    """Those with failures lead, and half of the places are kept for those with most images."""
    hosts = Hosts()
    for number in range(100):
        hosts.add(f"bad{number}", 0, 1 + number, 0, 0.0)
    hosts.add("large", 10_000, 0, 0, 0.0)
    told, rest = hosts.top({"large": "8 at once"}, told=10)
    assert told[0].name == "bad99"
    assert (told[-1].name, told[-1].learnt) == ("large", "8 at once")
    assert rest is not None
    assert rest.failures + sum(host.failures for host in told) == 5050


def test_totals_agree() -> None:
    """Statuses, causes, bins and hosts are four ways to count the same outcomes."""
    made = [outcome for batch in batches(5000) for outcome in batch]
    found = recap(made)
    statuses = Counter(outcome.status for outcome in made)
    failed = Counter(outcome.code for outcome in made if outcome.status == "failed")
    assert (found.run.saved, found.run.skipped) == (statuses["saved"], statuses["skipped"])
    assert found.run.failed == failed == {cause.code: cause.count for cause in found.causes}
    whole = sum(found.course.bins, Bin())
    assert (whole.images, whole.failures, whole.bytes) == (found.fetched, failed.total(), found.bytes)
    rows = [*found.hosts, *([found.other_hosts] if found.other_hosts else [])]
    assert sum(host.images for host in rows) == found.fetched
    assert sum(host.failures for host in rows) == failed.total()


def test_what_is_told_again_changes_its_place_and_costs_nothing() -> None:
    """An image that turns out to be a copy of a later one is no image more, and its bytes were fetched."""
    task = Task(0, "http://h/0.jpg", "h:80")
    image = Image(500, "0" * 64, "jpeg", task.url)
    effort = Effort(1, 0.1, 1.0, 1.1)
    collector = Collector()
    collector(Committed([Saved(task, "0.jpg", image, effort)]))
    collector(Committed([Skipped(task, "duplicate", "like index 1", None, effort, image, instead="saved")]))
    found = collector.recap(ending(), Settings(), {})
    assert (found.run.saved, found.run.skipped, found.fetched, found.bytes, found.attempts) == (0, 1, 1, 500, 1)


def test_memory_is_flat() -> None:
    """Sixty thousand outcomes of as many hosts take no more than the first ten thousand, nearly."""
    collector = Collector()

    def feed(first: int, last: int) -> int:
        for start in range(first, last, 500):
            collector(Committed([
                Saved(Task(index, f"http://h{index}/", f"h{index}:80"), "p", Image(9, "", "jpeg", ""),
                      Effort(1, index % 977 / 100, 1.0, collector._began + index / 50))
                for index in range(start, start + 500)
            ]))  # fmt: skip
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = feed(0, 10_000)
        late = feed(10_000, 60_000)
    finally:
        tracemalloc.stop()
    assert late < early + 1_000_000
    assert collector.recap(ending(), Settings(), {}).fetched == 60_000


def test_secrets_of_the_settings_stay_out() -> None:
    """A proxy's login is in no report."""
    collector = Collector()
    found = collector.recap(ending(), Settings.of(proxy=["http://user:secret@proxy:3128"]), {})
    assert "secret" not in repr(found)
    assert "proxy" in found.changed
