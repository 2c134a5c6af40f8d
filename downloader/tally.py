"""What observers hear of a job as a whole, and what its report says."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from downloader.errors import is_transient
from downloader.feeder import Unfinished
from downloader.manifest import Row
from downloader.model import Event, HostState, Known, ListEnded, Outcome, Report, Saved, Standing
from downloader.ports import Observer

STANDING_EVERY = 0.25
"""Seconds between two looks at how the whole job stands."""

MOST_HOSTS = 50
"""Hosts told of in one look."""


class Emitter:
    """Hands events to the observers."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)
        self._known = 0
        self._list_ended = False
        self._stands_at = 0.0

    def __call__(self, event: Event) -> None:
        """Hand on one event."""
        for observer in self._observers:
            observer(event)

    def progress(self, supply: Unfinished, tally: "Tally") -> None:
        """Tell what is new of the list: how much was known, and that its end was reached."""
        if tally.before != self._known:
            self._known = tally.before
            self(Known(self._known))
        if supply.list_ended and not self._list_ended:
            self._list_ended = True
            self(ListEnded(supply.lines))

    def standing(self, look: Callable[[float, int], tuple[int, Sequence[HostState]]], tally: "Tally") -> None:
        """Tell how the job stands, where the last look is long enough ago; ``look`` is the launcher's."""
        now = time.monotonic()
        if now >= self._stands_at:
            self._stands_at = now + STANDING_EVERY
            self(Standing(dict(tally.statuses), dict(tally.codes), *look(now, MOST_HOSTS)))


@dataclass(slots=True)
class Tally:
    """Counts what the report says."""

    folder: Path
    kept: Sequence[tuple[str, str | None, int]] = ()
    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    before: int = 0
    lines: int = 0  # that have an outcome, of whichever run
    fetched: int = 0
    last: int = -1  # the highest index of those
    bytes: int = 0
    attempts: int = 0
    worked: float = 0.0
    start: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        for status, code, number in self.kept:
            self._count(status, code, number)
            self.before += number

    def known(self, row: Row) -> None:
        """Count a row of an earlier run that is not asked again."""
        self.before += 1
        self.lines += 1
        self._count(row.status, row.code)

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes of this run; those told again change what was counted, and cost nothing new."""
        for outcome in outcomes:
            self._count(outcome.status, outcome.code)
            if outcome.instead:
                self._count(outcome.instead, None, -1)
                continue
            self.lines += 1
            self.attempts += outcome.effort.attempts
            self.worked += outcome.effort.seconds
            if isinstance(outcome, Saved):
                self.fetched += 1
                self.last = max(self.last, outcome.task.index)
                self.bytes += outcome.image.size

    def _count(self, status: str, code: str | None, number: int = 1) -> None:
        self.statuses[status] += number
        if status == "failed":
            self.codes[code or ""] += number

    def report(self, stopped: str | None, lines: int) -> Report:
        """Give the report of the job."""
        return Report(
            folder=self.folder,
            saved=self.statuses["saved"],
            skipped=self.statuses["skipped"],
            failed=dict(self.codes.most_common()),
            transient=sum(number for code, number in self.codes.items() if is_transient(code)),
            known=self.before,
            fetched=self.fetched,
            bytes=self.bytes,
            seconds=time.monotonic() - self.start,
            attempts=self.attempts,
            seconds_at_work=self.worked,
            lines=lines,
            stopped=stopped,
        )
