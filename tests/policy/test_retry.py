"""What is asked again, after how long, and when to stop."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.errors import BY_CODE, Busy, NotFound, Permanent, Reset, ServerError, Transient
from downloader.policy.retry import RetryRule
from downloader.settings import Retry

LEAVES = list(BY_CODE.values())
TRANSIENT = [leaf for leaf in LEAVES if issubclass(leaf, Transient)]
PERMANENT = [leaf for leaf in LEAVES if issubclass(leaf, Permanent)]


class Ceiling(random.Random):
    """A random source that always gives the top, and remembers what it was asked for."""

    def __init__(self):
        super().__init__(0)
        self.asked = []

    def uniform(self, a, b):
        self.asked.append((a, b))
        return b


def rule(chance=None, **settings):
    """Make a rule."""
    return RetryRule(Retry(**settings), chance or Ceiling())


def waits(a_rule, failures, start=1000.0, spent=0.0):
    """Fail again and again, each attempt taking ``spent`` seconds; give the waits, None at the last."""
    now, given_ = start, []
    for attempt, error in enumerate(failures, start=1):
        now += spent
        given_.append(a_rule.failed(attempt, start, error, now))
        if given_[-1] is None:
            break
        now += given_[-1]
    return given_


@pytest.mark.parametrize("kind", TRANSIENT)
@pytest.mark.parametrize("retries", [0, 1, 4])
def test_transient_failures_are_asked_again(kind, retries):
    """So many retries and no more."""
    given_ = waits(rule(retries=retries), [kind("x")] * 20)
    assert len(given_) == retries + 1
    assert given_[-1] is None
    assert None not in given_[:-1]


@pytest.mark.parametrize("kind", PERMANENT)
def test_permanent_failures_are_not(kind):
    """The branch of the error decides, and it decides at once."""
    assert waits(rule(retries=9), [kind("x")]) == [None]


def test_a_permanent_failure_ends_what_was_transient():
    """A retry that meets a 404 is the last."""
    assert waits(rule(), [Reset("x"), NotFound("x"), Reset("x")]) == [0.5, None]


def test_waits_double_up_to_the_longest():
    """The ceiling doubles from the first wait to the longest."""
    chance = Ceiling()
    given_ = waits(rule(chance, retries=8, backoff=(0.5, 30.0)), [Reset("x")] * 8)
    assert given_ == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert {low for low, _ in chance.asked} == {0.0}


def test_thousands_of_retries_do_not_overflow():
    """A power that grows for ever is bounded."""
    assert waits(rule(retries=5000), [Reset("x")] * 2000)[-1] == 30.0


@given(seed=st.integers(), first=st.floats(0, 10), more=st.floats(0, 100), retries=st.integers(0, 12))
def test_jitter_stays_below_its_ceiling(seed, first, more, retries):
    """Every wait lies between nothing and its ceiling."""
    longest = first + more
    given_ = waits(rule(random.Random(seed), retries=retries, backoff=(first, longest)), [Reset("x")] * (retries + 1))
    assert len(given_) == retries + 1
    for number, wait in enumerate(given_[:-1]):
        assert 0 <= wait <= min(longest, first * 2**number)


def test_jitter_is_full():
    """Waits spread over the whole range, so that a crowd of retries does too."""
    chance = random.Random(1)
    first = [waits(rule(chance, backoff=(8.0, 8.0)), [Reset("x")])[0] for _ in range(400)]
    assert min(first) < 0.8
    assert max(first) > 7.2
    assert 3 < sum(first) / len(first) < 5


def test_the_same_seed_gives_the_same_waits():
    """The random source is the one passed in."""
    random.seed(1)
    first = waits(rule(random.Random(5)), [Reset("x")] * 4)
    random.seed(2)
    assert first == waits(rule(random.Random(5)), [Reset("x")] * 4)


@pytest.mark.parametrize(("asked", "expected"), [(None, 0.5), (0.0, 0.5), (0.1, 0.5), (7.0, 7.0), (300.0, 300.0)])
def test_a_server_is_given_the_time_it_asks_for(asked, expected):
    """Retry-After is waited for, and never shortens our own wait."""
    assert waits(rule(), [Busy("x", retry_after=asked)]) == [expected]


def test_every_transient_failure_may_ask_for_time():
    """Retry-After counts with any status that carries it."""
    assert waits(rule(), [ServerError("x", retry_after=9.0)]) == [9.0]


@pytest.mark.parametrize(("asked", "again"), [(300.0, True), (300.5, False), (3600.0, False)])
def test_too_long_a_wait_ends_the_task(asked, again):
    """Longer than --retry-after-max is not waited for."""
    [wait] = waits(rule(retry_after_max=300.0), [Busy("x", retry_after=asked)])
    assert (wait is not None) is again


def test_no_attempt_starts_after_the_longest_time():
    """With --retry-max-time 10, a wait that would end past 10 s after the first attempt is not begun."""
    a_rule = rule(retries=99, backoff=(4.0, 4.0), retry_max_time=10.0)
    assert waits(a_rule, [Reset("x")] * 9) == [4.0, 4.0, None]
    assert waits(a_rule, [Reset("x")] * 9, spent=1.0) == [4.0, 4.0, None]
    assert waits(a_rule, [Reset("x")] * 9, spent=3.0) == [4.0, None]
    assert waits(a_rule, [Reset("x")] * 9, spent=6.0) == [4.0, None]
    assert waits(a_rule, [Reset("x")] * 9, spent=6.5) == [None]
    assert waits(a_rule, [Busy("x", retry_after=11.0)]) == [None]


def test_without_a_longest_time_there_is_none():
    """0 means no limit."""
    assert waits(rule(retries=3, retry_max_time=0.0), [Reset("x")] * 4, spent=1e6)[-2] is not None


def test_accounts_do_not_mix():
    """Tasks that fail in turn count their own attempts."""
    a_rule = rule(retries=2)
    assert a_rule.failed(1, 0.0, Reset("x"), 1.0) == 0.5
    assert a_rule.failed(2, 0.0, Reset("x"), 2.0) == 1.0
    assert a_rule.failed(1, 0.0, Reset("x"), 2.0) == 0.5
    assert a_rule.failed(3, 0.0, Reset("x"), 3.0) is None
    assert a_rule.failed(2, 0.0, Reset("x"), 3.0) == 1.0
    assert a_rule.failed(3, 0.0, Reset("x"), 3.0) is None
