"""The launcher over processes of this machine: the parent hands tickets out and hears what came of them."""

import logging
import signal
import time
from collections.abc import Generator, Iterator, Sequence
from itertools import chain
from types import TracebackType
from typing import Any, Self

from downloader import errors
from downloader.cluster import frames, wire
from downloader.cluster.hosts import merged_hosts, merged_stories
from downloader.cluster.seat import Seat
from downloader.cluster.seats import Seats
from downloader.equipment import host_rules
from downloader.here import Orders, Site
from downloader.model import HostState, Notice, Outcome
from downloader.policy.binding import Binding
from downloader.policy.supply import Supply, Ticket
from downloader.ports import BEAT

STEP = 1000
"""Tickets pulled at once."""

KEPT = 10_000
"""Rests of hosts from which those that are over are forgotten."""

IN_A_ROW = 3
"""Deaths in one place, of children that brought nothing, from which no more are started."""

ALTOGETHER = 100
"""Deaths in one job from which no more are started, though each brought something."""


class Local:
    """Owns who has which ticket, and which host is whose. Used by the job's own thread alone."""

    def __init__(self, orders: Orders, site: Site) -> None:
        self._orders = orders
        self._site = site
        self._binding = Binding(orders.among, host_rules(orders.settings).of)
        self._seats = Seats(orders, site.control, site.emit)
        self._supply: Supply
        self._stories: list[dict[str, str]] = []
        self._end_said = False
        self._failure: BaseException | None = None
        self._deaths = 0
        self._rests: dict[str, float] = {}  # monotonic seconds until which hosts asked to be left alone
        self._told: set[str] = set()  # notices: each child has the same to say
        self.waited = 0.0  # seconds that images spent waiting for look-ups, summed over the children

    def __enter__(self) -> Self:
        try:
            for number in range(self._orders.among):
                self._seats.start(number)
            self._site.control.on_change(self._seats.ring)
            self._wait_until_ready()
        except BaseException:
            self._seats.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seats.close()

    def _wait_until_ready(self) -> None:
        """Wait for all children, so that what is wrong with the settings is told before the list is read."""
        while not (all(seat.ready for seat in self._seats.alive.values()) or self._site.control.stopping):
            list(self._heard(BEAT))
            if self._failure is not None:
                raise self._failure

    def run(self, supply: Supply) -> Generator[Sequence[Outcome], None, None]:
        """Do what ``ports.Launcher`` says."""
        self._supply = supply
        while self._seats.alive:
            ended: list[Outcome] = []
            try:
                self._seats.steer()
                self._hand_out(time.monotonic())
                for outcome in self._heard(self._patience(time.monotonic())):
                    ended.append(outcome)
            except Exception as error:  # noqa: BLE001 - raised when the children have said what they have done
                self._fail(error)
            self._seats.end_the_late()  # before others take their time over what has ended
            yield ended
        if self._failure is not None:
            raise self._failure

    def look(self, _now: float, most: int) -> tuple[int, Sequence[HostState]]:
        """Give how many images are under way over all children, and how their busiest hosts stand."""
        standings = [seat.standing for seat in self._seats.alive.values()]
        hosts = merged_hosts(HostState(*row) for _, rows in standings for row in rows)
        return sum(in_flight for in_flight, _ in standings), hosts[:most]

    def learnt(self) -> dict[str, str]:
        """Say what was learnt of hosts, by each child that asked them."""
        return merged_stories(self._stories)

    @property
    def _is_open(self) -> bool:
        return not (self._end_said or self._site.control.stopping or self._failure)

    def _hand_out(self, now: float) -> None:
        """Pull tickets where there is room for them, and say when there will be no more."""
        if not self._is_open:
            return
        if self._wants_more(now):
            self._give(self._supply.pull(min(self._room, STEP), now))
        if self._supply.ended and not any(seat.tickets for seat in self._seats.alive.values()):
            self._end_said = True
            for seat in self._seats.alive.values():
                seat.tell(frames.END)

    def _give(self, tickets: Sequence[Ticket]) -> None:
        """Give tickets to those whom their hosts are bound to, behind what must be known of these."""
        seats = self._seats.alive
        rows: dict[int, list[wire.Row]] = {number: [] for number in seats}
        by_host: dict[str, list[Ticket]] = {}
        for ticket in tickets:
            by_host.setdefault(ticket.task.host, []).append(ticket)
        # Host by host, so that all that is there of one weighs before the next one is bound.
        for ticket in chain.from_iterable(by_host.values()):
            number = self._binding.bind(ticket.task.host)
            seats[number].tickets[ticket.task.index] = ticket
            rows[number].append(wire.of_ticket(ticket))
        self._tell_slices()
        for number, own in rows.items():
            if own:
                self._hand(seats[number], own)

    def _hand(self, seat: Seat, rows: Sequence[wire.Row]) -> None:
        """Hand tickets over, behind the rests of their hosts: another child may have met these."""
        now = time.monotonic()
        for host in {row[wire.HOST] for row in rows} & self._rests.keys() if self._rests else ():
            if (until := self._rests[host]) > now:
                seat.tell(frames.RESTS, (host, until))
            else:
                del self._rests[host]
        seat.tell(frames.TICKETS, rows)

    def _tell_slices(self) -> None:
        for number, piece in self._binding.told():
            if seat := self._seats.alive.get(number):
                seat.tell(frames.SLICES, (piece.host, piece.places, piece.part, piece.number))

    @property
    def _room(self) -> int:
        return self._orders.settings.pace.look_ahead - sum(len(seat.tickets) for seat in self._seats.alive.values())

    def _wants_more(self, now: float) -> bool:
        """Tell whether to pull: in large steps, unless a child is about to have nothing to do."""
        if not (self._supply.waiting or self._supply.next_due <= now) or (room := self._room) <= 0:
            return False
        pace = self._orders.settings.pace
        few = 2 * pace.jobs // self._orders.among + 1
        return room >= min(STEP, pace.look_ahead // 2) or any(
            len(seat.tickets) < few for seat in self._seats.alive.values()
        )

    def _patience(self, now: float) -> float:
        if not (self._is_open and self._site.control.open):
            return BEAT
        if self._wants_more(now):
            return 0.0
        due = self._supply.next_due  # what is due already waits for room behind the list
        return min(BEAT, due - now) if now < due and self._room > 0 else BEAT

    def _heard(self, patience: float) -> Iterator[Outcome]:
        for seat, kind, value in self._seats.hear(patience):
            if kind == frames.NEWS:
                yield from self._news(seat, value)
            else:
                self._word(seat, kind, value)
        self._tell_slices()

    def _news(self, seat: Seat, news: Any) -> Iterator[Outcome]:
        ended, attempts, parked, words, notices, logs, standing = news
        for row in attempts:
            self._site.emit(wire.attempt_of(row, seat.tickets[row[0]].task))
        for row in ended:
            yield wire.outcome_of(row, self._taken_back(seat, row[0]).task)
        if parked:
            self._supply.park([wire.parked(self._taken_back(seat, row[0]), row) for row in parked])
        seat.brought += len(ended) + len(parked)
        for word, host, value in words:
            self._hear_of_slice(seat, word, host, value)
        for text in notices if self._failure is None else ():
            self._tell(text)
        for row in logs:
            logging.getLogger(row[0]).handle(wire.record_of(row))
        seat.standing = standing or seat.standing

    def _taken_back(self, seat: Seat, index: int) -> Ticket:
        ticket = seat.tickets.pop(index)
        self._binding.ended(ticket.task.host, seat.number)
        return ticket

    def _hear_of_slice(self, seat: Seat, word: str, host: str, value: float) -> None:
        if word == "fits":
            self._binding.fits(host, seat.number, int(value))
            return
        if len(self._rests) >= KEPT:
            self._rests = {name: until for name, until in self._rests.items() if until > time.monotonic()}
        self._rests[host] = value
        for number in self._binding.others(host, seat.number):
            if other := self._seats.alive.get(number):
                other.tell(frames.RESTS, (host, value))

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._site.emit(Notice(text))

    def _word(self, seat: Seat, kind: int, value: Any) -> None:
        match kind:
            case frames.READY:
                seat.ready = True
            case frames.CLAIMS:
                self._site.claims.ready()
                seat.tell(frames.NAMES)
            case frames.LAST:
                seat.said_last = True
                self._stories.append(value[0])
                self.waited += value[1]
            case frames.FAULT:
                self._fail(getattr(errors, value[0])(value[1]))
            case frames.BUG:
                self._fail(RuntimeError(f"a bug in process {seat.pid}:\n{value}"))
            case _:
                self._bury(seat, value)

    def _fail(self, error: BaseException) -> None:
        """End the job by an error, once the children have said what they have done."""
        self._failure = self._failure or error
        self._seats.dismiss()

    def _bury(self, dead: Seat, status: int) -> None:
        """Put another in the place of one that died, and give it all that the dead one had in hand."""
        if dead.said_last or not self._is_open:
            return
        self._deaths += 1
        how = f"was killed by {_signal(-status)}" if status < 0 else f"ended with status {status}"
        if dead.barren + (not dead.brought) >= IN_A_ROW or self._deaths >= ALTOGETHER:
            self._fail(errors.OutputError(
                f"{self._deaths} processes of this job died, the last {how}: where the kernel's log tells of a lack of "
                "memory, lower --jobs; else try --processes 1"
            ))  # fmt: skip
            return
        new = self._seats.start(dead.number, dead)
        self._tell(f"process {dead.pid} {how}: another does what it had in hand, {len(new.tickets)} images")
        self._binding.renewed(new.number)
        self._tell_slices()
        self._hand(new, [wire.of_ticket(ticket) for ticket in new.tickets.values()])


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # those for real time have no names
        return f"signal {number}"
