"""Jobs' processes, from their start until it is written down how they ended."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from downloader.errors import OutputError, UsageError
from downloader.service.limits import laid_over
from downloader.service.memory import keep_hosts
from downloader.service.process import JobProcess
from downloader.service.runs import Run, Runs
from downloader.service.serving import Serving
from downloader.service.standings import Standings
from downloader.service.states import State
from downloader.service.store import Record
from downloader.service.verdicts import Ending, verdict

log = logging.getLogger(__name__)

LAST_DRAIN = 12.0
"""Seconds that transfers under way get when the service ends, of the 25 until it must be gone."""

LAST_WAIT = 18.0
"""Seconds after which a process that has not ended is killed; what it had committed is true all the same."""

AGAIN = 1.0
"""Seconds until an end is written down again, where the disk had no room for it."""


class Attendance:
    """Owns the tasks that listen to processes. Used on the event loop alone."""

    def __init__(
        self, serving: Serving, standings: Standings, runs: Runs, when_free: Callable[[], Awaitable[None]]
    ) -> None:
        """Take what to call when a process has made room for another."""
        self.closing = False
        self._serving = serving
        self._standings = standings
        self._runs = runs
        self._when_free = when_free
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, record: Record) -> None:
        """Start a job's process; a job for which there is none to be had has failed."""
        folder = self._serving.folder(record.id)
        try:
            process = await JobProcess.start(self._orders(record, folder), folder / "log", self._serving.environment)
        except (UsageError, OSError) as error:
            await self._standings.enter(record.id, state=State.FAILED, reason=str(error), ended=time.time())
            return
        task = asyncio.create_task(self._attend(self._runs.enter(record, process)), name=f"job {record.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        log.info("job %s runs as process %d", record.id, process.pid)
        began = record.started or time.time()
        await self._standings.enter(record.id, state=State.RUNNING, started=began, ended=None)

    async def close(self) -> None:
        """Drain what runs to its manifest; it goes on when the service is started again."""
        async with self._standings.changing:  # a process that is just being started is among them then
            self.closing = True
        for run in self._runs:
            self._runs.drain(run, LAST_DRAIN, run.wish)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=LAST_WAIT)
            for run in self._runs:
                run.process.kill()
            if late:
                await asyncio.wait(late, timeout=2.0)

    def _orders(self, record: Record, folder: Path) -> dict[str, Any]:
        settings = laid_over(self._serving.settings, record.options).replace(output=str(folder / "images"))
        bounds = self._serving.bounds
        return {
            "folder": str(folder / "images"),
            "list": str(folder / record.list),
            "codes": record.codes,
            "settings": settings.flat(),
            "surroundings": self._serving.surroundings.plain(),
            "most_urls": bounds.urls,
            "most_bytes": bounds.job_bytes,
            "most_pixels": bounds.job_pixels,
        }

    async def _attend(self, run: Run) -> None:
        """Listen to a process until it is gone, and settle its job."""
        async for said in run.process.heard():
            self._runs.hear(run, said)
        status = await run.process.end()
        log.info("job %s: process %d ended with %d", run.record.id, run.process.pid, status)
        async with self._standings.changing:
            counts = self._runs.gone(run)
        folder = self._serving.folder(run.record.id)
        await asyncio.to_thread(keep_hosts, folder, run.live.hosts.values())
        # It keeps its place until its end is written down: else it would be started again.
        settled = partial(self._is_settled, run, counts, status, folder / "log")
        while not await settled() and not self.closing:  # noqa: ASYNC110 - a disk tells nobody that it has room again
            await asyncio.sleep(AGAIN)
        await self._when_free()

    async def _is_settled(self, run: Run, counts: dict[str, Any], status: int, log_file: Path) -> bool:
        """Write down how a job ended; false where the disk has no room for that."""
        async with self._standings.changing:
            found = verdict(Ending(run.record, counts, run.last, run.wish, status, log_file, self.closing))
            try:
                record = await self._standings.enter(run.record.id, counts=counts, **(found or {}))
            except OutputError as error:
                log.warning("job %s: %s", run.record.id, error)
                return False
            self._runs.leave(run)
        if found and "ended" in found:
            self._standings.tell_done(record)
        return True
