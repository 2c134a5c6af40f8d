"""Ends attempts that take longer than they may, for the engine whose workers await.

A timer for each attempt, set and taken back, costs as much as judging the head of its answer. Here all are looked at
together, every ``TICK``: what is late is late by that much more.
"""

import asyncio
from itertools import takewhile
from types import TracebackType
from typing import Self

from downloader.errors import TimedOut

TICK = 0.1
"""Seconds between two looks, where the limit is not so short that this would be felt."""


class Sentry:
    """Looks after the attempts of one loop, all of which may take the same time; a context manager."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._tick = min(TICK, longest / 10)
        self._due: dict[asyncio.Task[object], float] = {}  # in the order in which they are due, by the loop's clock
        self._late: set[asyncio.Task[object]] = set()

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(self._tick, self._look)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def watch(self) -> None:
        """Look after the calling task from now on."""
        self._due[_current()] = self._loop.time() + self._longest

    def leave(self) -> None:
        """Look after the calling task no more."""
        task = _current()
        self._due.pop(task, None)
        self._late.discard(task)

    def late(self) -> TimedOut | None:
        """Tell a task that was cancelled whether it was for being late; it goes on then."""
        task = _current()
        if task not in self._late:
            return None
        task.uncancel()
        return TimedOut("the whole attempt took longer than --timeout")

    def _look(self) -> None:
        now = self._loop.time()
        for task in list(takewhile(lambda task: self._due[task] <= now, self._due)):
            del self._due[task]
            self._late.add(task)
            task.cancel()
        self._timer = self._loop.call_later(self._tick, self._look)


def _current() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("only tasks can be looked after")
    return task
