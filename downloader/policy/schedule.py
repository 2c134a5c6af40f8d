"""Which task may start now: hosts in turn, limits and rests per host, due times for retries. A data structure, no loop.

Time is passed in (monotonic seconds) and new tasks are pulled from ``supply`` when there is room, so the whole of it
can be tried with a simulated clock. One thread calls it: the engine's own.

Dead hosts must not take the permits that living ones could use: a host that has not answered yet has one image under
way, and all such hosts together hold at most a quarter of the permits while proven ones have work.
"""

import heapq
import itertools
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from typing import cast

from downloader.errors import Busy, Dns, FetchError, HostDown, TimedOut, Unreachable
from downloader.model import HostState
from downloader.policy.host import UNLIMITED, Host, Rules
from downloader.policy.retry import RetryRule
from downloader.policy.shares import Shares
from downloader.policy.slices import Slices
from downloader.policy.supply import Supply, Ticket

LOOK_AHEAD = 20_000
"""Tasks held at most, so that a list sorted by host still finds work for every permit."""

STEP = 1000
"""Tasks asked for at once."""

IDLE = 60.0
"""Seconds to wait when nothing is due; whoever brings news wakes the engine sooner."""

LONG = 5.0
"""Seconds of waiting from which a task is parked when it keeps others out of a full look-ahead."""

KEPT = 10_000
"""Hosts remembered at most while none of their tasks is here."""

_MISSES = (Dns, Unreachable, TimedOut)


class Schedule:
    """Hands out tickets for ``jobs`` permits."""

    def __init__(
        self,
        supply: Supply,
        rule: RetryRule,
        hosts: Rules,
        jobs: int,
        look_ahead: int = LOOK_AHEAD,
        shares: Shares | Slices | None = None,
    ) -> None:
        """Take who brings tasks, how failures are asked again, what holds for hosts, and how many permits there are.

        ``shares`` are what this schedule has of the hosts' places, where other jobs or processes ask the same hosts.
        """
        self._supply = supply
        self._rule = rule
        self._rules = hosts
        self._most_unproven = max(1, jobs // 4)
        self._look_ahead = look_ahead
        self._step = max(1, min(STEP, look_ahead // 2))
        self._shares = shares
        self._hosts: dict[str, Host] = {}
        self._idle: OrderedDict[str, Host] = OrderedDict()  # without tasks, but something is known of them
        self._proven: OrderedDict[str, Host] = OrderedDict()  # with a ticket that may start, in turn
        self._unproven: OrderedDict[str, Host] = OrderedDict()
        self._unproven_under_way = 0
        self._due: list[tuple[float, int, Ticket | Host]] = []  # a heap of what waits for its time
        self._held = 0  # tickets in it
        self._ready = 0  # tickets in the hosts' lines
        self._refused: deque[tuple[Ticket, FetchError]] = deque()
        self._order = itertools.count()
        self._next_start = 0.0  # under the rate for all hosts
        self._parks_at = 0.0  # when it is worth looking again for what must wait long

    def take(self, now: float) -> Ticket | None:
        """Hand out the next ticket of the next host in turn, or None when nothing may start at this time."""
        self._refill(now)
        host = self._next_host() if now >= self._next_start else None
        if host is None:
            return None
        if self._rules.rate:
            self._next_start = max(now, self._next_start) + 1 / self._rules.rate
        ticket = cast(Ticket, host.waiting.popleft())
        self._ready -= 1
        self._unproven_under_way += not host.proven
        host.started(now)
        self._line_up(host, now)
        ticket.attempt += 1
        ticket.started = now
        ticket.crowd = host.under_way
        ticket.first = ticket.first or now
        return ticket

    def done(self, ticket: Ticket, now: float) -> None:
        """Hear of a success, and free the host's place."""
        host = self._free(ticket)
        host.succeeded(ticket.started, now)
        self._line_up(host, now)

    def failed(self, ticket: Ticket, error: FetchError, now: float, at: str = "") -> float | None:
        """Free the host's place and decide: the seconds until the next attempt, or None when this was the last.

        ``at`` is the host where it failed. Behind a redirect to another name that is not the task's own: this one has
        answered, and the failure is the other's.
        """
        wait = self._rule.failed(ticket.attempt, ticket.first, error, now)
        host = self._free(ticket)
        if _same_name(at or host.name, host.name):
            self._blame(host, ticket, error, now)
        else:
            host.answered()
            if other := self._hosts.get(at) or self._idle.get(at):
                self._blame(other, ticket, error, now)
                self._line_up(other, now)
        if wait is not None:
            self._hold(ticket, now + wait)
        self._line_up(host, now)
        return wait

    def _blame(self, host: Host, ticket: Ticket, error: FetchError, now: float) -> None:
        """Enter a failure at the host where it was met."""
        if isinstance(error, _MISSES):
            host.missed(ticket.started, now, error.detail)
        elif isinstance(error, Busy):
            host.busy(ticket.started, ticket.crowd, now, error.retry_after if self._rule.worth(error) else None)
            if self._shares and host.opens_at > now:
                self._shares.rests(host.name, host.opens_at)
        elif error.met_host:
            host.answered()

    def put_back(self, ticket: Ticket, now: float, wait: float) -> None:
        """Take back a ticket whose attempt could not start; it costs no try."""
        ticket.attempt -= 1
        host = self._free(ticket)
        self._hold(ticket, now + wait)
        self._line_up(host, now)

    def refused(self) -> Iterator[tuple[Ticket, FetchError]]:
        """Give the tickets that end without being asked, and why: their hosts are down."""
        while self._refused:
            yield self._refused.popleft()

    def learnt(self) -> dict[str, str]:
        """Say what was learnt of each host that is not as it was set."""
        hosts = (*self._hosts.values(), *self._idle.values())
        return {host.name: story for host in hosts if (story := host.story())}

    def look(self, now: float, most: int) -> tuple[int, Sequence[HostState]]:
        """Give how many are under way in all, and the state of the hosts with the most of them and waiting."""
        # A paused job takes nothing, and is to let its places go all the same.
        self._hear_shares(now)
        busiest = heapq.nlargest(most, self._hosts.values(), key=lambda host: (host.under_way, len(host.waiting)))
        return sum(host.under_way for host in self._hosts.values()), [_state(host, now) for host in busiest]

    def wait(self, now: float) -> float:
        """Say how long ``take`` need not be called, if nothing else happens."""
        if self._refused or (self._wants_more() and self._has_more(now)):
            return 0.0
        if self._startable():
            return max(0.0, self._next_start - now)
        until = self._due[0][0] if self._due else now + IDLE
        room = self._parks_at if self._is_clogged(now) else self._supply.next_due
        return max(0.0, min(until, room) - now)

    def exhausted(self) -> bool:
        """Tell whether nothing waits and nothing more will come."""
        return not (self._ready or self._held or self._refused) and self._supply.ended

    def _next_host(self) -> Host | None:
        line = self._startable()
        return line.popitem(last=False)[1] if line else None

    def _startable(self) -> OrderedDict[str, Host] | None:
        """Give the line whose turn it is: unproven hosts within their share, which is all if nobody else has work."""
        if self._unproven and (self._unproven_under_way < self._most_unproven or not self._proven):
            return self._unproven
        return self._proven or None

    def _refill(self, now: float) -> None:
        if self._shares:
            self._hear_shares(now)
        if self._due and self._due[0][0] <= now:
            self._release_due(now)
        if self._room <= 0 and now >= self._parks_at and self._is_clogged(now):
            self._park(now)
        if self._wants_more() and not self._supply.ended:
            for ticket in self._supply.pull(min(self._room, STEP), now):
                if ticket.due > now:
                    self._hold(ticket, ticket.due)
                else:
                    self._enter(ticket, now)

    def _hear_shares(self, now: float) -> None:
        if not self._shares:
            return
        for name, places in self._shares.news():
            if not (host := self._hosts.get(name)):
                continue  # put away by the news before
            lowered = places <= host.share  # or as it is: a new host is given what is not yet told
            host.share, host.part = places, self._shares.part(name)
            if lowered and host.under_way <= places:
                self._shares.fits(name, places)
            self._line_up(host, now)
        for name, until in self._shares.rested():
            if host := self._hosts.get(name):
                host.opens_at = max(host.opens_at, until)
                self._line_up(host, now)

    def _release_due(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            due = heapq.heappop(self._due)[2]
            if isinstance(due, Host):
                if self._hosts.get(due.name) is due:  # else it was put away, and perhaps forgotten and met anew
                    self._line_up(due, now)
            else:
                self._held -= 1
                self._enter(due, now)

    def _is_clogged(self, now: float) -> bool:
        """Tell whether all that is held must wait, while there is more to look at."""
        return self._room <= 0 and not self._startable() and self._has_more(now)

    def _has_more(self, now: float) -> bool:
        return self._supply.waiting or self._supply.next_due <= now

    def _park(self, now: float) -> None:
        """Hand back what must wait long, to be given again after the list."""
        later = now + LONG
        parked = [due for at, _, due in self._due if at > later and isinstance(due, Ticket)]
        self._due = [entry for entry in self._due if entry[0] <= later or isinstance(entry[2], Host)]
        heapq.heapify(self._due)
        self._held -= len(parked)
        for host in [host for host in self._hosts.values() if host.probing or host.next_look() > later]:
            parked += self._emptied(host, later)
            self._line_up(host, now)
        # Going through all that is held costs milliseconds: not for a handful.
        self._parks_at = now if len(parked) > self._look_ahead // 20 else now + 1.0
        self._supply.park(parked)

    def _emptied(self, host: Host, later: float) -> Iterator[Ticket]:
        while host.waiting:
            ticket = cast(Ticket, host.waiting.popleft())
            ticket.due = max(later, host.next_look())  # one that is probed says nothing of when
            self._ready -= 1
            yield ticket

    @property
    def _room(self) -> int:
        return self._look_ahead - self._ready - self._held

    def _wants_more(self) -> bool:
        # In large steps, because a pull costs the same look-up for one task as for a thousand.
        room = self._room
        return room >= self._step or (room > 0 and not self._startable())

    def _enter(self, ticket: Ticket, now: float) -> None:
        ticket.ready = now
        host = self._host(ticket.task.host)
        host.waiting.append(ticket)
        self._ready += 1
        if len(host.waiting) == 1:
            self._line_up(host, now)

    def _host(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = self._idle.pop(name) if name in self._idle else Host(name, self._rules)
            if self._shares and name:
                host.share, host.part = self._shares.use(name), self._shares.part(name)
                host.opens_at = max(host.opens_at, self._shares.opens(name))
        return host

    def _free(self, ticket: Ticket) -> Host:
        host = self._hosts[ticket.task.host]
        host.under_way -= 1
        self._unproven_under_way -= not host.proven
        if self._shares and host.under_way == host.share:
            self._shares.fits(host.name, host.share)
        return host

    def _hold(self, ticket: Ticket, due: float) -> None:
        ticket.due = due
        self._held += 1
        heapq.heappush(self._due, (due, next(self._order), ticket))

    def _line_up(self, host: Host, now: float) -> None:
        """Put a host where it belongs after something has changed."""
        if host.down:
            self._give_up(host)
        line, other = (self._proven, self._unproven) if host.proven else (self._unproven, self._proven)
        other.pop(host.name, None)
        if host.ready(now):
            line.setdefault(host.name, host)
            return
        line.pop(host.name, None)
        if host.waiting and host.under_way < host.places:
            self._wake(host, now)
        elif not host.waiting and not host.under_way:
            self._put_away(host)

    def _wake(self, host: Host, now: float) -> None:
        look = host.next_look()
        if not now < host.wakes_at <= look:
            host.wakes_at = look
            heapq.heappush(self._due, (look, next(self._order), host))

    def _give_up(self, host: Host) -> None:
        error = _down(host)
        while host.waiting:
            self._ready -= 1
            self._refused.append((cast(Ticket, host.waiting.popleft()), error))

    def _put_away(self, host: Host) -> None:
        if self._hosts.pop(host.name, None) is None:
            return
        if self._shares:
            self._shares.leave(host.name)
        if not host.learnt:
            return
        self._idle[host.name] = host
        if len(self._idle) > KEPT:
            self._idle.popitem(last=False)


def _same_name(one: str, other: str) -> bool:
    """Tell whether two of "host:port" are one machine's: from http to https the port changes, and nothing else."""
    return one.rpartition(":")[0] == other.rpartition(":")[0]


def _state(host: Host, now: float) -> HostState:
    most = min(host.limit, host.share)
    return HostState(
        name=host.name,
        limit=0 if most == UNLIMITED else most,
        in_flight=host.under_way,
        waiting=len(host.waiting),
        rests=host.all_rests,
        busy=host.busy_answers,
        resting=max(0.0, host.opens_at - now),
        down=host.down,
    )


def _down(host: Host) -> HostDown:
    return HostDown(f"{host.name} was given up after {host.failed_probes} probes, the last: {host.last_miss}")
