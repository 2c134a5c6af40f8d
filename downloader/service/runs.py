"""The jobs that have a process: what is said to them, and what they say."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from downloader.service.descriptions import described
from downloader.service.feeds import Feeds
from downloader.service.live import Live, Totals
from downloader.service.process import JobProcess
from downloader.service.shares import Division, Told
from downloader.service.states import State
from downloader.service.store import Record

GRACE = 10.0
"""Seconds beyond those of a drain after which a process that does not end is killed: its manifest is true anyway."""

LIST_EVERY = 1.0
"""Seconds between two progresses of a job in the list of jobs."""

PAST = 50
"""Ended jobs whose latest failures are still remembered."""

KEPT = ("counts", "codes", "lines", "bytes")
"""What of a progress is kept when the process is gone."""


@dataclass(slots=True)
class Run:
    """A job with a process."""

    record: Record
    process: JobProcess
    live: Live = field(default_factory=Live)
    wish: State | None = None  # what the job is to be when its process has drained
    last: dict[str, Any] | None = None  # its last word
    listed_at: float = 0.0
    deadline: asyncio.TimerHandle | None = None  # when it is killed

    def counts(self) -> dict[str, Any]:
        """Give what is to be kept of it."""
        known = {**self.record.counts, **self.live.progress, **(self.last or {})}
        return {name: known[name] for name in KEPT if name in known}


class Runs:
    """Owns the runs, and what they share. Used on the event loop alone."""

    def __init__(self, feeds: Feeds, limit_of: Callable[[str], int]) -> None:
        """Take where to tell, and what gives a host's limit."""
        self.totals = Totals()
        self._feeds = feeds
        self._division = Division(limit_of)
        self._runs: dict[str, Run] = {}
        self._past: OrderedDict[str, Live] = OrderedDict()

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(list(self._runs.values()))

    def of(self, job: str) -> Run | None:
        """Give a job's run, or None."""
        return self._runs.get(job)

    @property
    def in_flight(self) -> int:
        """How many images are being asked for, over all jobs."""
        return sum(run.live.progress.get("in_flight", 0) for run in self._runs.values())

    def describe(self, record: Record) -> dict[str, Any]:
        """Give a job as the API does."""
        run = self._runs.get(record.id)
        return described(record, run.live.progress if run else {})

    def snapshot(self, record: Record, hosts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Give a job with its latest failures and its hosts: those that were kept where no process has told of any."""
        run = self._runs.get(record.id)
        live = (run.live if run else self._past.get(record.id, Live())).snapshot()
        told = live["hosts"] or list(hosts)
        return {"job": self.describe(record), "hosts": told, "failures": live["failures"]}

    def enter(self, record: Record, process: JobProcess) -> Run:
        """Enter a process that was started for a job."""
        run = self._runs[record.id] = Run(record, process)
        return run

    def gone(self, run: Run) -> dict[str, Any]:
        """Enter that a process is gone, and what it shared is free; gives what is to be kept of it."""
        job, kept = run.record.id, run.counts()
        if run.deadline:
            run.deadline.cancel()
        self._pass_on(self._division.end(job))
        self.totals.end(job)
        run.live.progress = kept
        return kept

    def leave(self, run: Run) -> None:
        """Let a run go whose end is written down; what was known of it is remembered for a while."""
        job = run.record.id
        self._past[job] = self._runs.pop(job).live
        if len(self._past) > PAST:
            self._past.popitem(last=False)

    def pause(self, run: Run) -> None:
        """Have a job start nothing more, and let its places at hosts go."""
        run.process.tell({"word": "pause"})
        self._pass_on(self._division.idle(run.record.id, idle=True))

    def resume(self, run: Run) -> None:
        """Have a paused job go on."""
        run.process.tell({"word": "resume"})
        self._pass_on(self._division.idle(run.record.id, idle=False))

    def drain(self, run: Run, seconds: float, wish: State | None = None) -> None:
        """Have a process end when what is under way is done, or after so long; ``wish`` is what its job is then."""
        run.wish = wish
        run.process.tell({"word": "drain", "timeout": seconds})
        if run.deadline is None:
            run.deadline = asyncio.get_running_loop().call_later(seconds + GRACE, run.process.kill)

    def rotate(self) -> None:
        """Give the next jobs their turn at hosts that have fewer places than jobs."""
        self._pass_on(self._division.rotate())

    def hear(self, run: Run, said: dict[str, Any]) -> None:
        """Take what a process says."""
        job, event = run.record.id, said.pop("event")
        match event:
            case "uses":
                self._pass_on(self._division.use(job, said["host"], said["use"]))
            case "leaves":
                self._pass_on(self._division.leave(job, said["host"], said["use"]))
            case "fits":
                self._pass_on(self._division.fits(job, said["host"], said["use"], said["places"]))
            case "progress":
                self._progress(run, said)
            case "failures":
                run.live.failures.extend(said["failures"])
                self._feeds.of(job).tell("failures", said)
            case "ended" | "error":
                run.last = said | {"event": event}
                if event == "ended":
                    self.totals.take(job, said)
            case _:
                self.totals.rests += event == "rest"
                self._feeds.of(job).tell(event, said)

    def _progress(self, run: Run, said: dict[str, Any]) -> None:
        job = run.record.id
        self.totals.take(job, said)
        self._feeds.of(job).tell("progress", run.live.take(said))
        now = time.monotonic()
        if now >= run.listed_at:
            run.listed_at = now + LIST_EVERY
            self._feeds.of("").tell("progress", self.describe(run.record))

    def _pass_on(self, told: Iterable[Told]) -> None:
        for job, host, use, places in told:
            if run := self._runs.get(job):
                run.process.tell({"word": "shares", "shares": [[host, use, places]]})

    def paused(self) -> Sequence[Run]:
        """Give the runs whose jobs are paused."""
        return [run for run in self._runs.values() if run.record.state is State.PAUSED]
