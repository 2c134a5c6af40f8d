"""The curl engine: libcurl's multi interface, a transfer for each attempt, all in the thread that pulls the results.

Python starts a transfer, takes its bytes and judges it; libcurl does all the waiting, for all of them at once.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from heapq import heappop

import pycurl

from downloader.engines.attempt import Account, Attempt, Ended
from downloader.engines.crew import name_those_left, over, patience
from downloader.engines.kit import Kit
from downloader.engines.multi import ended, make_driver
from downloader.engines.transfer import LOOK, Shared, Transfer
from downloader.errors import FetchError, Starved
from downloader.model import Failed, Fetched, Worker
from downloader.ports import Control, Emit, Schedule, Ticket


class CurlEngine:
    """Fetches with one libcurl transfer an attempt, at most ``jobs`` of them at a time."""

    def __init__(self, kit: Kit) -> None:
        kit.ways.check_trust()
        self._kit = kit
        self._stood = 0.0  # seconds in which nobody pulled, and our clock stood
        self._shared = Shared(kit, self._clock)
        self._idle: list[Transfer] = []
        self._under_way: dict[Transfer, str] = {}  # and the name of each worker
        self._resolved: deque[tuple[Transfer, Future[Sequence[str]]]] = deque()
        self._ended: list[Ended | BaseException] = []
        self._look_at = 0.0

    def fetch(self, schedule: Schedule, control: Control, emit: Emit) -> Iterator[Sequence[Fetched | Failed]]:
        """Start transfers, let libcurl work until one ended, give what it was, and so on until the list is."""
        account = Account(schedule, emit, tells=self._kit.attempts)
        self._driver = make_driver(self._kit.jobs, max(2 * self._kit.jobs, min(self._kit.ceiling, 256)))
        control.on_change(self._driver.wake)
        self._thread = threading.get_native_id()
        try:
            while not over(schedule, control, under_way=bool(self._under_way or self._ended)):
                self._start(schedule, control)
                self._turn(patience(schedule, control, free=len(self._under_way) < self._kit.jobs))
                results = account.settle_all(self._take_ended())
                error = self._start_early(schedule, control) if results else None
                stopped = time.monotonic()
                yield results
                self._stood += time.monotonic() - stopped
                if error:
                    raise error
                account.check()
            name_those_left(emit, list(self._under_way.values()))
        finally:
            self._close()

    def _clock(self) -> float:
        return time.monotonic() - self._stood

    def _start(self, schedule: Schedule, control: Control) -> None:
        for _ in range(self._kit.jobs):
            if not control.open or len(self._under_way) >= self._kit.jobs:
                return
            ticket = schedule.take(time.monotonic())
            if ticket is None:
                return
            self._begin(ticket)

    def _start_early(self, schedule: Schedule, control: Control) -> Exception | None:
        """Start what may, so that servers work while results are stored; gives what went wrong, to come behind them."""
        try:
            self._start(schedule, control)
            self._driver.begin()
        except Exception as error:  # noqa: BLE001 - raised when the results are out
            return error
        return None

    def _begin(self, ticket: Ticket) -> None:
        name = f"image-{ticket.task.index}"
        attempt = Attempt(ticket, Worker(name, self._thread), self._kit, self._clock)
        transfer = self._idle.pop() if self._idle else Transfer(self._shared)
        self._under_way[transfer] = name
        try:
            transfer.begin(attempt)
        except FetchError as error:
            self._end(transfer, attempt.failed(error))
            return
        self._hop(transfer)

    def _hop(self, transfer: Transfer) -> None:
        """Begin a hop: at once where its host is known, else when it has been looked up."""
        try:
            answer = transfer.hop()
            if answer.done():
                self._launch(transfer, answer)
            else:
                answer.add_done_callback(lambda answer: self._told(transfer, answer))
        except (FetchError, Starved) as error:
            self._end(transfer, transfer.attempt.failed(error))
        except Exception as bug:  # noqa: BLE001 - the worker's wall: whatever it is, the job must hear of it
            self._end(transfer, bug)

    def _told(self, transfer: Transfer, answer: "Future[Sequence[str]]") -> None:
        """Hear of a look-up, in the resolver's thread."""
        self._resolved.append((transfer, answer))
        self._driver.wake()

    def _launch(self, transfer: Transfer, answer: "Future[Sequence[str]]") -> None:
        try:
            transfer.aim(answer)
            self._driver.multi.add_handle(transfer.easy)
        except (FetchError, Starved) as error:
            self._end(transfer, transfer.attempt.failed(error))

    def _turn(self, timeout: float) -> None:
        now = self._clock()
        naps = self._shared.naps
        due = min(self._look_at, naps[0][0]) if naps else self._look_at
        if self._ended:
            timeout = 0.0
        elif self._under_way:
            timeout = max(0.0, min(timeout, due - now))
        self._driver.turn(timeout)
        self._shared.pins.read()
        for easy, code, said in ended(self._driver.multi):
            transfer = easy.transfer
            if transfer.rested:
                transfer.ended = (code, said)
            else:
                self._over(transfer, code, said)
        while self._resolved:
            transfer, answer = self._resolved.popleft()
            if transfer.answer is answer:
                self._launch(transfer, answer)
        self._wake_up()
        if self._look_at <= (now := self._clock()):
            self._driver.begin()  # or timers that libcurl has not started would tell of the transfer before
            self._look(now)

    def _over(self, transfer: Transfer, code: int, said: str) -> None:
        try:
            result: Ended | BaseException | None = transfer.over(code, said)
        except (FetchError, Starved) as error:
            result = transfer.attempt.failed(error)
        except BaseException as bug:  # noqa: BLE001 - the worker's wall: whatever it is, the job must hear of it
            transfer.attempt.part.discard()
            result = bug
        self._driver.multi.remove_handle(transfer.easy)
        if result is None:
            self._hop(transfer)
        else:
            self._end(transfer, result)

    def _end(self, transfer: Transfer, result: Ended | BaseException) -> None:
        del self._under_way[transfer]
        transfer.answer = None
        self._idle.append(transfer)
        self._ended.append(result)

    def _wake_up(self) -> None:
        """Have those go on that rested long enough under --limit-rate, and those end that ended in their rest."""
        naps = self._shared.naps
        while naps and naps[0][0] <= self._clock():
            rested, _, transfer = heappop(naps)
            if transfer in self._under_way and transfer.rested == rested:
                transfer.rested = 0.0
                if transfer.ended:
                    self._over(transfer, *transfer.ended)
                else:
                    transfer.easy.pause(pycurl.PAUSE_CONT)

    def _look(self, now: float) -> None:
        """Look at each transfer's limits of time, and know when to look again."""
        self._look_at = now + LOOK
        for transfer in list(self._under_way):
            try:
                due = transfer.late(now)
            except FetchError as error:
                self._drop(transfer)
                self._end(transfer, transfer.attempt.failed(error))
                continue
            if due is None:
                self._over(transfer, pycurl.E_WRITE_ERROR, "")
            else:
                self._look_at = min(self._look_at, due)

    def _drop(self, transfer: Transfer) -> None:
        if transfer.answer is None:
            self._driver.multi.remove_handle(transfer.easy)

    def _take_ended(self) -> Sequence[Ended | BaseException]:
        ended, self._ended = self._ended, []
        return ended

    def _close(self) -> None:
        """Take out who is left, then close the connections, then the handles whose callbacks they know."""
        for transfer in self._under_way:
            self._drop(transfer)
            transfer.attempt.part.discard()
        self._driver.close()
        for transfer in (*self._under_way, *self._idle):
            transfer.easy.close()
        self._under_way.clear()
        self._idle.clear()
