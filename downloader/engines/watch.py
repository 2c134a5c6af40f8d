"""A stop-watch for the phases of one attempt."""

import time
from contextlib import AbstractContextManager, nullcontext

from downloader.model import Phases

PHASES = ("dns", "connect", "first_byte", "body", "check")


class Watch:
    """Adds up where an attempt's time goes. A phase within another is taken out of it, so that none counts twice.

    Used by one attempt, which is at one thing at a time. Where nobody measures there is none, and no clock is read.
    """

    __slots__ = ("_start", "inner", "spent")

    def __init__(self, start: float) -> None:
        """Take when the attempt began, so that what is told of it ends when it did."""
        self._start = start
        self.inner = 0.0  # seconds of phases that have ended within the one that runs
        self.spent = dict.fromkeys(PHASES, 0.0)

    def phases(self, waited: float) -> Phases:
        """Give what was found, and the time that the attempt waited for a place."""
        return Phases(self._start, waited, **self.spent)


class _Phase:
    """Times a block. A class of its own, because a generator's context manager costs twice as much."""

    __slots__ = ("_around", "_begin", "_name", "_watch")

    def __init__(self, watch: Watch, name: str) -> None:
        self._watch = watch
        self._name = name

    def __enter__(self) -> None:
        self._around = self._watch.inner
        self._watch.inner = 0.0
        self._begin = time.monotonic()

    def __exit__(self, *_: object) -> None:
        seconds, watch = time.monotonic() - self._begin, self._watch
        watch.spent[self._name] += seconds - watch.inner
        watch.inner = self._around + seconds


_NOBODY = nullcontext()


def phase(watch: Watch | None, name: str) -> AbstractContextManager[None]:
    """Time a block as this phase, if there is a watch."""
    return _Phase(watch, name) if watch else _NOBODY
