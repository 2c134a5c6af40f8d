"""Dead hosts among living ones: whole jobs in simulated time."""

import random
from functools import cache

import pytest

from downloader.errors import HostDown, TimedOut
from tests.policy.simulation import Dead, Fated, Server, crew_of, rules_of, schedule_of

HOSTS = [f"h{number}" for number in range(250)]
BACKOFF = (0.5, 30.0)


@cache
def job(jobs, dead):
    """Fetch 20 images of each of 250 hosts, the first ``dead`` of which never answer."""
    chance = random.Random(7)
    latency = random.Random(11)
    names = HOSTS * 20
    chance.shuffle(names)
    gone = set(chance.sample(HOSTS, dead))
    servers = {name: Dead() if name in gone else Server(lambda: latency.lognormvariate(-2.3, 0.5)) for name in HOSTS}
    schedule = schedule_of(names, rules_of(8, probes=4), jobs, 20_000, retries=4, backoff=BACKOFF)
    return crew_of(schedule, servers, jobs).run()


def time_of(crew, share=0.95):
    """Give the seconds until this share of what was fetched is there."""
    ends = crew.fetched()
    return ends[int(len(ends) * share) - 1].at - 100.0


@pytest.mark.parametrize(("dead", "jobs", "most"), [(8, 64, 1.2), (8, 16, 1.5), (1, 16, 1.2)])
def test_dead_hosts_hardly_slow_the_living(dead, jobs, most):
    """The time until 95 % of the living hosts' images are there is about that of a list without dead hosts."""
    crew = job(jobs, dead)
    assert len(crew.fetched()) == (250 - dead) * 20
    assert time_of(crew) <= most * time_of(job(jobs, 0))


@pytest.mark.parametrize("jobs", [16, 64])
def test_dead_hosts_are_given_up(jobs):
    """Each costs three misses and four probes, and the rest of its images end unasked."""
    crew = job(jobs, 8)
    failed = [end for end in crew.ends if end.error]
    assert len(failed) == 8 * 20
    assert {type(end.error) for end in failed} <= {HostDown, TimedOut}
    assert sum(1 for end in crew.attempts if end.error) == 8 * (3 + 4)
    assert all(1 <= end.ticket.attempt <= 5 or isinstance(end.error, HostDown) for end in failed)


def test_dead_hosts_hold_a_quarter_of_the_permits():
    """At every start of an unproven host while a proven one could start, no more than a quarter are unproven."""

    def watch(crew, ticket):
        schedule = crew.schedule
        if ticket.task.host not in proven(schedule) and schedule._proven:
            under_way = sum(count for host, count in crew.under_way.items() if host not in proven(schedule))
            assert under_way <= 4
            seen.append(under_way)

    def proven(schedule):
        return {name for known in (schedule._hosts, schedule._idle) for name, host in known.items() if host.proven}

    seen = []
    names = HOSTS[:40] * 5
    servers = {name: Dead() for name in HOSTS[30:40]}
    crew_of(schedule_of(names, rules_of(8), 16, 20_000), servers, 16, watch=watch).run()
    assert max(seen) == 4


def test_unproven_hosts_are_asked_one_at_a_time():
    """Before its first answer, no host has two under way, whatever else is there to do."""

    def watch(crew, ticket):
        host = ticket.task.host
        answered = {end.ticket.task.host for end in crew.attempts if not end.error}
        assert host in answered or crew.under_way[host] == 1

    names = HOSTS[:30] * 5
    crew_of(schedule_of(names, rules_of(8)), {name: Dead() for name in HOSTS[:3]}, watch=watch).run()


def test_a_host_that_dies_and_comes_back_is_asked_again():
    """A minute's silence in the middle of a job costs rests, and no image."""
    silence = [(20.0, TimedOut("x"))] * 10
    fates = [(0.1, None)] * 50 + silence + [(0.1, None)] * 500
    names = ["a", "b"] * 200
    schedule = schedule_of(names, rules_of(8, probes=4), look_ahead=20_000, retries=4, backoff=BACKOFF)
    crew = crew_of(schedule, {"a": Fated(fates)}).run()
    assert len(crew.fetched()) == 400
    assert crew.now < 100 + 2 * 20 + 30


def test_a_list_sorted_by_host_keeps_the_permits_busy():
    """Look-ahead finds work for every permit, however a list is sorted."""
    names = [name for name in HOSTS[:150] for _ in range(200)]
    schedule = schedule_of(names, rules_of(8), look_ahead=20_000)
    crew = crew_of(schedule, {}).run(until=100.0 + 40.0)
    assert crew.busy / (crew.now - 100.0) > 0.95 * 64
