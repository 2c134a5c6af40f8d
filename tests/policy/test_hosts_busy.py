"""Hosts that refuse, and limits of places and rates: whole jobs in simulated time."""

import random
from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.errors import Busy, NotFound, TimedOut
from downloader.policy.host import Rule, Rules
from tests.policy.simulation import (
    RETRIES,
    Closed,
    Fated,
    Limited,
    Server,
    crew_of,
    rules_of,
    schedule_of,
)  # fmt: skip

BACKOFF = (0.5, 30.0)


def test_a_busy_host_rests_as_long_as_it_asks():
    """Nothing of it is handed out before; others go on, and no try is lost by waiting."""
    schedule = schedule_of("aaabbb", proven=True)
    first = schedule.take(1.0)
    schedule.failed(first, Busy("x", retry_after=60.0), 2.0)
    assert [schedule.take(2.0).task.host for _ in range(3)] == ["b:80"] * 3
    assert schedule.take(61.9) is None
    assert schedule.wait(2.0) == 60.0
    again = [schedule.take(62.0) for _ in range(1)]
    assert again[0].attempt == 1


def test_the_last_try_of_an_image_is_heard_too():
    """The host asked for patience, whatever becomes of the image that was told so."""
    schedule = schedule_of("aa", retries=0)
    assert schedule.failed(schedule.take(1.0), Busy("x", retry_after=60.0), 1.0) is None
    assert schedule.take(60.9) is None
    assert schedule.take(61.0)


def test_misses_do_not_shorten_what_a_host_asked_for():
    """Those asked before may time out after it: the longer rest holds."""
    schedule = schedule_of("a" * 9, proven=True)
    crowd = [schedule.take(1.0) for _ in range(4)]
    schedule.failed(crowd.pop(), Busy("x", retry_after=60.0), 2.0)
    for ticket in crowd:
        schedule.failed(ticket, TimedOut("x"), 21.0)
    assert schedule.take(61.9) is None
    assert schedule.take(62.0)


def test_a_wait_longer_than_allowed_rests_nobody():
    """The image fails at once, and its host goes on: nobody waits for an hour."""
    schedule = schedule_of("aa", retry_after_max=300.0)
    assert schedule.failed(schedule.take(1.0), Busy("x", retry_after=3600.0), 1.0) is None
    assert schedule.take(1.0)


ANSWERS = st.one_of(
    st.none(),
    st.builds(Busy, st.just("x"), retry_after=st.sampled_from([None, 0.0, 1.0, 5.0, 60.0])),
    st.sampled_from([TimedOut("x"), NotFound("x")]),
)
FATES = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 1.0, 20.0]), ANSWERS), max_size=25)


@given(
    st.fixed_dictionaries(dict.fromkeys("abc", FATES)), st.text("abc", max_size=40), st.integers(1, 6), st.booleans()
)
def test_nobody_is_asked_before_a_host_allows(fates, hosts, jobs, proven):
    """Over random jobs with misses and refusals: Retry-After holds, tries are counted, each task ends once."""

    def watch(crew, ticket):
        host = ticket.task.host
        until = [end.at + (end.error.retry_after or 0.0) for end in crew.attempts
                 if isinstance(end.error, Busy) and end.ticket.task.host == host]  # fmt: skip
        assert crew.now >= max(until, default=0.0), "asked before it allows"
        assert ticket.attempt == 1 + sum(end.ticket is ticket for end in crew.attempts)
        assert ticket.attempt <= 1 + RETRIES

    schedule = schedule_of(hosts, rules_of(3), jobs, proven=proven)
    crew = crew_of(schedule, {host: Fated(fates[host]) for host in fates}, jobs, watch=watch).run()
    assert sorted(end.ticket.task.index for end in crew.ends) == list(range(len(hosts)))
    assert not schedule._hosts
    assert schedule._unproven_under_way == 0


@pytest.mark.parametrize("spread", [0.0, 0.02, 0.05])
def test_a_limit_is_found(spread):
    """A server that refuses the 11th at once gets about ten, and few images are lost on the way."""
    chance = random.Random(5)
    server = Limited(10, lambda: chance.uniform(0.1 - spread, 0.1 + spread))
    areas = []
    schedule = schedule_of("a" * 2000, rules_of(32), look_ahead=20_000, retries=4, backoff=BACKOFF)
    note = lambda crew, _: areas.append((crew.now, schedule._hosts["a:80"].places))  # noqa: E731
    crew = crew_of(schedule, {"a": server}, watch=note).run()
    half = [each for each in areas if (100.0 + crew.now) / 2 <= each[0]]
    mean = sum((after[0] - here[0]) * here[1] for here, after in pairwise(half)) / (half[-1][0] - half[0][0])
    assert 8 <= mean <= 12
    assert sum(end.error is not None for end in crew.ends) < 0.02 * 2000
    assert server.refusals < 0.1 * 2000
    assert crew.now - 100.0 < 1.5 * 2000 * 0.1 / 10


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_refusals_passes(seed):
    """200 hosts, most closed for up to a minute and the rest narrow: every image is fetched, and nothing spins."""
    chance = random.Random(seed)
    servers = {
        f"h{number}": Closed(100.0 + chance.uniform(0, 60)) if number % 4 else Limited(4) for number in range(200)
    }
    names = list(servers) * 20
    chance.shuffle(names)
    schedule = schedule_of(names, rules_of(8), look_ahead=20_000, retries=4, backoff=BACKOFF)
    crew = crew_of(schedule, servers).run()
    assert len(crew.fetched()) == len(names)
    assert crew.now < 100 + 60 + 60
    assert crew.in_vain <= 2 * len(crew.attempts) + 100


@given(
    st.sampled_from([0.0, 0.5, 3.0, 10.0, 30.0]),
    st.sampled_from([0.0, 0.3, 2.0, 7.0]),
    st.text("abcd", min_size=1, max_size=60),
    FATES,
)
def test_rates_are_never_exceeded(rate, host_rate, hosts, fates):
    """Over any window, all starts and those of each host stay within their rates, and waiting costs no spinning."""
    schedule = schedule_of(hosts, rules_of(4, host_rate, rate), retries=1)
    crew = crew_of(schedule, {"a": Fated(fates)}).run()
    by_host = defaultdict(list)
    for at, host in crew.starts:
        by_host[host].append(at)
    for times, most in [([at for at, _ in crew.starts], rate)] + [(times, host_rate) for times in by_host.values()]:
        assert not most or all(later - sooner > 0.999 / most for sooner, later in pairwise(times))
    assert crew.in_vain <= 3 * (len(crew.attempts) + len(crew.ends)) + 10 + (crew.now - 100.0)


def test_a_rate_is_used():
    """A rate is a pace, not a brake: what it allows is started."""
    rules = Rules(Rule(8, 2.0), {"b": Rule(8, 5.0)}, rate=6.0)
    crew = crew_of(schedule_of("ab" * 100, rules), {"a": Server(), "b": Server()}).run(until=120.0)
    assert sum(host == "a:80" for _, host in crew.starts) == pytest.approx(2 * 20, abs=2)
    assert len(crew.starts) == pytest.approx(6 * 20, abs=12)
