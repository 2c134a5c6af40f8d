"""The way in: lines from a source that may block, made into tasks that are not finished yet."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from downloader.engines.crew import start
from downloader.errors import FetchError
from downloader.manifest import Manifest, Row, Sight
from downloader.model import Line, Skipped, Task
from downloader.policy.address import host_of, masked, normalise
from downloader.policy.supply import Ticket
from downloader.ports import Control, Source

AHEAD = 4000
"""Lines read ahead at most."""

STEP = 1000
"""Lines looked up in the manifest at once."""


class Feeder:
    """Reads the source in a thread of its own, the only one that may wait for a slow pipe; a context manager."""

    def __init__(self, source: Source, control: Control) -> None:
        self._source = source
        self._control = control
        self._lines: deque[Line] = deque()
        self._room = threading.Event()
        self._stopped = False
        # Said, not inferred from the thread's life: between its last line and its death nothing may be lost.
        self._finished = False
        self._error: BaseException | None = None
        # A daemon, because a read from a terminal or a pipe cannot be cut short.
        self._thread = threading.Thread(target=self._read, name="feeder", daemon=True)

    def __enter__(self) -> Self:
        start(self._thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = True
        self._room.set()
        self._thread.join(timeout=0.2)

    @property
    def ended(self) -> bool:
        """Whether every line has been taken."""
        return self._finished and not self._lines

    @property
    def waiting(self) -> bool:
        """Whether lines are there to be taken."""
        return bool(self._lines)

    def take(self, most: int) -> Sequence[Line]:
        """Give up to ``most`` of the lines that are there."""
        lines = [self._lines.popleft() for _ in range(min(most, len(self._lines)))]
        self._room.set()
        return lines

    def check(self) -> None:
        """Raise what the source raised; asked when all that came before it is done."""
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        try:
            for line in self._source:
                self._wait_for_room()
                if self._stopped:
                    return
                self._lines.append(line)
                if len(self._lines) == 1:
                    self._control.wake()
        except BaseException as error:  # noqa: BLE001 - the worker's wall: raised again by check()
            self._error = error
        finally:
            self._finished = True
            self._control.wake()

    def _wait_for_room(self) -> None:
        while len(self._lines) >= AHEAD and not self._stopped:
            self._room.clear()
            if len(self._lines) >= AHEAD:
                self._room.wait(1.0)


class Unfinished:
    """The schedule's supply: tasks of this run, without those that earlier runs finished and without twins."""

    def __init__(
        self,
        feeder: Feeder,
        manifest: Manifest,
        ask_again: Callable[[Row], bool],
        on_known: Callable[[Row], None],
        reserve: Callable[[Sequence[Task]], Iterable[Task | Skipped]] = list,
    ) -> None:
        self._feeder = feeder
        self._manifest = manifest
        self._lot = manifest.lot
        self._ask_again = ask_again
        self._on_known = on_known
        self._reserve = reserve  # gives tasks their names in the order of the list
        self.lines = 0

    @property
    def list_ended(self) -> bool:
        """Whether the list has been read to its end."""
        return self._feeder.ended

    @property
    def ended(self) -> bool:
        """Whether nothing more will come, of the list or of what was parked."""
        return self._feeder.ended and not len(self._lot)

    @property
    def waiting(self) -> bool:
        """Whether a pull would bring something new of the list, if only that lines are finished."""
        return self._feeder.waiting

    @property
    def next_due(self) -> float:
        """When the first parked ticket is due."""
        return self._lot.next_due

    def pull(self, room: int, now: float) -> Sequence[Ticket]:
        """Give up to ``room`` tickets of the lines that are there; none may be left where all are finished.

        What the list leaves of the room is for parked ones that are due.
        """
        most = min(room, STEP)
        lines = self._feeder.take(most)
        self.lines += len(lines)
        tickets = [Ticket(task) for task in self._tasks(lines)] if lines else []
        return [*tickets, *self._lot.take(most - len(lines), now)]

    def park(self, tickets: Sequence[Ticket]) -> None:
        """Keep tickets on disk until they are due."""
        self._lot.park(tickets)

    def _tasks(self, lines: Sequence[Line]) -> Sequence[Task]:
        read = [_read(line.url) for line in lines]
        urls = [url for url, _ in read]
        sights = self._manifest.seen.enter(urls)
        rows = self._manifest.find(
            {index for sight in sights for index in (sight.index, sight.first) if index is not None}
        )
        tasks = [
            Task(sight.index, url, host, line.place, line.columns)
            for line, (url, host), sight in zip(lines, read, sights, strict=True)
        ]
        pairs = list(zip(tasks, sights, strict=True))
        self._manifest.seen.keep(task for task, sight in pairs if sight.first is not None)
        return self._reserved([task for task, sight in pairs if self._is_open(task, sight, rows)])

    def _reserved(self, tasks: Sequence[Task]) -> Sequence[Task]:
        """Leave out the tasks that need not be asked, for what stands under their names."""
        wanted = []
        for task in self._reserve(tasks):
            if isinstance(task, Skipped):
                self._manifest.add(task)
            else:
                wanted.append(task)
        return wanted

    def _is_open(self, task: Task, sight: Sight, rows: dict[int, Row]) -> bool:
        """Tell whether a task is to be fetched; settles those that are known and the twins of those."""
        row = rows.get(task.index)
        if sight.first is None:
            if row is None or self._ask_again(row):
                return True
            self._on_known(row)
            return False
        first = rows.get(sight.first)
        # A first line that is still open hands its outcome to its twins when it is committed.
        if first is not None and (first.run == self._manifest.run or not self._ask_again(first)):
            if row is not None and row.run != self._manifest.run and (row.code, row.path) == _as_twin(first):
                self._on_known(row)
            else:
                self._manifest.add(self._manifest.twin(task, first))
        return False


def _as_twin(first: Row) -> tuple[str | None, str | None]:
    return (first.code, None) if first.status == "failed" else ("duplicate", first.path)


def _read(text: str) -> tuple[str, str]:
    """Give the URL as it goes on the wire, and its host.

    What is none stays as it was given, but for a login, and has no host: it fails as such when it is tried.
    """
    try:
        url = normalise(text)
    except FetchError:
        return masked(text).encode("utf-8", "backslashreplace").decode(), ""
    return url, host_of(url)
