"""The async engine: one event loop, one aiohttp session, a task for each attempt in a task group.

The loop runs in the thread that pulls the results, between two pulls: no hand-off, and back-pressure is free.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from downloader.engines.attempt import Account, Ended
from downloader.engines.awaiting import AwaitingClient
from downloader.engines.crew import name_those_left, over, patience
from downloader.engines.kit import Kit
from downloader.model import Failed, Fetched
from downloader.ports import Control, Emit, Schedule, Ticket


class AsyncEngine:
    """Fetches with one coroutine an attempt, at most ``jobs`` of them at a time."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._permits = asyncio.Semaphore(kit.jobs)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended: list[Ended | BaseException] = []
        self._pulled = asyncio.Event()  # somebody pulls: look for work
        self._news = asyncio.Event()  # an attempt has ended, Control has changed, or a line has arrived

    def fetch(self, schedule: Schedule, control: Control, emit: Emit) -> Iterator[Sequence[Fetched | Failed]]:
        """Let the loop run until something ended, give what it was, and so on until the schedule is exhausted."""
        account = Account(schedule, emit, tells=self._kit.attempts)
        with asyncio.Runner(loop_factory=_StoppingLoop) as runner:  # which cancels whoever is left when it closes
            loop = runner.get_loop()
            control.on_change(lambda: self._tell(loop))
            crew = loop.create_task(self._crew(schedule, control))
            crew.add_done_callback(lambda _: self._news.set())
            while not crew.done():
                loop.run_until_complete(self._round(schedule, control))
                yield account.settle_all(self._take_ended())
                account.check()
                if control.leave_now:
                    name_those_left(emit, list(self._tasks))
                    return
            try:
                crew.result()
            except BaseExceptionGroup as group:  # the crew's own error: tasks hand theirs over
                raise group.exceptions[0] from group

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(RuntimeError):  # closed: the job is over
            loop.call_soon_threadsafe(self._news.set)

    async def _crew(self, schedule: Schedule, control: Control) -> None:
        """Start a task for each ticket; the group is the barrier that waits for those left."""
        async with AwaitingClient(self._kit) as client, asyncio.TaskGroup() as group:
            while not over(schedule, control, under_way=bool(self._tasks or self._ended)):
                await self._start_tasks(client, group, schedule, control)
                await self._pulled.wait()
                self._pulled.clear()

    async def _start_tasks(
        self, client: AwaitingClient, group: asyncio.TaskGroup, schedule: Schedule, control: Control
    ) -> None:
        while control.open and not self._permits.locked():
            ticket = schedule.take(time.monotonic())
            if ticket is None:
                return
            await self._permits.acquire()
            name = f"image-{ticket.task.index}"
            self._tasks[name] = group.create_task(self._attempt(client, ticket, name), name=name)

    async def _attempt(self, client: AwaitingClient, ticket: Ticket, name: str) -> None:
        try:
            ended: Ended | BaseException = await client.attempt(ticket, name)
        except Exception as bug:  # noqa: BLE001 - the worker's wall: whatever it is, the engine must hear of it
            ended = bug
        finally:
            del self._tasks[name]
            self._permits.release()
        # Only now: `self._ended.append(await …)` would append to the list of before the wait.
        self._ended.append(ended)
        self._news.set()

    async def _round(self, schedule: Schedule, control: Control) -> None:
        """Have the crew start what may start, then wait for an end, at most until the next beat or due time."""
        self._pulled.set()
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(patience(schedule, control, free=not self._permits.locked())):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    def _take_ended(self) -> Sequence[Ended | BaseException]:
        ended, self._ended = self._ended, []
        return ended


class _StoppingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands while nobody runs it.

    Else a consumer that is slow to take results, a full pipe or a network disk, would make time-outs of images that
    had come in time.
    """

    _stood = 0.0
    _stopped_at: float | None = None

    def time(self) -> float:
        return super().time() - self._stood

    def run_forever(self) -> None:
        if self._stopped_at is not None:
            self._stood += super().time() - self._stopped_at
        try:
            super().run_forever()
        finally:
            self._stopped_at = super().time()
