"""What a schedule does with its slice of a host."""

import random

from downloader.errors import Busy
from downloader.model import Task
from downloader.policy.host import UNLIMITED, Rule, Rules
from downloader.policy.retry import RetryRule
from downloader.policy.schedule import Schedule
from downloader.policy.slices import Slice, Slices
from downloader.policy.supply import Ticket
from downloader.settings import Retry
from tests.policy.simulation import Supply

HOST = "a.example:80"


class _Process:
    """A schedule of 40 tasks at one host with 8 places, and what it says of its slices."""

    def __init__(self, rate: float = 0.0) -> None:
        self.said: list[tuple[str, str, float]] = []
        self.slices = Slices(lambda *said: self.said.append(said))
        tasks = [Task(index, f"http://a.example/{index}", HOST) for index in range(40)]
        rules = Rules(Rule(limit=8, rate=rate))
        self.schedule = Schedule(Supply(tasks), RetryRule(Retry(), random.Random(1)), rules, 16, shares=self.slices)
        self.under_way: list[Ticket] = []

    def take_all(self, now: float = 1.0) -> int:
        while ticket := self.schedule.take(now):
            self.under_way.append(ticket)
        return len(self.under_way)

    def prove(self) -> None:
        self.take_all()
        self.schedule.done(self.under_way.pop(), 1.0)


def test_a_host_of_which_nothing_was_said_is_ones_own() -> None:
    """It has all its places, and nothing is said of it."""
    process = _Process()
    process.prove()
    assert (process.take_all(), process.said) == (8, [])


def test_a_slice_that_was_told_before_the_first_ticket_holds() -> None:
    """No ticket slips through that came behind the word."""
    process = _Process()
    process.slices.give(Slice(HOST, 0, 0.5, 7))
    assert process.take_all() == 0
    process.slices.give(Slice(HOST, 2, 0.5, 7))
    process.prove()
    assert process.take_all() == 2


def test_the_word_that_it_fits_comes_when_it_does() -> None:
    """Once, and with the number of the telling."""
    process = _Process()
    process.prove()
    process.take_all()
    process.slices.give(Slice(HOST, 4, 0.5, 7))
    assert process.take_all() == 8
    for ended in range(8):
        assert process.said == ([("fits", HOST, 7)] if ended >= 4 else [])
        process.schedule.done(process.under_way.pop(), 2.0)


def test_a_host_that_is_not_asked_fits_at_once() -> None:
    """Nothing of it is under way."""
    process = _Process()
    process.slices.give(Slice("b.example:80", 4, 0.5, 9))
    process.take_all()
    assert process.said == [("fits", "b.example:80", 9)]


def test_a_slice_that_is_taken_back_leaves_the_host_whole() -> None:
    """As if nothing had been said."""
    process = _Process()
    process.slices.give(Slice(HOST, 3, 0.5, 7))
    process.prove()
    assert process.take_all() == 3
    process.slices.give(Slice(HOST, UNLIMITED, 1.0, 0))
    assert process.take_all() == 8


def test_a_rate_is_divided_too() -> None:
    """Half of 10 a second is one each 0.2 s."""
    process = _Process(rate=10.0)
    process.slices.give(Slice(HOST, 8, 0.5, 7))
    process.prove()
    assert [process.take_all(now) for now in (1.1, 1.19, 1.21)] == [0, 0, 1]


def test_a_rest_is_told_to_the_others_and_taken_from_them() -> None:
    """Who asks for a rest means all of us: those who ask the host as well, and whoever comes to ask it later."""
    process, other = _Process(), _Process()
    for each in (process, other):
        each.slices.give(Slice(HOST, 4, 0.5, 7))
        each.prove()
        each.take_all()
        each.said.clear()
    process.schedule.failed(process.under_way.pop(), Busy("wait", retry_after=5.0), 2.0, HOST)
    assert process.said == [("rests", HOST, 7.0)]
    other.slices.rest(HOST, 7.0)
    while other.under_way:
        other.schedule.done(other.under_way.pop(), 2.5)
    assert (other.take_all(6.9), other.take_all(7.1) > 0) == (0, True)
    alone = _Process()
    alone.prove()
    alone.take_all()
    alone.schedule.failed(alone.under_way.pop(), Busy("wait", retry_after=5.0), 2.0, HOST)
    assert alone.said == [("rests", HOST, 7.0)]
    late = _Process()
    late.slices.rest(HOST, 7.0)
    assert (late.take_all(6.9), late.take_all(7.1) > 0) == (0, True)
