"""What a child has to say, in batches: a frame every 200 results or 50 ms costs a hundredth of one each."""

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from downloader.cluster import frames, wire
from downloader.cluster.frames import frame
from downloader.model import AttemptEnded, Event, Notice, Outcome
from downloader.policy.supply import Ticket

MOST = 200
"""Results in a frame, from which it goes."""

SOON = 0.05
"""Seconds after which a frame goes that is not full."""

ORPHANED = 3
"""The status that a child leaves with when its parent is gone; nobody is there to see it."""

_OURS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Outbox:
    """Owns what is still unsaid, and the way up. Sending blocks while the parent is slow: that holds the engine back.

    Used by the child's main thread; ``log``, ``word`` and ``send`` may be called from any.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()
        self._outcomes: list[wire.Row] = []
        self._attempts: list[wire.Row] = []
        self._parked: list[wire.Row] = []
        self._notices: list[str] = []
        self._words: deque[wire.Row] = deque()
        self._logs: deque[wire.Row] = deque()
        self._standing: wire.Row | None = None
        self.gone = 0  # outcomes and parked tickets, so far
        self._sent_at = time.monotonic()

    def emit(self, event: Event) -> None:
        """Take an event for the parent's observers."""
        if isinstance(event, AttemptEnded):
            self._attempts.append(wire.of_attempt(event))
        elif isinstance(event, Notice):
            self._notices.append(event.text)

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Take outcomes, and send what has become enough."""
        self.gone += len(outcomes)
        self._outcomes += map(wire.of_outcome, outcomes)
        if len(self._outcomes) + len(self._attempts) >= 2 * MOST or time.monotonic() - self._sent_at >= SOON:
            self.flush()

    def park(self, tickets: Sequence[Ticket]) -> None:
        """Send tickets back, at once: they keep others out."""
        self.gone += len(tickets)
        self._parked += map(wire.of_parked, tickets)
        self.flush()

    def word(self, word: str, host: str, value: float) -> None:
        """Take what is to be said of a slice of a host."""
        self._words.append((word, host, value))

    def log(self, record: logging.LogRecord) -> None:
        """Take a line for the parent's log."""
        extra = {name: value for name, value in vars(record).items() if name not in _OURS}
        self._logs.append(wire.of_record(record, extra))

    def stands(self, in_flight: int, hosts: Sequence[wire.Row]) -> None:
        """Take how the hosts stand."""
        self._standing = (in_flight, tuple(hosts))

    def flush(self) -> None:
        """Send all that is there."""
        self._sent_at = time.monotonic()
        words = [self._words.popleft() for _ in range(len(self._words))]
        logs = [self._logs.popleft() for _ in range(len(self._logs))]
        news = (self._outcomes, self._attempts, self._parked, words, self._notices, logs, self._standing)
        if any(news):
            self.send(frames.NEWS, news)
        self._outcomes, self._attempts, self._parked, self._notices, self._standing = [], [], [], [], None

    def send(self, kind: int, value: Any = None) -> None:
        """Send a frame by itself; a child whose parent is gone ends here."""
        try:
            with self._lock:
                self._sock.sendall(frame(kind, value))
        except OSError:
            os._exit(ORPHANED)
