"""The thread engine: a thread for each attempt, a semaphore for how many are at work, a join for each that ended."""

import threading
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue

from downloader.engines.attempt import BREATHER, Account, Ended
from downloader.engines.blocking import BlockingClient
from downloader.engines.crew import name_those_left, over, patience
from downloader.engines.kit import Kit
from downloader.errors import OutputError
from downloader.model import Failed, Fetched
from downloader.ports import Control, Emit, Schedule, Ticket


class ThreadEngine:
    """Fetches with ``threading.Thread(target=…, args=(ticket,))``, at most ``jobs`` of them at a time."""

    def __init__(self, kit: Kit) -> None:
        self._client = BlockingClient(kit)
        self._permits = threading.Semaphore(kit.jobs)
        self._ended: SimpleQueue[Ended | BaseException | None] = SimpleQueue()  # None: look again
        self._threads: dict[str, threading.Thread] = {}

    def fetch(self, schedule: Schedule, control: Control, emit: Emit) -> Iterator[Sequence[Fetched | Failed]]:
        """Start a thread for each ticket, join each that ended, and at the end join those left."""
        account = Account(schedule, emit)
        control.on_change(lambda: self._ended.put(None))
        try:
            while not over(schedule, control, under_way=bool(self._threads)):
                self._start_threads(schedule, control)
                yield self._join_ended(account, self._patience(schedule, control))
            name_those_left(emit, [name for name, thread in self._threads.items() if thread.is_alive()])
        finally:
            self._client.close()

    def _start_threads(self, schedule: Schedule, control: Control) -> None:
        while control.open and self._permits.acquire(blocking=False):
            ticket = schedule.take(time.monotonic())
            if ticket is None:
                self._permits.release()
                return
            name = f"image-{ticket.task.index}"
            thread = threading.Thread(target=self._attempt, args=(ticket,), name=name)
            try:
                thread.start()
            except RuntimeError as error:
                # The permit stays taken: as many threads as run now are all the system gives.
                schedule.put_back(ticket, time.monotonic() + BREATHER)
                self._go_on_with_fewer(error)
                return
            self._threads[name] = thread

    def _attempt(self, ticket: Ticket) -> None:
        """Run in a thread of its own: one attempt, its result handed over, the permit given back."""
        try:
            ended: Ended | BaseException = self._client.attempt(ticket)
        except BaseException as bug:  # noqa: BLE001 - the worker's wall: whatever it is, the engine must hear of it
            ended = bug
        self._permits.release()
        self._ended.put(ended)

    def _join_ended(self, account: Account, timeout: float) -> Sequence[Fetched | Failed]:
        results: list[Fetched | Failed] = []
        try:
            ended = self._ended.get(timeout=timeout)
            while True:
                if ended is not None:
                    results += self._join(account, ended)
                ended = self._ended.get_nowait()
        except Empty:
            return results

    def _join(self, account: Account, ended: Ended | BaseException) -> Sequence[Fetched | Failed]:
        if isinstance(ended, BaseException):
            raise ended
        self._threads.pop(ended.worker.name).join()
        result = account.settle(ended)
        return [result] if result else []

    def _patience(self, schedule: Schedule, control: Control) -> float:
        return patience(schedule, control, free=self._permits._value > 0)

    def _go_on_with_fewer(self, error: RuntimeError) -> None:
        if not self._threads:
            raise OutputError(
                f"the system starts no thread ({error}): raise its limit, or use --engine async"
            ) from error
