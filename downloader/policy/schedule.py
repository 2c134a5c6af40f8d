"""Which task may start now: hosts in turn, a limit per host, due times for retries. A data structure, not a loop.

Time is passed in (monotonic seconds) and new tasks are pulled from ``supply`` when there is room, so the whole of it
can be tried with a simulated clock. One thread calls it: the engine's own.

A host's record lives while it has tasks waiting or under way, so memory follows what is in play, not the list.
"""

import heapq
import itertools
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Protocol

from tenacity import RetryCallState

from downloader.errors import FetchError
from downloader.model import Task
from downloader.policy.retry import RetryRule

LOOK_AHEAD = 2000
"""Tasks held ready at most, so that a list sorted by host still finds work for every permit."""

IDLE = 60.0
"""Seconds to wait when nothing is due; whoever brings news wakes the engine sooner."""


class Supply(Protocol):
    """Where the schedule gets its tasks; never blocks."""

    def pull(self, room: int) -> Sequence[Task]:
        """Give up to ``room`` more tasks, none when none is there yet."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""

    @property
    def waiting(self) -> bool:
        """Whether a pull is worth while now."""


class Ticket:
    """One task's turn, through all its attempts. Owned by the schedule, read by the engine."""

    __slots__ = ("attempt", "first", "retries", "task")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.attempt = 0
        self.first = 0.0  # when the first attempt was handed out
        self.retries: RetryCallState | None = None  # opened by the first failure


class _Host:
    """The tickets of one host: those waiting, and how many are under way."""

    __slots__ = ("under_way", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Ticket] = deque()
        self.under_way = 0


class Schedule:
    """Hands out tickets; ``per_host`` 0 means no limit."""

    def __init__(self, supply: Supply, rule: RetryRule, per_host: int, look_ahead: int = LOOK_AHEAD) -> None:
        self._supply = supply
        self._rule = rule
        self._per_host = per_host
        self._look_ahead = look_ahead
        self._hosts: dict[str, _Host] = {}
        self._turn: OrderedDict[str, _Host] = OrderedDict()  # hosts with a ticket that may start, in turn
        self._due: list[tuple[float, int, Ticket]] = []  # a heap of tickets that wait for their time
        self._order = itertools.count()
        self._ready = 0

    def take(self, now: float) -> Ticket | None:
        """Hand out the next ticket of the next host in turn, or None when nothing may start at this time."""
        self._refill(now)
        if not self._turn:
            return None
        name, host = self._turn.popitem(last=False)
        ticket = host.waiting.popleft()
        self._ready -= 1
        host.under_way += 1
        self._line_up(name, host)
        ticket.attempt += 1
        ticket.first = ticket.first or now
        return ticket

    def done(self, ticket: Ticket) -> None:
        """Free the host's place: the task is finished."""
        name = ticket.task.host
        host = self._hosts[name]
        host.under_way -= 1
        self._line_up(name, host)
        if not host.under_way and not host.waiting:
            del self._hosts[name]

    def failed(self, ticket: Ticket, error: FetchError, now: float) -> float | None:
        """Free the host's place and decide: the seconds until the next attempt, or None when this was the last."""
        ticket.retries = ticket.retries or self._rule.begin(ticket.first)
        wait = self._rule.failed(ticket.retries, error, now)
        self.done(ticket)
        if wait is not None:
            self._hold(ticket, now + wait)
        return wait

    def put_back(self, ticket: Ticket, due: float) -> None:
        """Take back a ticket whose attempt could not start; it costs no try."""
        ticket.attempt -= 1
        self.done(ticket)
        self._hold(ticket, due)

    def wait(self, now: float) -> float:
        """Say how long ``take`` need not be called, if nothing else happens."""
        if self._turn or (self._wants_more() and self._supply.waiting):
            return 0.0
        return max(0.0, self._due[0][0] - now) if self._due else IDLE

    def exhausted(self) -> bool:
        """Tell whether nothing waits and nothing more will come."""
        return not self._ready and not self._due and self._supply.ended

    def _refill(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            self._enter(heapq.heappop(self._due)[2])
        if self._wants_more() and not self._supply.ended:
            for task in self._supply.pull(self._room):
                self._enter(Ticket(task))

    @property
    def _room(self) -> int:
        return self._look_ahead - self._ready - len(self._due)

    def _wants_more(self) -> bool:
        # In large steps, because a pull costs the same look-up for one task as for a thousand.
        return self._room > 0 and (self._room >= self._look_ahead // 2 or not self._ready)

    def _enter(self, ticket: Ticket) -> None:
        name = ticket.task.host
        host = self._hosts.setdefault(name, _Host())
        host.waiting.append(ticket)
        self._ready += 1
        self._line_up(name, host)

    def _hold(self, ticket: Ticket, due: float) -> None:
        heapq.heappush(self._due, (due, next(self._order), ticket))

    def _line_up(self, name: str, host: _Host) -> None:
        if host.waiting and name not in self._turn and (not self._per_host or host.under_way < self._per_host):
            self._turn[name] = host
