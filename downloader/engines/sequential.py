"""The sequential engine: one image after another, the baseline that shows what waiting together is worth."""

import threading
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue

from downloader.engines.attempt import Account, Ended
from downloader.engines.blocking import BlockingClient
from downloader.engines.crew import name_those_left, over, patience, start
from downloader.engines.kit import Kit
from downloader.model import Failed, Fetched
from downloader.ports import Control, Emit, Schedule, Ticket


class SequentialEngine:
    """Fetches in one thread that takes the next ticket when the last is done.

    It is not the calling thread, so that beats, pause and drain work while a slow server is waited for.
    """

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._client = BlockingClient(kit)
        self._tickets: SimpleQueue[Ticket | None] = SimpleQueue()  # None: go home
        self._ended: SimpleQueue[Ended | BaseException | None] = SimpleQueue()  # None: look again
        self._busy: Ticket | None = None  # what the worker has in hand

    def fetch(self, schedule: Schedule, control: Control, emit: Emit) -> Iterator[Sequence[Fetched | Failed]]:
        """Hand tickets to the one worker, one at a time, and join it at the end."""
        account = Account(schedule, emit, tells=self._kit.attempts)
        control.on_change(lambda: self._ended.put(None))
        worker = threading.Thread(target=self._work, name="sequential")
        start(worker)
        try:
            while not over(schedule, control, under_way=self._busy is not None):
                self._hand_over(schedule, control)
                yield account.settle_all(self._take(patience(schedule, control, free=self._busy is None)))
                account.check()
            name_those_left(emit, [f"image-{self._busy.task.index}"] if self._busy else [])
        finally:
            self._tickets.put(None)
            self._client.close()
            if self._busy is None:
                worker.join()

    def _hand_over(self, schedule: Schedule, control: Control) -> None:
        ticket = schedule.take(time.monotonic()) if control.open and self._busy is None else None
        if ticket is not None:
            self._busy = ticket
            self._tickets.put(ticket)

    def _work(self) -> None:
        while (ticket := self._tickets.get()) is not None:
            try:
                self._ended.put(self._client.attempt(ticket))
            except BaseException as bug:  # noqa: BLE001 - the worker's wall: whatever it is, the engine must hear of it
                self._ended.put(bug)

    def _take(self, timeout: float) -> Sequence[Ended | BaseException]:
        try:
            ended = self._ended.get(timeout=timeout)
        except Empty:
            return ()
        if ended is None:
            return ()
        self._busy = None
        return (ended,)
