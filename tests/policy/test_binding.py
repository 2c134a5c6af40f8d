"""Which process asks which host, and how a host is split."""

import random
from collections import deque

import pytest

from downloader.model import Task
from downloader.policy.binding import LEAST, Binding
from downloader.policy.host import UNLIMITED, Rule, Rules
from downloader.policy.retry import RetryRule
from downloader.policy.schedule import KEPT, Schedule
from downloader.policy.slices import Slice, Slices
from downloader.policy.supply import Ticket
from downloader.settings import Retry
from tests.policy.simulation import Supply

HOST = "a.example:80"


def binding(seats: int = 2, **rule: object) -> Binding:
    """Give a binding under one rule for all hosts."""
    return Binding(seats, lambda _: Rule(**rule))


def test_hosts_go_to_whom_has_least_to_do_and_stay_there() -> None:
    """A host is one process's affair, and processes have as much to do as each other."""
    found = binding(3, limit=8)
    seats = [found.bind(f"{number % 30}.example:80") for number in range(300)]
    assert [seats.count(seat) for seat in range(3)] == [100, 100, 100]
    assert all(seats[number] == seats[number % 30] for number in range(300))
    assert list(found.told()) == []


def test_a_host_without_tickets_comes_back_to_who_knows_it() -> None:
    """What was learnt of a host is with the process that asked it."""
    found = binding(2)
    first = found.bind("a.example:80")
    found.ended("a.example:80", first)
    assert found.bind("b.example:80") != found.bind("c.example:80")
    assert found.bind("a.example:80") == first


def test_memory_does_not_grow_with_the_hosts_of_a_list() -> None:
    """Of a host nobody has tickets of only the process is remembered, and of so many hosts at most."""
    found = binding(2)
    for number in range(KEPT + 500):
        found.ended(f"{number}.example:80", found.bind(f"{number}.example:80"))
    assert (len(found._hosts), len(found._idle), sum(found._loads)) == (0, KEPT, 0)


def test_a_host_that_is_most_of_the_list_is_split() -> None:
    """Its places are divided, without one lost or gained; the first must fit before the others have any."""
    found = binding(3, limit=8)
    seats = [found.bind(HOST) for _ in range(3 * LEAST)]
    told = list(found.told())
    assert [(seat, piece.places) for seat, piece in told] == [(0, 3), (1, 0), (2, 0)]
    found.fits(HOST, 0, told[0][1].number)
    assert [(seat, piece.places) for seat, piece in found.told()] == [(1, 3), (2, 2)]
    assert all(abs(seats.count(seat) - LEAST) <= 1 for seat in range(3))
    assert sorted(found.others(HOST, 1)) == [0, 2]


def test_two_hosts_that_share_a_list_are_not_split() -> None:
    """Each is one process's, although now one makes up more than a half and now the other."""
    found, chance = binding(2, limit=8), random.Random(5)
    for _ in range(5000):
        found.bind(chance.choice(["a.example:80", "b.example:80"]))
    assert list(found.told()) == []


@pytest.mark.parametrize("rule", [{"limit": 1}, {"auto": True}])
def test_what_cannot_be_divided_is_not(rule: dict[str, object]) -> None:
    """One place is one process's, and a limit that is to be found is sought by one alone."""
    found = binding(2, **rule)
    assert {found.bind(HOST) for _ in range(5 * LEAST)} == {0}


def test_fewer_places_than_processes() -> None:
    """So many processes ask as there are places."""
    found = binding(4, limit=2)
    seats = {found.bind(HOST) for _ in range(5 * LEAST)}
    told = list(found.told())
    assert len(seats) == len(told) == 2
    assert [(piece.places, piece.part) for _, piece in told] == [(1, 0.5), (0, 0.5)]


def test_a_word_of_an_earlier_split_means_nothing() -> None:
    """A host that was put away and split anew waits for the new word."""
    found = binding(2, limit=8)
    seats = [found.bind(HOST) for _ in range(2 * LEAST)]
    old = next(piece.number for _, piece in found.told())
    for seat in seats:
        found.ended(HOST, seat)
    assert [(piece.places, piece.number) for _, piece in found.told()] == [(UNLIMITED, 0)] * 2
    for _ in range(2 * LEAST):
        found.bind(HOST)
    new = next(piece.number for _, piece in found.told())
    found.fits(HOST, 0, old)
    assert list(found.told()) == []
    found.fits(HOST, 0, new)
    assert [(seat, piece.places) for seat, piece in found.told()] == [(1, 4)]


@pytest.mark.parametrize(("dead", "expected"), [(0, [(0, 4), (1, 4)]), (1, [(1, 0)])])
def test_who_takes_a_dead_ones_place_is_told_its_slice(dead: int, expected: list[tuple[int, int]]) -> None:
    """What a dead process had under way is no more: if it was waited for, it fits."""
    found = binding(2, limit=8)
    for _ in range(2 * LEAST):
        found.bind(HOST)
    list(found.told())
    found.renewed(dead)
    assert [(seat, piece.places) for seat, piece in found.told()] == expected


class _Process:
    """A schedule with slices, as a process has it, behind a wire whose words take their time."""

    def __init__(self, number: int, limit: int) -> None:
        self.number = number
        self.said: deque[tuple[str, str, float]] = deque()
        self.wire: deque[Slice | Ticket] = deque()
        self.slices = Slices(lambda *said: self.said.append(said))
        self.supply = Supply([])
        self.schedule = Schedule(
            self.supply, RetryRule(Retry(), random.Random(1)), Rules(Rule(limit=limit)), 64, shares=self.slices
        )
        self.under_way: list[Ticket] = []

    def hear(self) -> None:
        """Take the next thing off the wire."""
        if self.wire:
            came = self.wire.popleft()
            if isinstance(came, Slice):
                self.slices.give(came)
            else:
                self.supply.left.append(came.task)


@pytest.mark.parametrize("limit", [2, 3, 8, 13])
@pytest.mark.parametrize("seed", range(5))
def test_the_slices_never_exceed_the_limit(limit: int, seed: int) -> None:
    """However late the words come, processes together have no more under way at a host than its limit; and all ends."""
    chance, now = random.Random(seed), 1.0
    found = binding(3, limit=limit)
    crew = [_Process(number, limit) for number in range(3)]
    tasks = deque(Task(index, f"http://a.example/{index}", HOST) for index in range(1500))
    done, most, seen = 0, 0, set()
    for _ in range(100_000):
        now += 0.01
        if tasks and sum(found._loads) < 600 and chance.random() < 0.3:
            for _ in range(min(50, len(tasks))):
                task = tasks.popleft()
                seat = found.bind(HOST)
                for number, piece in found.told():
                    crew[number].wire.append(piece)
                crew[seat].wire.append(Ticket(task))
        process = chance.choice(crew)
        for _ in range(chance.randrange(40)):
            process.hear()
        while chance.random() < 0.9 and (ticket := process.schedule.take(now)):
            process.under_way.append(ticket)
            seen.add(process.number)
        most = max(most, sum(len(each.under_way) for each in crew))
        if process.under_way and chance.random() < 0.7:
            process.schedule.done(process.under_way.pop(0), now)
            found.ended(HOST, process.number)
            done += 1
        while process.said and chance.random() < 0.5:
            _, host, number = process.said.popleft()
            found.fits(host, process.number, int(number))
        for number, piece in found.told():
            crew[number].wire.append(piece)
        if done == 1500:
            break
    assert (done, most <= limit, len(seen)) == (1500, True, min(limit, 3))
    assert most == limit  # it was used
