"""The thread engine: a thread for each attempt, a semaphore for how many are at work, a join for each that ended."""

import threading
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue

from downloader.engines.attempt import BREATHER, Account, Ended
from downloader.engines.blocking import BlockingClient
from downloader.engines.crew import name_those_left, no_thread, over, patience
from downloader.engines.kit import Kit
from downloader.model import Failed, Fetched
from downloader.ports import Control, Emit, Schedule, Ticket


class ThreadEngine:
    """Fetches with ``threading.Thread(target=…, args=(ticket,))``, at most ``jobs`` of them at a time."""

    def __init__(self, kit: Kit) -> None:
        self._jobs = kit.jobs
        self._kit = kit
        self._client = BlockingClient(kit)
        self._permits = threading.Semaphore(kit.jobs)
        self._ended: SimpleQueue[Ended | BaseException | None] = SimpleQueue()  # None: look again
        self._threads: dict[str, threading.Thread] = {}

    def fetch(self, schedule: Schedule, control: Control, emit: Emit) -> Iterator[Sequence[Fetched | Failed]]:
        """Start a thread for each ticket, join each that ended, and at the end join those left."""
        account = Account(schedule, emit, tells=self._kit.attempts)
        control.on_change(lambda: self._ended.put(None))
        try:
            while not over(schedule, control, under_way=bool(self._threads)):
                self._start_threads(schedule, control)
                free = len(self._threads) < self._jobs
                yield account.settle_all(self._join_ended(patience(schedule, control, free=free)))
                account.check()
            name_those_left(emit, [name for name, thread in self._threads.items() if thread.is_alive()])
        finally:
            self._client.close()

    def _start_threads(self, schedule: Schedule, control: Control) -> None:
        # At most as many as permits in one go: where images come as fast as threads start, those that ended are
        # joined and stored before more are fetched.
        for _ in range(self._jobs):
            if not (control.open and self._permits.acquire(blocking=False)):
                return
            ticket = schedule.take(time.monotonic())
            if ticket is None or not self._start_thread(schedule, ticket):
                self._permits.release()
                return

    def _start_thread(self, schedule: Schedule, ticket: Ticket) -> bool:
        name = f"image-{ticket.task.index}"
        thread = threading.Thread(target=self._attempt, args=(ticket,), name=name)
        try:
            thread.start()
        except RuntimeError as error:
            schedule.put_back(ticket, time.monotonic(), BREATHER)
            if not self._threads:
                raise no_thread(error) from error
            return False  # the system gives no more just now: go on with those that run
        self._threads[name] = thread
        return True

    def _attempt(self, ticket: Ticket) -> None:
        """Run in a thread of its own: one attempt, the permit given back, its result handed over."""
        try:
            ended: Ended | BaseException = self._client.attempt(ticket)
        except BaseException as bug:  # noqa: BLE001 - the worker's wall: whatever it is, the engine must hear of it
            ended = bug
        self._permits.release()
        self._ended.put(ended)

    def _join_ended(self, timeout: float) -> Iterator[Ended | BaseException]:
        """Give each attempt that has ended, its thread joined; waits for the first up to ``timeout``."""
        try:
            ended = self._ended.get(timeout=timeout)
            while True:
                if isinstance(ended, Ended):
                    self._threads.pop(ended.worker.name).join()
                if ended is not None:
                    yield ended
                ended = self._ended.get_nowait()
        except Empty:
            return
