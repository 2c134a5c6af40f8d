"""What runs in a child: the whole line of ``Here``, fed and heard over a socket, until the parent says the end.

The parent decides: the terminal's signals are ignored, its words come over a second socket, and when that ends, the
parent is dead and so is the child.
"""

import logging
import os
import pickle
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from queue import SimpleQueue
from typing import Any, NoReturn

from downloader.cluster import frames, wire
from downloader.cluster.frames import STATE, Frames
from downloader.cluster.inbox import Inbox
from downloader.cluster.outbox import ORPHANED, Outbox
from downloader.engines.crew import start
from downloader.errors import DownloaderError
from downloader.garbage import collect_seldom
from downloader.here import Here, Orders, Site
from downloader.manifest.claims import Guest
from downloader.manifest.database import FOLDER
from downloader.policy.slices import Slice, Slices
from downloader.ports import Control

PARENTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that a terminal or a supervisor sends to all of a group: the parent judges them."""

MOST_HOSTS = 50
"""Hosts told of in one look."""

LOOK_EVERY = 0.25
"""Seconds between two looks."""

FEW = 100
"""Tickets in hand below which no result waits for others: the list, or the parent, has no more just now."""

_READ = 1 << 16


class Child:
    """Owns both sockets and what they feed."""

    def __init__(self, wire_: socket.socket, reins: socket.socket) -> None:
        self._wire = wire_
        self._reins = reins
        self.control = Control()
        self.outbox = Outbox(wire_)
        self.inbox = Inbox(self.outbox.park)
        self.slices = Slices(self.outbox.word)
        self.orders: SimpleQueue[bytes] = SimpleQueue()
        self._may_claim = threading.Event()

    @property
    def in_hand(self) -> int:
        """Tickets that came and have not been answered."""
        return self.inbox.came - self.outbox.gone

    def listen(self) -> None:
        """Start to hear the parent, each wire in a thread of its own: neither may wait for the other."""
        for name, act in (("reins", self._obey), ("ear", self._hear)):
            start(threading.Thread(target=_to_the_end, args=(act,), name=name, daemon=True))

    def wait_for_claims(self) -> None:
        """Have the parent make the file of names ready."""
        self.outbox.send(frames.CLAIMS)
        self._may_claim.wait()

    def _obey(self) -> None:
        came = b""
        while data := self._reins.recv(_READ):
            came += data
            whole = len(came) - len(came) % STATE.size
            for paused, left in STATE.iter_unpack(came[:whole]):
                self._enter(left, paused=paused)
            came = came[whole:]

    def _enter(self, left: float, *, paused: bool) -> None:
        if left == 0:
            self.control.abandon("terminate")
        elif left > 0:
            self.control.drain("terminate", left)
        elif paused != self.control.paused:
            (self.control.pause if paused else self.control.resume)()

    def _hear(self) -> None:
        heard = Frames()
        does: dict[int, Callable[[Any], object]] = {
            frames.ORDERS: self.orders.put,
            frames.TICKETS: self.inbox.put,
            frames.SLICES: lambda row: self.slices.give(Slice(*row)),
            frames.RESTS: lambda row: self.slices.rest(*row),
            frames.NAMES: lambda _: self._may_claim.set(),
            frames.END: lambda _: self.inbox.end(),
        }
        while data := self._wire.recv(_READ):
            for kind, value in heard.feed(data):
                does[kind](value)
            self.control.wake()


def _to_the_end(listen: Callable[[], None]) -> None:
    """Hear the parent until it is gone, and be gone then, whatever the other threads are at."""
    try:
        with suppress(OSError):
            listen()
    except BaseException:  # noqa: BLE001 - the thread's wall: a child that hears nothing must not live on
        traceback.print_exc()
    os._exit(ORPHANED)


def work(child: Child, orders: Orders) -> None:
    """Run the line to its end, and say what came of it."""
    outbox, look_at = child.outbox, 0.0
    claims = Guest(orders.folder / FOLDER / "claims.sqlite", child.wait_for_claims)
    with Here(orders, Site(child.control, outbox.emit, claims, child.slices)) as here:
        outbox.send(frames.READY)
        with closing(here.run(child.inbox)) as batches:
            for outcomes in batches:
                if orders.watched and time.monotonic() >= look_at:
                    look_at = time.monotonic() + LOOK_EVERY
                    in_flight, hosts = here.look(look_at, MOST_HOSTS)
                    outbox.stands(in_flight, [wire.of_host(host) for host in hosts])
                outbox.add(outcomes)
                if outcomes and child.in_hand < FEW:
                    outbox.flush()
        outbox.flush()
        outbox.send(frames.LAST, (here.learnt(), here.waited))


class _Told(logging.Handler):
    """Hands log lines to the parent."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__()
        self.emit = outbox.log  # type: ignore[method-assign]


def _log_to(outbox: Outbox, level: int) -> None:
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries warn of is judged and recorded by us
    ours = logging.getLogger("downloader")
    ours.addHandler(_Told(outbox))
    ours.setLevel(level)
    ours.propagate = False


def main(*wires: int) -> NoReturn:
    """Take the orders, work, and leave; an interpreter's normal end would wait for threads that were left behind."""
    for number in PARENTS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PARENTS)
    collect_seldom()
    child = Child(*map(_adopted, wires))
    try:
        child.listen()
        level, orders = pickle.loads(child.orders.get())  # noqa: S301 - from our own parent
        _log_to(child.outbox, level)
        work(child, orders)
    except DownloaderError as error:
        child.outbox.flush()
        child.outbox.send(frames.FAULT, (type(error).__name__, str(error)))
    except BaseException:  # noqa: BLE001 - the child's wall: whatever it is, the parent must hear of it
        child.outbox.flush()
        child.outbox.send(frames.BUG, traceback.format_exc())
    os._exit(0)


def _adopted(number: int) -> socket.socket:
    sock = socket.socket(fileno=number)
    sock.set_inheritable(False)  # or workers of ours would keep it open behind us
    return sock
