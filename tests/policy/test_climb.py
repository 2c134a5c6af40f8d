"""The limit of a host that nobody knows: raised while it brings more, and no further."""

import random
from itertools import pairwise

import pytest

from downloader.policy.climb import FIRST
from downloader.policy.host import Rule, Rules
from tests.policy.simulation import Limited, Queueing, Server, crew_of, schedule_of

AUTO = Rules(Rule(auto=True))


def climbed(server, images=6000, jobs=200, spread=0.5, seed=3):
    """Fetch images of one host; gives the crew, and the limit over time."""
    chance = random.Random(seed)
    server.latency = (lambda: 0.1 * chance.lognormvariate(0, spread)) if spread else (lambda: 0.1)
    schedule = schedule_of("a" * images, AUTO, jobs, look_ahead=20_000, backoff=(0.1, 1.0))
    limits = []
    note = lambda crew, _: limits.append((crew.now, schedule._hosts["a:80"].places))  # noqa: E731
    return crew_of(schedule, {"a": server}, jobs, watch=note).run(), limits


def mean_of(crew, limits):
    """Give the mean limit over the second half of a job."""
    half = [each for each in limits if each[0] >= (100.0 + crew.now) / 2]
    return sum((after - here) * limit for (here, limit), (after, _) in pairwise(half)) / (half[-1][0] - half[0][0])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spread", [0.0, 0.5])
@pytest.mark.parametrize("workers", [6, 12, 40])
def test_the_best_limit_is_found(workers, spread, seed):
    """A host that works on so many at once is asked about so many, and the job takes about as long as it must."""
    crew, limits = climbed(Queueing(workers), spread=spread, seed=seed)
    assert 0.8 * workers <= mean_of(crew, limits) <= 1.75 * workers
    assert max(limit for _, limit in limits) <= 3 * workers
    least = 6000 * 0.1 * (1.13 if spread else 1.0) / workers  # the mean of that lognormal is 1.13 times its median
    assert crew.now - 100.0 <= 1.35 * least


def test_a_host_without_bounds_gets_all_permits():
    """Where every request more brings more, the jobs are the only limit."""
    crew, limits = climbed(Server(), jobs=64)
    assert limits[0][1] == 1
    assert max(crew.under_way.values()) == 0
    assert limits[-1][1] >= 64


def test_what_a_host_refuses_is_no_way_up():
    """A refusal tells more than any throughput: the limit stays about there."""
    server = Limited(10)
    crew, limits = climbed(server, images=4000)
    assert 7 <= mean_of(crew, limits) <= 12
    assert server.refusals < 0.05 * 4000


def test_a_host_that_is_never_full_is_left_as_it_is():
    """With fewer permits than places nothing is learnt of the host."""
    crew, limits = climbed(Queueing(50), images=2000, jobs=3)
    assert max(limit for _, limit in limits) == FIRST
    assert crew.schedule.learnt() == {}


def test_what_was_found_is_told():
    """As the limit the host does best with."""
    crew, _ = climbed(Server(), jobs=32)
    assert crew.schedule.learnt() == {"a:80": "does best with 32 at once"}
