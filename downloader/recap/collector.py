"""Listens to a run and keeps, in memory that does not grow with it, what its report will tell."""

import heapq
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count

from downloader.model import Committed, Event, Failed, Outcome, Saved
from downloader.recap.hosts import Hosts
from downloader.recap.made import changed, versions
from downloader.recap.record import PERCENTILES, Cause, Counts, Ending, Recap, Slow
from downloader.recap.series import Durations, Series
from downloader.settings import Settings

SLOWEST = 10


class Collector:
    """An observer: given to a job, and asked for the recap when that is over. Used by the job's thread alone."""

    def __init__(self) -> None:
        self._began = time.time()
        self._start = time.monotonic()
        self._statuses: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._samples: dict[str, tuple[str, str]] = {}  # by code: URL and detail of the first
        self._fetched = self._bytes = self._attempts = 0
        self._worked = 0.0
        self._series, self._durations, self._hosts = Series(), Durations(), Hosts()
        self._slowest: list[tuple[float, int, Slow]] = []  # a heap, its least at the front
        self._order = count()  # decides between equals, so that records are never compared

    def __call__(self, event: Event) -> None:
        """Count what was committed."""
        if isinstance(event, Committed):
            for outcome in event.outcomes:
                self._count(outcome)

    def _count(self, outcome: Outcome) -> None:
        self._statuses[outcome.status] += 1
        if outcome.instead:  # told before: its place changes, what it cost was counted
            self._statuses[outcome.instead] -= 1
            return
        size = outcome.image.size if isinstance(outcome, Saved) else 0
        images, failures = int(isinstance(outcome, Saved)), int(isinstance(outcome, Failed))
        if isinstance(outcome, Failed):
            self._codes[outcome.code] += 1
            self._samples.setdefault(outcome.code, (outcome.task.url, outcome.detail))
        self._fetched += images
        self._bytes += size
        self._attempts += outcome.effort.attempts
        self._worked += outcome.effort.seconds
        self._series.add(self._moment(outcome), images, failures, size)
        self._hosts.add(outcome.task.host, images, failures, size, outcome.effort.seconds)
        if outcome.effort.attempts:
            self._time(outcome)

    def _time(self, outcome: Outcome) -> None:
        effort = outcome.effort
        self._durations.add(effort.seconds)
        if len(self._slowest) == SLOWEST and effort.seconds <= self._slowest[0][0]:
            return
        slow = Slow(effort.seconds, outcome.task.url, effort.attempts, outcome.code)
        entry = (effort.seconds, next(self._order), slow)
        (heapq.heappushpop if len(self._slowest) == SLOWEST else heapq.heappush)(self._slowest, entry)

    def _moment(self, outcome: Outcome) -> float:
        """Say when it ended, in seconds after the start: when it was fetched, which a commit is later than.

        A clock that was set while the job ran must not put it outside of the run.
        """
        now = time.monotonic() - self._start
        last = outcome.effort.last
        return min(max(last - self._began, 0.0), now) if last else now

    def recap(self, ending: Ending, settings: Settings, learnt: Mapping[str, str]) -> Recap:
        """Give what the report tells; ``learnt`` is what the run has learnt of hosts."""
        hosts, others = self._hosts.top(learnt)
        return Recap(
            ending=ending,
            began=self._began,
            seconds=time.monotonic() - self._start,
            run=Counts(self._statuses["saved"], self._statuses["skipped"], dict(self._codes.most_common())),
            fetched=self._fetched,
            bytes=self._bytes,
            attempts=self._attempts,
            seconds_at_work=self._worked,
            causes=self._causes(),
            hosts=hosts,
            other_hosts=others,
            course=self._series.course(),
            percentiles=self._durations.percentiles(PERCENTILES),
            longest=self._durations.longest,
            slowest=[slow for _, _, slow in sorted(self._slowest, reverse=True)],
            settings=settings.without_secrets(),
            changed=changed(settings),
            versions=versions(),
        )

    def _causes(self) -> Sequence[Cause]:
        return [Cause(code, number, *self._samples[code]) for code, number in self._codes.most_common()]
