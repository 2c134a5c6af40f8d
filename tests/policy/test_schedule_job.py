"""Whole jobs against the schedule, of every shape, with each promise checked on the way."""

import heapq
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import event, given
from hypothesis import strategies as st

from downloader.errors import NotFound, Truncated
from tests.policy.simulation import RETRIES, rules_of, schedule_of


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
    proven: set = field(default_factory=set)

    def run(self):
        plan = self.plan
        rules = rules_of(plan.per_host)
        self.schedule = schedule_of(plan.hosts, rules, plan.jobs, plan.look_ahead, plan.portions)
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
        """How many tasks were pulled and are neither under way nor finished nor parked."""
        pulled = len(self.plan.hosts) - len(self.supply.left)
        return pulled - len(self.running) - len(self.finished) - len(self.supply.parked)

    def held_due(self):
        """When each task that waits for its time is due, but for those that are parked while the list goes on."""
        parked = {ticket.task.index for ticket in self.supply.parked}
        return {index: due for index, due in self.due.items() if index not in parked}

    def places(self, host):
        """How many of a host may be under way: one until it has answered."""
        return (self.plan.per_host or 99) if host in self.proven else 1

    def start(self):
        ticket = self.schedule.take(self.now)
        self.most_held = max(self.most_held, self.waiting())
        if ticket is None:
            # Nothing may start, so no host with a place has a task that is due.
            for task, (host, due) in self.held_due().items():
                full = self.under_way[host] >= self.places(host)
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
        assert self.under_way[host] <= self.places(host)
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
        held = self.held_due()
        if not self.running and held and not self.waiting() - len(held):
            assert until <= max(self.now, min(due for _, due in held.values())), "slept past a retry"
        self.now = max(self.now, until)
        while self.running and self.running[0][0] <= self.now:
            self.end(*heapq.heappop(self.running)[2:])

    def end(self, what, ticket):
        index, host = ticket.task.index, ticket.task.host
        self.under_way[host] -= 1
        if what == "done":
            self.proven.add(host)
            self.schedule.done(ticket, self.now)
            self.finished.append(index)
            return
        if what == "put back":
            self.due[index] = (host, self.now + 1.0)
            self.schedule.put_back(ticket, self.now, 1.0)
            return
        self.proven.add(host)
        self.failures[index] += 1
        error = NotFound("x") if what == "permanent" else Truncated("x", retry_after=what)
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
    assert not watched.schedule._proven
    assert not watched.schedule._unproven
    assert len(watched.schedule._idle) <= 4


@given(st.text(st.sampled_from("aaaaaabbbcd"), max_size=60), st.integers(0, 4))
def test_no_host_waits_more_than_a_round(hosts, per_host):
    """Between two starts of one host, every other host that could start has had its turn."""
    left = Counter(f"{host}:80" for host in hosts)
    schedule = schedule_of(hosts, rules_of(per_host), proven=True)
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
            schedule.done(ticket, 1.0)
    assert not +left
