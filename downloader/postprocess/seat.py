"""One worker process as the parent sees it: what it was handed, and how it is heard of."""

import os
import pickle
import time
from collections import deque
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import reduction
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from downloader.errors import OutputError
from downloader.postprocess.ahead import DEPTH
from downloader.postprocess.shared import SLOT, Shared, nameless_file
from downloader.postprocess.worker import Orders, Unready, run

SERVERS = 2
"""Servers of processes that may die under our hands before it is taken for more than chance."""

BREATHER = 0.1
"""Seconds in which one that dies is gone, so that another is started."""

DYING = 5.0
"""Seconds within which the kernel ends a process that was killed, unless a broken disk holds it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A body, and what the caller knows it by. A suspected one was in work when its worker died."""

    key: Hashable
    body: bytes | Path = field(repr=False)
    suspected: bool = False


def no_process(error: Exception) -> OutputError:
    """Give the error for a system that starts no process."""
    reason = "the system lets its server start none" if isinstance(error, EOFError) else str(error)
    return OutputError(
        f"cannot start a worker process: {reason}; lower --workers, "
        "and guard a script of your own with if __name__ == '__main__'"
    )


class Seat:
    """Owns a worker process, its end of the link, and the shared slots. Used by the pool alone.

    A worker answers in the order of handing over, so the first in hand is what it is at, and slots go in a circle.
    """

    def __init__(self, context: ForkServerContext, orders: Orders) -> None:
        self.in_hand: deque[Job] = deque()
        self.ready = False
        self._answered = 0
        self._shared = Shared(DEPTH)
        self._filled, self._emptied = cycle(range(DEPTH)), cycle(range(DEPTH))
        self.link, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(theirs, self._shared, orders), name="worker", daemon=True)
        try:
            self._start()
        except (OSError, EOFError) as error:
            raise no_process(error) from error
        finally:
            theirs.close()

    def _start(self) -> None:
        """Start it; a server that is just dying, of a SIGTERM to the whole group say, is replaced by the next try."""
        for _ in range(SERVERS):
            with suppress(EOFError, ConnectionError):
                return self._process.start()
            time.sleep(BREATHER)
        return self._process.start()

    def takes(self, job: Job) -> bool:
        """Tell whether this job may be handed over now: a suspected one has its worker for itself."""
        if not self.in_hand:
            return True
        return len(self.in_hand) < DEPTH and not (job.suspected or self.in_hand[0].suspected)

    @property
    def began(self) -> bool:
        """Whether the worker was at the first job in hand: one that was dead before has no part in its death."""
        return self._shared.begun > self._answered

    def hand(self, job: Job) -> None:
        """Hand a job over. A worker that is dead already keeps it in hand until the pool hears of the death."""
        self.in_hand.append(job)
        slot, body = next(self._filled), job.body
        with suppress(BrokenPipeError, ConnectionResetError):
            if isinstance(body, Path):
                self.link.send((slot, body))
            elif len(body) <= SLOT:
                self._shared.write(slot, body)
                self.link.send((slot, len(body)))
            else:
                self.link.send((slot, len(body)))
                self._send_descriptor(body)

    def hear(self) -> tuple[Job, Any] | Unready | None:
        """Take what the worker says; None means that it is ready. Raises EOFError or OSError when it is dead."""
        said = self.link.recv()
        if said is None or isinstance(said, Unready):
            self.ready = said is None
            return said
        slot = next(self._emptied)
        self._answered += 1
        answer = pickle.loads(said) if isinstance(said, bytes) else self._shared.read(slot, said, pickle.loads)  # noqa: S301 - from our own worker
        return self.in_hand.popleft(), answer

    def kill(self) -> None:
        """Have the worker end, whatever it is at."""
        self._process.kill()

    def end(self) -> int | None:
        """Wait for the worker's death and let go of all that is its; gives the exit status, negative for a signal."""
        self._process.kill()  # its link may be closed while it still lives
        self._process.join(DYING)
        status = self._process.exitcode
        with suppress(ValueError):  # a disk holds it: the kernel ends it later
            self._process.close()
        self.link.close()
        self._shared.close()
        return status

    def _send_descriptor(self, body: bytes) -> None:
        with os.fdopen(nameless_file(), "wb") as file:
            file.write(body)
            file.flush()
            reduction.send_handle(self.link, file.fileno(), self._process.pid)
