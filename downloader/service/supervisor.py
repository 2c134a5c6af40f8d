"""Which job runs when, and what becomes of it: the one place that changes a job's state."""

import asyncio
import logging
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from downloader.equipment import host_rules
from downloader.errors import DownloaderError, UsageError
from downloader.service.feeds import Feeds
from downloader.service.limits import laid_over
from downloader.service.process import JobProcess
from downloader.service.runs import Run, Runs
from downloader.service.serving import Serving
from downloader.service.states import MAY, State
from downloader.service.store import Key, Record, Store
from downloader.service.verdicts import Ending, verdict

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks at the queue, and at whose turn it is."""

LAST_DRAIN = 12.0
"""Seconds that transfers under way get when the service ends, of the 25 until it must be gone."""

LAST_WAIT = 18.0
"""Seconds after which a process that has not ended is killed; what it had committed is true all the same."""

CANCEL_DRAIN = 2.0
"""Seconds that transfers under way get when their job is cancelled."""


class Conflict(DownloaderError):
    """A word that cannot be said to a job as it stands."""


class NoSuchJob(DownloaderError):
    """There is no job of this id."""


class Supervisor:
    """Owns the jobs' processes and states. Used on the event loop alone."""

    def __init__(self, serving: Serving, store: Store, feeds: Feeds) -> None:
        self.closing = False
        self._serving = serving
        self._store = store
        self._feeds = feeds
        rules = host_rules(serving.settings)
        self.runs = Runs(feeds, lambda host: 0 if (rule := rules.of(host)).auto else rule.limit)
        self._tasks: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()
        self._ticker: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take up what an earlier life of the service left: queued jobs stay queued, running ones go on."""
        for record in await asyncio.to_thread(self._store.in_state, State.RUNNING):
            await asyncio.to_thread(self._store.change, record.id, state=State.QUEUED)
        for record in await asyncio.to_thread(self._store.in_state, State.DRAINING):
            await asyncio.to_thread(self._store.change, record.id, state=State.CANCELLED, ended=time.time())
        await asyncio.to_thread(self._sweep)
        self._ticker = asyncio.create_task(self._tick(), name="ticker")

    async def close(self) -> None:
        """Drain what runs to its manifest; it goes on when the service is started again."""
        self.closing = True
        if self._ticker:
            self._ticker.cancel()
        for run in self.runs:
            self.runs.drain(run, LAST_DRAIN, run.wish)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=LAST_WAIT)
            for run in self.runs:
                run.process.kill()
            if late:
                await asyncio.wait(late, timeout=2.0)

    def folder(self, job: str) -> Path:
        """Give a job's own folder."""
        return self._serving.jobs_folder / job

    async def submit(self, record: Record, key: Key | None) -> Record | None:
        """Queue a new job; gives None where its key was taken meanwhile."""
        added = await asyncio.to_thread(self._store.add, record, key)
        if added:
            log.info("job %s is queued", added.id)
            self._tell_state(added)
            await self._fill()
        return added

    async def find(self, job: str) -> Record:
        """Give a job; raises NoSuchJob."""
        record = await asyncio.to_thread(self._store.get, job)
        if record is None:
            raise NoSuchJob(f"there is no job {job!r}")
        return record

    async def pause(self, job: str) -> Record:
        """Hand out no more work of a job; transfers under way finish. It keeps its place until another job needs it."""
        async with self._changing:
            await self._may(job, "pause")
            if run := self.runs.of(job):
                run.wish = run.wish and State.PAUSED  # it was to be queued again when it has drained
                self.runs.pause(run)
            return await self._enter(job, state=State.PAUSED)

    async def resume(self, job: str) -> Record:
        """Go on: at once where the process still waits, else when it is the job's turn."""
        async with self._changing:
            await self._may(job, "resume")
            run = self.runs.of(job)
            if run and run.wish is None:
                self.runs.resume(run)
                return await self._enter(job, state=State.RUNNING)
            if run:
                run.wish = State.QUEUED
            record = await self._enter(job, state=State.QUEUED, ended=None, reason=None)
        await self._fill()
        return record

    async def cancel(self, job: str) -> Record:
        """Stop a job; what is done stays done."""
        async with self._changing:
            await self._may(job, "cancel")
            run = self.runs.of(job)
            if run is None:
                return await self._enter(job, state=State.CANCELLED, ended=time.time())
            self.runs.drain(run, CANCEL_DRAIN, State.CANCELLED)
            return await self._enter(job, state=State.DRAINING)

    async def retry(self, job: str, codes: Iterable[str]) -> Record:
        """Ask the failures of these codes again, all of them where none is named."""
        async with self._changing:
            await self._may(job, "retry")
            again = {"codes": list(codes), "ended": None, "reason": None}
            record = await self._enter(job, state=State.QUEUED, **again)
        await self._fill()
        return record

    async def delete(self, job: str) -> None:
        """Forget a job, and remove its folder."""
        async with self._changing:
            await self._may(job, "delete")
            if self.runs.of(job):
                raise Conflict(f"the process of job {job!r} has not ended yet: try again in a moment")
            await asyncio.to_thread(self._store.remove, job)
        self._feeds.drop(job)
        self._feeds.of("").tell("deleted", {"id": job})
        await asyncio.to_thread(shutil.rmtree, self.folder(job), ignore_errors=True)

    async def _may(self, job: str, word: str) -> Record:
        record = await self.find(job)
        if record.state not in MAY[word] or self.closing:
            why = "the service is ending" if self.closing else f"it is {record.state.value}"
            raise Conflict(f"job {job!r} cannot {word} now: {why}")
        return record

    async def _enter(self, job: str, **values: Any) -> Record:
        """Write a change down, and tell it."""
        await asyncio.to_thread(self._store.change, job, **values)
        record = await self.find(job)
        if run := self.runs.of(job):
            run.record = record
        self._tell_state(record)
        return record

    def _tell_state(self, record: Record) -> None:
        told = self.runs.describe(record)
        self._feeds.of(record.id).tell("job", told)
        self._feeds.of("").tell("job", told)

    async def _tick(self) -> None:
        while True:
            self.runs.rotate()
            await self._fill()
            await asyncio.sleep(TICK)

    async def _fill(self) -> None:
        """Start queued jobs while there are places and room on the disk."""
        async with self._changing:
            while not self.closing and (record := await asyncio.to_thread(self._store.first, State.QUEUED)):
                is_low = await asyncio.to_thread(self._is_low)
                if is_low or self.runs.of(record.id):
                    return
                if len(self.runs) >= self._serving.max_running:
                    self._free_a_place()
                    return
                await self._start(record)

    def _is_low(self) -> bool:
        return shutil.disk_usage(self._serving.data).free < self._serving.disk_floor

    def _free_a_place(self) -> None:
        """Have the process of a paused job end; the job stays paused."""
        paused = self.runs.paused()
        if paused and all(run.wish is None for run in self.runs):
            self.runs.drain(paused[0], CANCEL_DRAIN, State.PAUSED)

    async def _start(self, record: Record) -> None:
        folder = self.folder(record.id)
        try:
            orders = self._orders(record)
            process = await JobProcess.start(orders, folder / "log", self._serving.environment)
        except (UsageError, OSError) as error:
            await self._enter(record.id, state=State.FAILED, reason=str(error), ended=time.time())
            return
        task = asyncio.create_task(self._attend(self.runs.enter(record, process)), name=f"job {record.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        log.info("job %s runs as process %d", record.id, process.pid)
        await self._enter(record.id, state=State.RUNNING, started=record.started or time.time(), ended=None)

    def _orders(self, record: Record) -> dict[str, Any]:
        folder = self.folder(record.id)
        settings = laid_over(self._serving.settings, record.options).replace(output=str(folder / "images"))
        return {
            "folder": str(folder / "images"),
            "list": str(folder / record.list),
            "codes": record.codes,
            "settings": settings.flat(),
            "surroundings": self._serving.surroundings.plain(),
            "most_urls": self._serving.bounds.urls,
            "most_bytes": self._serving.bounds.job_bytes,
        }

    async def _attend(self, run: Run) -> None:
        """Listen to a process until it is gone, and settle its job."""
        async for said in run.process.heard():
            self.runs.hear(run, said)
        status = await run.process.end()
        log.info("job %s: process %d ended with %d", run.record.id, run.process.pid, status)
        async with self._changing:
            await self._settle(run, status)
        await self._fill()

    async def _settle(self, run: Run, status: int) -> None:
        job = run.record.id
        found = verdict(Ending(run.last, run.wish, status, self.folder(job) / "log", closing=self.closing))
        self.runs.leave(run)
        if found is None:
            await asyncio.to_thread(self._store.change, job, counts=run.counts())
            return
        state, reason = found
        ended = {} if state in (State.PAUSED, State.QUEUED) else {"ended": time.time()}
        record = await self._enter(job, state=state, reason=reason, counts=run.counts(), **ended)
        if ended:
            self._feeds.of(job).tell("done", self.runs.describe(record))

    def _sweep(self) -> None:
        """Remove folders of jobs that were never queued or are forgotten."""
        with suppress(OSError):
            for folder in self._serving.jobs_folder.iterdir():
                if self._store.get(folder.name) is None:
                    shutil.rmtree(folder, ignore_errors=True)
