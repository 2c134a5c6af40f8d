"""The pool of processes in which untrusted bytes are worked on, and nowhere else.

    with Pool(work, limits) as pool:
        pool.submit(key, body)          # while pool.room
        pool.done(timeout=0.25)         # [(key, result or error), …]

A worker that dies or overruns its time is replaced. The body it was at is tried once more in a worker that holds
nothing else, and only then named; whatever else it had in hand is done again by others, as if nothing had been.

Own code, for what the libraries do not give. ProcessPoolExecutor loses all work under way when a worker dies (250 of
500) and knows no time limit. pebble 5.2 loses one and has one, but sends every byte through pipes, needs threads beside
the engine's, and leaves a worker stuck in native code behind when the parent is killed. The parent's CPU time an image
(2 workers, median of 5 runs of 400), to hand over 20 KB, 355 KB, and 355 KB there and back: 26, 53 and 270 us here,
139, 307 and 486 with ProcessPoolExecutor, 111, 305 and 1091 with pebble.
"""

import multiprocessing
import os
import pickle
import selectors
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import forkserver
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

from downloader.errors import (
    DecoderCrashed,
    DecoderMemory,
    DecoderTimeout,
    DownloaderError,
    OutputError,
    ProcessError,
)
from downloader.postprocess.ahead import Ahead
from downloader.postprocess.seat import Job, Seat, no_process
from downloader.postprocess.worker import OUT_OF_MEMORY, Bug, Orders, Unready

T = TypeVar("T")

HUSHED = "downloader.postprocess.hushed"

STILLBORN = 3
"""Deaths in a row of workers that were never ready, from which no more are started."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How many workers, and what each may take: bytes of memory altogether, seconds an image."""

    workers: int
    memory: int
    timeout: float


class Pool(Generic[T]):
    """Works on bodies in worker processes; a context manager, used by one thread alone.

    ``work`` is picklable, and its module can be imported by the workers. What it raises of ours comes back as a value,
    but for OutputError, which ends the job; anything else is a bug and raised here with the worker's traceback.
    """

    def __init__(self, work: Callable[[bytes], T], limits: PoolLimits) -> None:
        self._limits = limits
        self._orders = Orders(pickle.dumps(work), limits.memory, limits.timeout)
        self._context = multiprocessing.get_context("forkserver")  # threads of the engine exist when a worker starts
        # Takes effect where this is the process's first pool; each worker then starts with its imports done.
        self._context.set_forkserver_preload(["__main__", __name__, work.__module__, HUSHED])
        self._ahead = Ahead(limits.workers)
        self._waiting: deque[Job] = deque()
        self._seats: list[Seat] = []
        self._links = selectors.DefaultSelector()
        self._stillborn = 0

    def __enter__(self) -> "Pool[T]":
        _start_server()
        try:
            for _ in range(self._limits.workers):
                self._seat_one()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def room(self) -> int:
        """How many more bodies may be handed over now; look before each, for bytes count too."""
        return self._ahead.room

    @property
    def under_way(self) -> int:
        """How many bodies have no result yet."""
        return self._ahead.count

    def submit(self, key: Hashable, body: bytes | Path) -> None:
        """Hand over a body; never blocks. A file is read by the worker and must stay until its result is there."""
        self._ahead.add(body)
        self._waiting.append(Job(key, body))
        self._hand_out()

    def done(self, timeout: float) -> Sequence[tuple[Hashable, T | DownloaderError]]:
        """Give the results there are, waiting up to ``timeout`` seconds for the first; none when nothing is under way.

        Also where deaths of workers are noticed. Raises OutputError when no worker can start or a file cannot be read,
        and RuntimeError for a bug in the work.
        """
        give_up = time.monotonic() + timeout
        found: list[tuple[Hashable, T | DownloaderError]] = []
        while self._ahead.count:
            patience = 0 if found else max(0.0, give_up - time.monotonic())
            heard = self._links.select(patience)
            for link, _ in heard:
                found += self._hear(link.data)
            self._hand_out()
            if not heard and (found or not patience):
                break
        return found

    def close(self) -> None:
        """End every worker at once, whatever it is at; nothing of them is left when this returns."""
        for seat in self._seats:
            seat.kill()
        while self._seats:
            self._seats.pop().end()
        self._links.close()

    def _seat_one(self) -> None:
        seat = Seat(self._context, self._orders)
        self._seats.append(seat)
        self._links.register(seat.link, selectors.EVENT_READ, seat)

    def _hand_out(self) -> None:
        while self._waiting and (seat := self._seat_for(self._waiting[0])):
            seat.hand(self._waiting.popleft())

    def _seat_for(self, job: Job) -> Seat | None:
        able = [seat for seat in self._seats if seat.takes(job)]
        return min(able, key=lambda seat: len(seat.in_hand), default=None)

    def _hear(self, seat: Seat) -> Iterator[tuple[Hashable, T | DownloaderError]]:
        """Take what one worker says: that it is ready, or one answer, or nothing more ever."""
        try:
            said = seat.hear()
        except (EOFError, OSError):
            yield from self._replace(seat)
            return
        if isinstance(said, Unready):
            raise _no_worker(said.reason)
        self._stillborn = 0
        if said is not None:
            job, answer = said
            yield self._settled(job, answer)

    def _settled(self, job: Job, answer: T | DownloaderError | Bug) -> tuple[Hashable, T | DownloaderError]:
        if isinstance(answer, Bug):
            raise RuntimeError(f"a bug in the work on {job.key!r}:\n{answer.trace}")  # noqa: TRY004 - a value's kind
        if isinstance(answer, OutputError):
            raise answer
        self._ahead.drop(job.body)
        return job.key, answer

    def _replace(self, seat: Seat) -> Iterator[tuple[Hashable, T | DownloaderError]]:
        """Put a new worker in a dead one's place, and judge the body that it was at."""
        self._links.unregister(seat.link)
        self._seats.remove(seat)
        began = seat.began
        status = seat.end()
        jobs = list(seat.in_hand)
        if not seat.ready:
            self._stillborn += 1
            if self._stillborn >= STILLBORN:
                raise _no_worker(f"{STILLBORN} in a row died while starting, the last with status {status}")
        elif began and jobs[0].suspected:
            yield self._settled(jobs.pop(0), self._verdict(status))
        elif began:
            jobs[0] = replace(jobs[0], suspected=True)
        self._waiting.extendleft(reversed(jobs))
        self._seat_one()

    def _verdict(self, status: int | None) -> ProcessError:
        if status == -signal.SIGALRM:
            return DecoderTimeout(f"not done after {self._limits.timeout:g} s, twice")
        if status == OUT_OF_MEMORY:
            return DecoderMemory(f"needs more than {self._limits.memory >> 20} MiB, tried twice")
        return DecoderCrashed(f"the worker died of it twice, the second time with {_named(status)}")


def _start_server() -> None:
    """Start the process that workers are forked from, with no code of the working directory in reach.

    multiprocessing starts it by ``python -c``, which looks for modules in the current directory first: a file
    ``socket.py`` there would be run.
    """
    os.putenv("PYTHONSAFEPATH", "1")  # the server inherits it; what the caller sees of the environment stays
    try:
        forkserver.ensure_running()
    except OSError as error:
        raise no_process(error) from error
    finally:
        if not sys.flags.safe_path:
            os.unsetenv("PYTHONSAFEPATH")


def _named(status: int | None) -> str:
    if status is not None and -status in signal.valid_signals():
        return signal.Signals(-status).name
    return f"status {status}"


def _no_worker(reason: str) -> OutputError:
    return OutputError(
        f"no worker process can start: {reason}; give each more with --worker-memory, or use --workers 0 for threads"
    )
