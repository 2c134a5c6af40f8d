"""What a schedule does with its share of a host's places."""

import random

from downloader.model import Task
from downloader.policy.host import Rule, Rules
from downloader.policy.retry import RetryRule
from downloader.policy.schedule import Schedule
from downloader.policy.shares import Shares
from downloader.policy.supply import Ticket
from downloader.settings import Retry
from tests.policy.simulation import Supply

HOST = "a.example:80"


class _Job:
    """A schedule of 20 tasks at one host with 8 places, and what it says of its shares."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, int, int]] = []
        self.shares = Shares(lambda *said: self.said.append(said))
        tasks = [Task(index, f"http://a.example/{index}", HOST) for index in range(20)]
        rules = Rules(Rule(limit=8))
        self.schedule = Schedule(Supply(tasks), RetryRule(Retry(), random.Random(1)), rules, 16, shares=self.shares)
        self.under_way: list[Ticket] = []

    def take_all(self) -> int:
        while ticket := self.schedule.take(1.0):
            self.under_way.append(ticket)
        return len(self.under_way)

    def end(self, count: int) -> None:
        for _ in range(count):
            self.schedule.done(self.under_way.pop(), 2.0)

    def told(self, use: int, places: int) -> int:
        self.shares.give([(HOST, use, places)])
        return self.take_all()


def test_nothing_starts_without_a_share() -> None:
    """A host is asked for first, once, and nothing of it starts until there is a place."""
    job = _Job()
    assert job.take_all() == 0
    assert job.said == [("uses", HOST, 1, 0)]
    assert job.told(1, 4) == 1  # not yet proven: one, as always
    job.end(1)
    assert job.take_all() == 4


def test_a_lowered_share_is_said_to_fit_when_it_does() -> None:
    """Transfers under way are not cut; the word comes when enough of them have ended, and once."""
    job = _Job()
    job.take_all()
    job.told(1, 6)
    job.end(1)
    assert job.take_all() == 6
    assert job.told(1, 2) == 6
    job.end(3)
    assert ("fits", HOST, 1, 2) not in job.said
    job.end(1)
    assert job.said.count(("fits", HOST, 1, 2)) == 1
    assert job.take_all() == 2


def test_a_paused_job_lets_its_places_go() -> None:
    """It takes nothing, but it is looked at, and hears then."""
    job = _Job()
    job.take_all()
    job.told(1, 6)
    job.shares.give([(HOST, 1, 0)])
    job.schedule.look(1.0, 10)
    job.end(1)
    assert job.said[-1] == ("fits", HOST, 1, 0)
    assert job.take_all() == 0


def test_a_share_is_never_more_than_the_jobs_own_limit() -> None:
    """A job that wants less of a host than it could have stays at that."""
    job = _Job()
    job.take_all()
    job.told(1, 100)
    job.end(1)
    assert job.take_all() == 8


def test_what_was_said_of_an_earlier_use_means_nothing() -> None:
    """A host that was left and is used again has no place until it is told so anew."""
    job = _Job()
    job.take_all()
    job.told(1, 8)
    while job.under_way:
        job.end(len(job.under_way))
        job.take_all()
    assert job.said[-1] == ("leaves", HOST, 1, 0)
    job.shares.use(HOST)
    job.shares.give([(HOST, 1, 8), (HOST, 2, 3)])
    assert job.shares.news() == [(HOST, 3)]
