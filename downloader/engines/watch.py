"""A stop-watch for the phases of one attempt."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from downloader.model import Phases

PHASES = ("dns", "connect", "first_byte", "body", "check")


class Watch:
    """Adds up where an attempt's time goes. A phase within another is taken out of it, so that none counts twice.

    Used by one attempt, which is at one thing at a time. Where nobody measures there is none, and no clock is read.
    """

    __slots__ = ("_inner", "_start", "spent")

    def __init__(self, start: float) -> None:
        """Take when the attempt began, so that what is told of it ends when it did."""
        self._start = start
        self._inner = 0.0  # seconds of phases that have ended within the one that runs
        self.spent = dict.fromkeys(PHASES, 0.0)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a block as this phase."""
        begin, around = time.monotonic(), self._inner
        self._inner = 0.0
        try:
            yield
        finally:
            seconds = time.monotonic() - begin
            self.spent[name] += seconds - self._inner
            self._inner = around + seconds

    def phases(self, waited: float) -> Phases:
        """Give what was found, and the time that the attempt waited for a place."""
        return Phases(self._start, waited, **self.spent)


_NOBODY = nullcontext()


def phase(watch: Watch | None, name: str) -> AbstractContextManager[None]:
    """Time a block, if there is a watch."""
    return watch.phase(name) if watch else _NOBODY
