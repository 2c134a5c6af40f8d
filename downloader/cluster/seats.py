"""The children of a job together: how they start, hear how the job stands, are heard, and end."""

import logging
import math
import pickle
import selectors
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from downloader.cluster import frames
from downloader.cluster.seat import Seat
from downloader.errors import OutputError, UsageError
from downloader.here import Orders
from downloader.model import Notice
from downloader.policy.division import divided
from downloader.ports import Control, Emit

GRACE = 2.0
"""Seconds in which children that are to leave say what they have still done."""

GONE = -1
"""The kind of what is heard of a child whose wire has ended; the value is its exit status."""


class Seats:
    """Owns the living children by their numbers. Used by the job's own thread alone, but for ``ring``."""

    def __init__(self, orders: Orders, control: Control, emit: Emit) -> None:
        self.alive: dict[int, Seat] = {}
        self._orders = orders
        self._control = control
        self._emit = emit
        self._settings = divided(orders.settings, orders.among)
        self._parts = (orders.parts / str(number) for number in count(1))
        self._links = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        self._dismissed = False
        self._state: tuple[bool, bool, bool] | None = None  # what the children were told last
        self._leave_by = math.inf
        for end in (self._bell, self._rope):
            end.settimeout(0)
        self._links.register(self._bell, selectors.EVENT_READ, None)

    def start(self, number: int, dead: Seat | None = None) -> Seat:
        """Start a child, perhaps in a dead one's place. Raises OutputError where the system has none to give."""
        parts = next(self._parts)  # of its own: what a dead one has left is in nobody's way
        orders = self._packed(number, parts)
        seat = self.alive[number] = Seat(number, parts, dead)
        self._links.register(seat.wire, selectors.EVENT_READ, seat)
        self._tell_state(seat)  # before there is anything to do
        seat.tell(frames.ORDERS, orders)
        return seat

    def _packed(self, number: int, parts: Path) -> bytes:
        try:
            parts.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {str(parts)!r}: {error.strerror or error}") from error
        level = logging.getLogger("downloader").getEffectiveLevel()
        try:
            return pickle.dumps((level, self._orders.of(self._settings[number], parts)))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise UsageError(f"--processes needs a look-up that other processes can import: {error}") from error

    def hear(self, patience: float) -> Iterator[tuple[Seat, int, Any]]:
        """Give what the children say, kind and value, waiting for the first word of any."""
        for seat in self.alive.values():
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if seat.is_full else 0)
            if self._links.get_key(seat.wire).events != events:
                self._links.modify(seat.wire, events, seat)
        for key, ready in self._links.select(patience):
            if key.data is None:
                with suppress(BlockingIOError):
                    self._bell.recv(4096)
                continue
            if ready & selectors.EVENT_WRITE:
                key.data.flush()
            if ready & selectors.EVENT_READ:
                yield from self._heard(key.data)

    def _heard(self, seat: Seat) -> Iterator[tuple[Seat, int, Any]]:
        try:
            if self._leave_by < math.inf:  # who still talks is not late: it may be us who did not listen
                self._leave_by = max(self._leave_by, time.monotonic() + GRACE)
            for kind, value in seat.hear():
                yield seat, kind, value
        except EOFError:
            yield seat, GONE, self._let_go(seat)

    def ring(self) -> None:
        """Tell the children at once how the job stands, and end ``hear``; from any thread or signal handler."""
        self.steer()
        with suppress(OSError):
            self._rope.send(b"!")

    def dismiss(self) -> None:
        """Have all leave: what they have done already they may still say."""
        self._dismissed = True
        self.steer()

    def steer(self) -> None:
        """Tell the children how the job stands, where that has changed."""
        control = self._control
        state = (control.paused, control.stopping, control.leave_now or self._dismissed)
        if state != self._state:
            self._state = state
            for seat in list(self.alive.values()):
                self._tell_state(seat)
        if state[2] and self._leave_by == math.inf:
            self._leave_by = time.monotonic() + GRACE

    def _tell_state(self, seat: Seat) -> None:
        seat.steer(0.0 if self._dismissed else self._control.time_left, paused=self._control.paused)

    def end_the_late(self) -> None:
        """End those that were to leave and have not: what they had in hand the next run asks again."""
        if time.monotonic() < self._leave_by:
            return
        for seat in list(self.alive.values()):
            seat.kill()
            self._let_go(seat)
            self._emit(Notice(f"process {seat.pid} did not leave in time and was killed"))

    def _let_go(self, seat: Seat) -> int:
        self._links.unregister(seat.wire)
        del self.alive[seat.number]
        status = seat.end()
        if status:  # else it is empty, and removing it can take half a second: the next run sweeps it
            shutil.rmtree(seat.parts, ignore_errors=True)
        return status

    def close(self) -> None:
        """End all at once; nothing of them is left when this returns."""
        for seat in list(self.alive.values()):
            seat.kill()
        for seat in list(self.alive.values()):
            self._let_go(seat)
        self._links.close()
        for end in (self._bell, self._rope):
            end.close()
