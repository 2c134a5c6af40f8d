"""The protocols between the parts, and Control: the page a contributor reads first.

    source ─► unfinished ─► engine.fetch ─► postprocess ─► sink.store ─► manifest.record ─► observers
    Line       Task          Fetched|Failed   + Skipped      Saved|…       (committed)

Stages are generators that are pulled. They carry batches (sequences, possibly empty) at most ``BEAT`` apart, so that
on every beat each stage does what is due and nothing waits for a silent neighbour.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias, TypeVar

from downloader.errors import FetchError
from downloader.model import Effort, Event, Failed, Fetched, HostState, Line, Outcome, Saved, Skipped, Task

BEAT = 0.25
"""Longest time, in seconds, between two batches of a stage."""

Emit: TypeAlias = Callable[[Event], None]


class Ticket(Protocol):
    """One task's turn at the engine, handed out by the schedule; it lives through all attempts."""

    task: Task
    attempt: int  # the number of the attempt under way, from 1
    waited: float  # seconds that it could have been under way, but for want of a permit or a place
    spent: Effort | None  # what its attempts have cost so far, entered by the engine


class Schedule(Protocol):
    """Says which task may start now. Called from the engine's own thread alone."""

    def take(self, now: float) -> Ticket | None:
        """Hand out a ticket that may start at this time, or None."""

    def done(self, ticket: Ticket, now: float) -> None:
        """Hear that the task was fetched."""

    def failed(self, ticket: Ticket, error: FetchError, now: float, at: str) -> float | None:
        """Hear of an attempt that failed at a host, "host:port"; it is not the task's own behind a redirect.

        Gives the wait until the next attempt, or None when there will be none.
        """

    def put_back(self, ticket: Ticket, now: float, wait: float) -> None:
        """Take a ticket back whose attempt could not start; it costs the task no try."""

    def refused(self) -> Iterator[tuple[Ticket, FetchError]]:
        """Give the tickets that end without being asked, and why."""

    def wait(self, now: float) -> float:
        """Say how many seconds may pass before ``take`` is worth calling again, if nothing else happens."""

    def exhausted(self) -> bool:
        """Tell whether nothing is waiting and nothing more will come; tickets under way are the engine's to know."""


class Source(Protocol):
    """Where lines come from."""

    def __iter__(self) -> Iterator[Line]:
        """Go through the lines once; raises InputError where they cannot be read."""


class Engine(Protocol):
    """How the waiting is done."""

    def fetch(self, schedule: Schedule, control: "Control", emit: Emit) -> Iterator[Sequence[Fetched | Failed]]:
        """Take tickets until the schedule is exhausted, yielding what became of them."""


class Sink(Protocol):
    """Where images go."""

    def store(self, stream: Iterable[Sequence[Fetched | Failed | Skipped]]) -> Iterator[Sequence[Outcome]]:
        """Put each image in place, then yield its outcome; raises OutputError when the machine cannot take it."""


class Claims(Protocol):
    """Whose name is whose in an output folder, over all runs."""

    def take(self, name: str, owner: str) -> bool:
        """Tell whether a name, without suffix, is this owner's: from now on, if it was nobody's."""


Siblings: TypeAlias = Callable[[str], Iterable[str]]
"""Gives the kept images whose path differs from the one given in its suffix at most: they may share its files."""


class Shelf(Sink, Protocol):
    """A sink that takes back what it stored, as --dedupe needs."""

    def drop(self, fetched: Fetched, siblings: Siblings) -> None:
        """Let an image go that is not to be stored, and what a crash has left of it in its place."""

    def withdraw(self, saved: Saved, siblings: Siblings) -> None:
        """Remove an image that was stored, where it still is what was stored; a part of it that is gone is no error."""


Supply_contra = TypeVar("Supply_contra", contravariant=True)
"""Who brings tickets and takes back those that must wait long: ``policy.supply.Supply``."""


class Launcher(Protocol[Supply_contra]):
    """Who turns tickets into outcomes: this process, several of this machine, or one day several machines.

    A context manager: parts and processes are there from ``with`` to its end. Used by the job's own thread alone.
    """

    def run(self, supply: Supply_contra) -> Generator[Sequence[Outcome], None, None]:
        """Pull tickets as there is room for them until the supply has ended, and yield what became of each.

        Nothing of it is recorded yet. Raises OutputError, after yielding what is in place.
        """

    def look(self, now: float, most: int) -> tuple[int, Sequence[HostState]]:
        """Give how many images are under way, and how the busiest hosts stand."""

    def learnt(self) -> dict[str, str]:
        """Say what was learnt of hosts, once the run is over."""

    @property
    def waited(self) -> float:
        """Seconds that images spent waiting for look-ups, summed."""


class Observer(Protocol):
    """Who hears of what happened: progress, the page, a log."""

    def __call__(self, event: Event) -> None:
        """Take one event; outcomes come after their commit."""


class Control:
    """Pause, drain and abandon: how a running job is told to stop. Safe to call from signal handlers and threads.

    ``drain`` lets nothing new start and waits for what runs, up to its time limit; ``abandon`` waits for nothing.
    Engines register ``on_change`` so that a word said here, or a line that arrives, wakes them at once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paused = False
        self._abandoned = False
        self._give_up_at: float | None = None
        self._listeners: list[Callable[[], None]] = []
        self.reason: str | None = None

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` at every change; it must not block."""
        self._listeners.append(listener)

    def wake(self) -> None:
        """Have the engine look again now."""
        for listener in self._listeners:
            listener()

    def pause(self) -> None:
        """Hand out no work until ``resume``; transfers under way finish."""
        self._paused = True
        self.wake()

    def resume(self) -> None:
        """Hand out work again."""
        self._paused = False
        self.wake()

    def drain(self, reason: str, timeout: float) -> None:
        """Start nothing new and wait up to ``timeout`` seconds for what runs; the first reason stays."""
        self.reason = self.reason or reason
        if self._give_up_at is None:
            self._give_up_at = self._clock() + timeout
        self.wake()

    def abandon(self, reason: str) -> None:
        """Wait for nothing."""
        self.reason = self.reason or reason
        self._abandoned = True
        self.wake()

    @property
    def open(self) -> bool:
        """Whether new work may start."""
        return not (self._paused or self.stopping)

    @property
    def stopping(self) -> bool:
        """Whether the job is to end before its list does."""
        return self._abandoned or self._give_up_at is not None

    @property
    def paused(self) -> bool:
        """Whether ``resume`` is waited for."""
        return self._paused

    @property
    def time_left(self) -> float | None:
        """Seconds that what runs still has; None where nobody stops the job."""
        if self._abandoned or self._give_up_at is None:
            return 0.0 if self._abandoned else None
        return max(0.0, self._give_up_at - self._clock())

    @property
    def leave_now(self) -> bool:
        """Whether what still runs is to be left behind."""
        return self._abandoned or (self._give_up_at is not None and self._clock() >= self._give_up_at)
