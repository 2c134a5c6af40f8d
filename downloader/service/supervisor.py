"""Which job runs when, and what may be said to it."""

import asyncio
import logging
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from downloader.equipment import host_rules
from downloader.errors import OutputError
from downloader.manifest.views import Cause, causes
from downloader.service.attendance import Attendance
from downloader.service.feeds import Feeds
from downloader.service.reading import read
from downloader.service.runs import Runs
from downloader.service.serving import Serving
from downloader.service.standings import Conflict, Standings
from downloader.service.states import State
from downloader.service.store import Key, Record, Store

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks at the queue, and at whose turn it is."""

CANCEL_DRAIN = 2.0
"""Seconds that transfers under way get when their job is cancelled."""


class Supervisor:
    """Owns the queue: every word about a job is said here. Used on the event loop alone."""

    def __init__(self, serving: Serving, store: Store, feeds: Feeds) -> None:
        self._serving = serving
        self._store = store
        rules = host_rules(serving.settings)
        self.runs = Runs(feeds, lambda host: 0 if (rule := rules.of(host)).auto else rule.limit)
        self._standings = Standings(store, feeds, self.runs)
        self._attendance = Attendance(serving, self._standings, self.runs, self._fill)
        self._changing = self._standings.changing
        self._ticker: asyncio.Task[None] | None = None
        self.find = self._standings.find

    async def open(self) -> None:
        """Take up what an earlier life of the service left: queued jobs stay queued, running ones go on."""
        for record in await asyncio.to_thread(self._store.in_state, State.RUNNING):
            await self._standings.note(record.id, state=State.QUEUED)
        for record in await asyncio.to_thread(self._store.in_state, State.DRAINING):
            await self._standings.note(record.id, state=State.CANCELLED, ended=time.time())
        await asyncio.to_thread(self._sweep)
        self._ticker = asyncio.create_task(self._tick(), name="ticker")

    async def close(self) -> None:
        """Drain what runs; it goes on when the service is started again."""
        if self._ticker:
            self._ticker.cancel()
        await self._attendance.close()

    @property
    def closing(self) -> bool:
        """Whether the service is ending."""
        return self._attendance.closing

    def folder(self, job: str) -> Path:
        """Give a job's own folder."""
        return self._serving.folder(job)

    async def submit(self, record: Record, key: Key | None) -> Record | None:
        """Queue a new job; gives None where its key was taken meanwhile."""
        added = await self._standings.add(record, key)
        if added:
            log.info("job %s is queued", added.id)
            await self._fill()
        return added

    async def pause(self, job: str) -> Record:
        """Hand out no more work of a job; transfers under way finish. It keeps its place until another job needs it."""
        async with self._changing:
            await self._may(job, "pause")
            if run := self.runs.of(job):
                run.wish = run.wish and State.PAUSED  # it was to be queued again when it has drained
                self.runs.pause(run)
            return await self._standings.enter(job, state=State.PAUSED)

    async def resume(self, job: str) -> Record:
        """Go on: at once where the process still waits, else when it is the job's turn."""
        async with self._changing:
            await self._may(job, "resume")
            run = self.runs.of(job)
            if run and run.wish is None:
                self.runs.resume(run)
                return await self._standings.enter(job, state=State.RUNNING)
            if run:
                run.wish = State.QUEUED
            record = await self._standings.enter(job, state=State.QUEUED, ended=None, reason=None)
        await self._fill()
        return record

    async def cancel(self, job: str) -> Record:
        """Stop a job; what is done stays done."""
        async with self._changing:
            await self._may(job, "cancel")
            run = self.runs.of(job)
            if run is None:
                return await self._standings.enter(job, state=State.CANCELLED, ended=time.time())
            self.runs.drain(run, CANCEL_DRAIN, State.CANCELLED)
            return await self._standings.enter(job, state=State.DRAINING)

    async def retry(self, job: str, codes: Sequence[str]) -> Record:
        """Ask the failures of these codes again, all of them where none is named; raises Conflict for no such one."""
        async with self._changing:
            await self._may(job, "retry")
            nothing: Sequence[Cause] = ()
            found = {cause.code for cause in await read(self.folder(job) / "images", causes, nothing)}
            if not (found & set(codes) if codes else found):
                about = f" by {', '.join(codes)}" if codes else ""
                raise Conflict(f"job {job!r} has nothing to retry: nothing failed{about}")
            again = {"codes": list(codes), "ended": None, "reason": None}
            record = await self._standings.enter(job, state=State.QUEUED, **again)
        await self._fill()
        return record

    async def delete(self, job: str) -> None:
        """Forget a job, and remove its folder."""
        async with self._changing:
            await self._may(job, "delete")
            if self.runs.of(job):
                raise Conflict(f"the process of job {job!r} has not ended yet: try again in a moment")
            try:
                await self._standings.remove(job)
            except OutputError:  # a full disk: with the images gone there is room to write that
                await self._clear(job)
                await self._standings.remove(job)
        await self._clear(job)

    async def _clear(self, job: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self.folder(job), ignore_errors=True)

    async def _may(self, job: str, word: str) -> Record:
        if self.closing:
            raise Conflict(f"job {job!r} cannot {word} now: the service is ending")
        return await self._standings.may(job, word)

    async def _tick(self) -> None:
        while True:
            self.runs.rotate()
            try:
                await self._fill()
            except OutputError as error:  # a full disk may have room again
                log.warning("the queue waits: %s", error)
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
                await self._attendance.start(record)

    def _is_low(self) -> bool:
        return shutil.disk_usage(self._serving.data).free < self._serving.disk_floor

    def _free_a_place(self) -> None:
        """Have the process of a paused job end; the job stays paused."""
        paused = self.runs.paused()
        if paused and all(run.wish is None for run in self.runs):
            self.runs.drain(paused[0], CANCEL_DRAIN, State.PAUSED)

    def _sweep(self) -> None:
        """Remove folders of jobs that were never queued or are forgotten."""
        with suppress(OSError):
            for folder in self._serving.jobs_folder.iterdir():
                if self._store.get(folder.name) is None:
                    shutil.rmtree(folder, ignore_errors=True)
