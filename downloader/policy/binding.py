"""Which process asks which host. Pure: it says who gets a ticket, and what to tell whom.

A host is bound on first sight to the process with the least to do, so that its limit, its rests and its connections
are one process's affair. One that makes up more than its part of what is read ahead would leave the others idle: it is
split, each process gets a slice of its places and of its rate, and the slices sum up to what the host bears. The first
one's is lowered first, and the others get theirs when it says that what it has under way fits.

A limit of one cannot be split. Nor is one that is to be found (--per-host auto): who searches must be alone at the
host, or it measures what the others do.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from downloader.policy.host import UNLIMITED, Rule
from downloader.policy.schedule import KEPT
from downloader.policy.slices import Slice

LEAST = 100
"""Tickets from which a host may be split: fewer are soon done by one."""

SLACK = 1.25
"""How much more than its part a host must make up: two that share a list evenly differ by some lines at any time."""


@dataclass(slots=True)
class _Bound:
    """A host, and who asks it; ``counts`` are the tickets that each has in hand."""

    name: str
    seats: Sequence[int]
    counts: list[int]
    number: int = 0  # of the telling, where it is split
    waits: bool = False  # for the first to say that it fits


@dataclass(slots=True)
class Binding:
    """Owns who asks which host. Memory is bounded by the tickets that are out, and ``KEPT`` hosts without any."""

    seats: int
    rule_of: Callable[[str], Rule]
    _hosts: dict[str, _Bound] = field(default_factory=dict)
    _idle: "OrderedDict[str, int]" = field(default_factory=OrderedDict)  # what was learnt of them is with that process
    _split: dict[str, _Bound] = field(default_factory=dict)
    _told: list[tuple[int, Slice]] = field(default_factory=list)
    _loads: list[int] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self._loads = [0] * self.seats

    def bind(self, host: str) -> int:
        """Give the process for a ticket of a host, and count it in."""
        bound = self._hosts.get(host)
        if bound is None:
            bound = self._hosts[host] = self._first_sight(host)
        at = min(range(len(bound.counts)), key=bound.counts.__getitem__) if len(bound.counts) > 1 else 0
        bound.counts[at] += 1
        seat = bound.seats[at]
        self._loads[seat] += 1
        if bound.counts[0] > LEAST and len(bound.counts) == 1 and self._is_too_much(bound):
            self._divide(bound)
        return seat

    def ended(self, host: str, seat: int) -> None:
        """Enter that a process has a ticket of a host no more."""
        bound = self._hosts[host]
        self._loads[seat] -= 1
        bound.counts[bound.seats.index(seat)] -= 1
        if not any(bound.counts):
            self._put_away(bound)

    def fits(self, host: str, seat: int, number: int) -> None:
        """Enter that what a process has under way at a host fits into its slice."""
        bound = self._split.get(host)
        if bound and bound.waits and bound.number == number and bound.seats[0] == seat:
            bound.waits = False
            self._tell(bound, range(1, len(bound.seats)))

    def others(self, host: str, seat: int) -> Sequence[int]:
        """Give who else asks a host."""
        bound = self._split.get(host)
        return [other for other in bound.seats if other != seat] if bound else ()

    def renewed(self, seat: int) -> None:
        """Enter that a process is a new one, which knows of no slice and has nothing under way."""
        for bound in self._split.values():
            if seat not in bound.seats:
                continue
            at = bound.seats.index(seat)
            if at == 0 and bound.waits:
                bound.waits = False
                self._tell(bound, range(len(bound.seats)))
            else:
                self._tell(bound, [at])

    def told(self) -> Iterator[tuple[int, Slice]]:
        """Give what is to be told to whom since the last time, before any ticket."""
        told, self._told = self._told, []
        yield from told

    def _first_sight(self, host: str) -> _Bound:
        seat = self._idle.pop(host, None)
        if seat is None:
            seat = min(range(self.seats), key=self._loads.__getitem__)
        return _Bound(host, (seat,), [0])

    def _is_too_much(self, bound: _Bound) -> bool:
        if bound.counts[0] * self.seats <= sum(self._loads) * SLACK:
            return False
        rule = self.rule_of(bound.name)
        return rule.limit != 1 and not rule.auto

    def _divide(self, bound: _Bound) -> None:
        limit = self.rule_of(bound.name).limit
        first = bound.seats[0]
        others = sorted((seat for seat in range(self.seats) if seat != first), key=self._loads.__getitem__)
        bound.seats = (first, *others)[: limit or self.seats]
        bound.counts = [bound.counts[0]] + [0] * (len(bound.seats) - 1)
        bound.number, bound.waits = next(self._numbers), True
        self._split[bound.name] = bound
        self._tell(bound, range(len(bound.seats)))

    def _tell(self, bound: _Bound, whom: Sequence[int]) -> None:
        limit, among = self.rule_of(bound.name).limit, len(bound.seats)
        for at in whom:
            own = limit // among + (at < limit % among) if limit else UNLIMITED
            places = 0 if bound.waits and at else own
            self._told.append((bound.seats[at], Slice(bound.name, places, 1 / among, bound.number)))

    def _put_away(self, bound: _Bound) -> None:
        """Forget a host that nobody has tickets of, but for who asked it; a split one is its first one's again."""
        del self._hosts[bound.name]
        if self._split.pop(bound.name, None):
            self._told += [(seat, Slice(bound.name, UNLIMITED, 1.0, 0)) for seat in bound.seats]
        self._idle[bound.name] = bound.seats[0]
        if len(self._idle) > KEPT:
            self._idle.popitem(last=False)
