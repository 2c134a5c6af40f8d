"""How fast bytes may come, and must."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.errors import TooSlow
from downloader.policy.pace import Speedometer, Throttle


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=200), st.integers(1000, 1_000_000))
def test_no_more_than_the_rate_comes(counts: list[int], rate: int) -> None:
    """Whoever waits as told takes at least as long as the bytes need at that rate."""
    throttle = Throttle(rate)
    now = start = 50.0
    for count in counts:
        now += throttle.delay(count, now)
    assert now - start >= sum(counts) / rate - 1e-9


def test_idle_time_is_not_saved_up() -> None:
    """After a pause the rate holds at once: no burst."""
    throttle = Throttle(1000)
    throttle.delay(1000, 10.0)
    assert throttle.delay(1000, 100.0) == 1.0


def test_a_slow_body_is_told() -> None:
    """Less than the least over the whole window is too slow; a window that was good is forgotten."""
    speed = Speedometer(1024, 15.0, now=0.0)
    speed.feed(20_000, 15.0)
    speed.feed(100, 29.0)
    with pytest.raises(TooSlow, match="101 bytes in 15 s, --min-speed is 1024"):
        speed.feed(1, 30.0)


def test_our_own_waits_are_excused() -> None:
    """Time in which we asked for nothing is not the server's."""
    speed = Speedometer(1024, 15.0, now=0.0)
    speed.excuse(20.0)
    speed.feed(1, 30.0)
    with pytest.raises(TooSlow):
        speed.feed(1, 36.0)


def test_no_least_is_no_limit() -> None:
    """Zero turns it off."""
    Speedometer(0, 0.0, now=0.0).feed(1, 1000.0)
