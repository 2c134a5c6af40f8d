"""Which task may start now, tried with a simulated clock."""

import gc
import heapq
import random
from collections import Counter, deque
from dataclasses import dataclass, field

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from downloader.errors import Busy, NotFound, Reset
from downloader.model import Task
from downloader.policy.retry import RetryRule
from downloader.policy.schedule import IDLE, Schedule, Ticket
from downloader.settings import Retry

RETRIES = 3


class Supply:
    """Gives tasks in portions; an empty portion stands for a list that has nothing to give just now."""

    def __init__(self, tasks, portions=()):
        self.left = deque(tasks)
        self.portions = deque(portions)
        self.rooms = []

    def pull(self, room):
        self.rooms.append(room)
        portion = self.portions.popleft() if self.portions else room
        return [self.left.popleft() for _ in range(min(room, portion, len(self.left)))]

    @property
    def ended(self):
        return not self.left

    @property
    def waiting(self):
        return bool(self.left) and (not self.portions or self.portions[0] > 0)


def tasks_of(hosts):
    """Make a task for each letter."""
    return [Task(index, f"http://{host}/{index}", f"{host}:80") for index, host in enumerate(hosts)]


def schedule_of(hosts, per_host=0, look_ahead=100, portions=(), **retry):
    """Make a schedule of these hosts' tasks, whose waits are those the server asks for."""
    settings = Retry(**{"retries": RETRIES, "backoff": (0.0, 0.0)} | retry)
    supply = Supply(tasks_of(hosts), portions)
    return Schedule(supply, RetryRule(settings, random.Random(0)), per_host, look_ahead)


def take_all(schedule, now=1.0):
    """Take tickets until there is none."""
    return list(iter(lambda: schedule.take(now), None))


def letters(tickets):
    """Give the hosts of tickets as a word."""
    return "".join(ticket.task.host[0] for ticket in tickets)


@pytest.mark.parametrize(
    ("hosts", "per_host", "expected"),
    [
        ("", 0, ""),
        ("aaa", 0, "aaa"),
        ("aaabbc", 0, "abcaba"),
        ("aaabbc", 1, "abc"),
        ("aaabbc", 2, "abcab"),
        ("aaaaab", 3, "abaa"),
        ("abcabc", 0, "abcabc"),
    ],
)
def test_hosts_take_turns(hosts, per_host, expected):
    """One task of each host in turn, and of none more than its limit."""
    assert letters(take_all(schedule_of(hosts, per_host))) == expected


def test_a_hosts_tasks_keep_their_order():
    """Within a host, the list's order is kept."""
    assert [ticket.task.index for ticket in take_all(schedule_of("aabab", 0))] == [0, 2, 1, 4, 3]


def test_a_place_is_free_again_when_a_task_is_done():
    """A host at its limit goes on as soon as one of its tasks ends."""
    schedule = schedule_of("aaa", 1)
    first = schedule.take(1.0)
    assert schedule.take(1.0) is None
    assert schedule.wait(1.0) == IDLE
    schedule.done(first)
    assert schedule.wait(1.0) == 0.0
    assert schedule.take(1.0).task.index == 1


def test_a_failed_task_comes_back_when_it_is_due():
    """No retry before its time, and its attempts are counted."""
    schedule = schedule_of("a")
    ticket = schedule.take(10.0)
    assert ticket.attempt == 1
    assert schedule.failed(ticket, Busy("x", retry_after=5.0), 11.0) == 5.0
    assert not schedule.exhausted()
    assert schedule.wait(11.0) == 5.0
    assert schedule.take(15.9) is None
    assert schedule.wait(15.0) == 1.0
    assert schedule.take(16.0) is ticket
    assert ticket.attempt == 2
    schedule.done(ticket)
    assert schedule.exhausted()


def test_a_waiting_retry_holds_no_place():
    """While one waits, another task of its host starts."""
    schedule = schedule_of("aa", 1)
    first = schedule.take(1.0)
    schedule.failed(first, Busy("x", retry_after=5.0), 1.0)
    assert schedule.take(1.0).task.index == 1


def test_a_due_retry_respects_the_limit():
    """Due is not yet allowed: the host may be full."""
    schedule = schedule_of("aa", 1)
    first = schedule.take(1.0)
    schedule.failed(first, Busy("x", retry_after=5.0), 1.0)
    second = schedule.take(1.0)
    assert schedule.take(7.0) is None
    assert not schedule.exhausted()
    schedule.done(second)
    assert schedule.take(7.0) is first


def test_a_failure_for_good_ends_the_task():
    """A permanent failure gives no wait, and a transient one none after the last retry."""
    schedule = schedule_of("a")
    assert schedule.failed(schedule.take(1.0), NotFound("x"), 1.0) is None
    assert schedule.exhausted()
    schedule = schedule_of("a")
    given_ = [schedule.failed(schedule.take(1.0), Reset("x"), 1.0) for _ in range(RETRIES + 1)]
    assert given_ == [0.0] * RETRIES + [None]
    assert schedule.exhausted()


def test_putting_back_costs_no_try():
    """An attempt that could not start does not count, however often."""
    schedule = schedule_of("a")
    for start in range(1, 30):
        ticket = schedule.take(float(start))
        assert ticket.attempt == 1
        schedule.put_back(ticket, start + 0.5)
        assert schedule.take(start + 0.4) is None
    given_ = [schedule.failed(schedule.take(99.0), Reset("x"), 99.0) for _ in range(RETRIES + 1)]
    assert given_ == [0.0] * RETRIES + [None]


def test_the_longest_time_counts_from_the_first_attempt():
    """--retry-max-time runs from when a task was first handed out, not from its first failure."""
    schedule = schedule_of("a", retry_max_time=10.0)
    ticket = schedule.take(100.0)
    assert schedule.failed(ticket, Busy("x", retry_after=4.0), 105.0) == 4.0
    assert schedule.failed(schedule.take(109.0), Busy("x", retry_after=2.0), 109.0) is None


def test_a_list_sorted_by_host_still_finds_other_hosts():
    """Look-ahead reaches past the tasks of a host at its limit."""
    schedule = schedule_of("a" * 30 + "b" * 5, per_host=1, look_ahead=100)
    assert letters(take_all(schedule)) == "ab"


def test_look_ahead_is_bounded():
    """No more is pulled than may be held, and what waits for its time is counted in."""
    schedule = schedule_of("abcdefghij" * 30, look_ahead=10)
    supply = schedule._supply
    taken = []
    for _ in range(10):
        ticket = schedule.take(1.0)
        taken.append(ticket)
        schedule.failed(ticket, Busy("x", retry_after=100.0), 1.0)
    assert schedule.take(1.0) is None, "ten tasks wait: the look-ahead is full"
    assert len(supply.left) == 290
    assert schedule.take(101.0) in taken


def test_a_look_ahead_full_of_retries_still_finds_work():
    """Where most of what is held waits for its time, the rest of the room is filled."""
    schedule = schedule_of("abcdefghij" * 30, look_ahead=10)
    for _ in range(10):
        ticket = schedule.take(1.0)
        if ticket.task.index < 7:
            schedule.failed(ticket, Busy("x", retry_after=100.0), 1.0)
    assert [schedule.take(1.0).task.index for _ in range(3)] == [10, 11, 12]


def test_the_supply_is_asked_in_large_steps():
    """A pull costs the same look-up for one task as for a thousand."""
    schedule = schedule_of("abcdefghij" * 100, look_ahead=100)
    for _ in range(1000):
        schedule.done(schedule.take(1.0))
    assert min(schedule._supply.rooms) >= 50
    assert max(schedule._supply.rooms) <= 100


def test_a_silent_supply_is_asked_again():
    """A list that has nothing to give just now does not end the job."""
    schedule = schedule_of("ab", portions=[0, 0, 1, 0, 1])
    assert schedule.take(1.0) is None
    assert not schedule.exhausted()
    assert schedule.wait(1.0) == IDLE
    assert schedule.take(1.0) is None
    assert schedule.wait(1.0) == 0.0, "now it has something"
    first = schedule.take(1.0)
    assert first.task.index == 0
    assert not schedule.exhausted()
    assert schedule.take(1.0) is None
    assert schedule.take(1.0).task.index == 1
    assert schedule.exhausted(), "what is under way is the engine's to know"


def test_records_of_hosts_are_dropped():
    """Memory follows what is in play: after thousands of hosts nothing of them is left."""
    schedule = schedule_of([f"h{number}" for number in range(5000)], per_host=2, look_ahead=50)
    count = most = 0
    while (ticket := schedule.take(1.0)) is not None:
        schedule.done(ticket)
        count += 1
        most = max(most, len(schedule._hosts))
    assert count == 5000
    assert most <= 50
    assert not schedule._hosts
    assert not schedule._turn
    gc.collect()
    assert not [each for each in gc.get_objects() if type(each) is Ticket]


# --- a whole job, simulated


@dataclass
class Plan:
    """A job: its hosts, limits, and what becomes of the attempts, in the order in which they end."""

    hosts: str
    per_host: int
    jobs: int
    look_ahead: int
    portions: list
    fates: list


@dataclass
class Watched:
    """Runs a plan and checks every promise on the way."""

    plan: Plan
    now: float = 100.0
    running: list = field(default_factory=list)
    under_way: Counter = field(default_factory=Counter)
    starts: Counter = field(default_factory=Counter)
    due: dict = field(default_factory=dict)
    finished: list = field(default_factory=list)
    failures: Counter = field(default_factory=Counter)
    most_held: int = 0

    def run(self):
        plan = self.plan
        self.schedule = schedule_of(plan.hosts, plan.per_host, plan.look_ahead, plan.portions)
        self.supply = self.schedule._supply
        for _ in range(5000):
            while len(self.running) < plan.jobs and self.start():
                pass
            assert self.schedule.exhausted() == (not self.waiting() and self.supply.ended)
            if not self.running and self.schedule.exhausted():
                return self
            self.pass_time()
        raise AssertionError("the job does not end")

    def waiting(self):
        """How many tasks were pulled and are neither under way nor finished."""
        pulled = len(self.plan.hosts) - len(self.supply.left)
        return pulled - len(self.running) - len(self.finished)

    def start(self):
        ticket = self.schedule.take(self.now)
        self.most_held = max(self.most_held, self.waiting())
        if ticket is None:
            # Nothing may start, so no host with a place has a task that is due.
            for task, (host, due) in self.due.items():
                full = self.plan.per_host and self.under_way[host] >= self.plan.per_host
                assert full or due > self.now, f"task {task} was due"
            return False
        index, host = ticket.task.index, ticket.task.host
        assert index not in [running.task.index for _, _, _, running in self.running]
        assert index not in self.finished
        _, due = self.due.pop(index, (host, 0.0))
        assert due <= self.now, "a retry before its time"
        self.starts[index] += 1
        assert ticket.attempt == 1 + self.failures[index]
        self.under_way[host] += 1
        assert not self.plan.per_host or self.under_way[host] <= self.plan.per_host
        number = sum(self.starts.values())  # of the starts, so that every fate has its turn
        seconds, what = self.plan.fates[number % len(self.plan.fates)]
        heapq.heappush(self.running, (self.now + seconds, number, what, ticket))
        return True

    def pass_time(self):
        wait = self.schedule.wait(self.now)
        assert 0 <= wait <= 10_000
        if len(self.running) == self.plan.jobs or not self.running:
            # A crew that is full waits for the next to end, an idle one for the schedule alone.
            until = self.running[0][0] if self.running else self.now + wait
        else:
            until = min(self.running[0][0], self.now + wait)
        if not self.running and self.due and not self.waiting() - len(self.due):
            assert until <= max(self.now, min(due for _, due in self.due.values())), "slept past a retry"
        self.now = max(self.now, until)
        while self.running and self.running[0][0] <= self.now:
            self.end(*heapq.heappop(self.running)[2:])

    def end(self, what, ticket):
        index, host = ticket.task.index, ticket.task.host
        self.under_way[host] -= 1
        if what == "done":
            self.schedule.done(ticket)
            self.finished.append(index)
            return
        if what == "put back":
            self.due[index] = (host, self.now + 1.0)
            self.schedule.put_back(ticket, self.now + 1.0)
            return
        self.failures[index] += 1
        error = NotFound("x") if what == "permanent" else Busy("x", retry_after=what)
        wait = self.schedule.failed(ticket, error, self.now)
        again = what != "permanent" and self.failures[index] <= RETRIES
        assert wait == (what if again else None)
        if again:
            self.due[index] = (host, self.now + wait)
            return
        self.finished.append(index)


PLANS = st.builds(
    Plan,
    hosts=st.text(st.sampled_from("aaaabbcd"), max_size=40),
    per_host=st.integers(0, 3),
    jobs=st.integers(1, 6),
    look_ahead=st.integers(1, 12),
    portions=st.lists(st.integers(0, 5), max_size=10),
    fates=st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.5, 1.0, 7.0]),
            st.sampled_from(["done", "done", "permanent", "put back", 0.0, 0.25, 3.0, 90.0]),
        ),
        min_size=1,
        max_size=30,
    ).filter(lambda fates: any(what == "done" for _, what in fates)),
)


@given(PLANS)
def test_a_whole_job_keeps_every_promise(plan):
    """Limits hold, nothing starts early, twice or never, and the job ends when all is finished."""
    watched = Watched(plan).run()
    event(f"retried: {bool(watched.failures)}")
    assert sorted(watched.finished) == list(range(len(plan.hosts)))
    assert not watched.due
    assert watched.most_held <= plan.look_ahead + plan.jobs
    assert not watched.schedule._hosts
    assert not watched.schedule._turn


@given(st.text(st.sampled_from("aaaaaabbbcd"), max_size=60), st.integers(0, 4))
def test_no_host_waits_more_than_a_round(hosts, per_host):
    """Between two starts of one host, every other host that could start has had its turn."""
    left = Counter(f"{host}:80" for host in hosts)
    schedule = schedule_of(hosts, per_host)
    since = {host: set() for host in left}
    while (ticket := schedule.take(1.0)) is not None:
        host = ticket.task.host
        able = {other for other in left if left[other] and other != host}
        missed = able - since[host] if left[host] < hosts.count(host[0]) else set()
        assert not missed, f"{missed} waited for a second of {host}"
        left[host] -= 1
        for seen in since.values():
            seen.add(host)
        since[host] = set()
        if per_host:
            schedule.done(ticket)
    assert not +left
