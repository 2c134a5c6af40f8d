"""A job without its requests: what would be asked, of whom, and under which names.

It goes the way of a real job up to the engine, on copies of the folder's databases: nothing in the folder changes.
"""

import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from downloader.errors import FetchError, InputError
from downloader.feeder import Feeder, Unfinished
from downloader.job import Job
from downloader.manifest import Manifest, Row
from downloader.manifest.copies import copy_databases
from downloader.manifest.hosts import Hosts
from downloader.manifest.reservations import reservations
from downloader.model import Event, Notice, Task
from downloader.policy.address import normalise
from downloader.policy.digest import expected
from downloader.policy.template import Naming
from downloader.ports import Control

BATCH = 1000
"""Lines looked at together."""

PATIENCE = 0.25
"""Longest wait, in seconds, for lines that wake nobody."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A task that would be asked, or would fail unasked for its ``fault``.

    ``name`` lacks the suffix, which only the image tells; it is None where the answer must tell all of it.
    """

    task: Task
    name: str | None
    fault: FetchError | None = None


@dataclass(slots=True)
class Counts:
    """Lines of the list by what would become of them."""

    lines: int = 0
    asked: int = 0
    faulty: int = 0  # would fail unasked: no URL, or no hash that a body could have
    known: int = 0  # settled in earlier runs

    @property
    def rest(self) -> int:
        """Lines that stand behind another with the same URL, or whose name a file has that is to stay."""
        return self.lines - self.asked - self.faulty - self.known


class Rehearsal:
    """Goes through a job's list; a context manager, to be iterated once.

    Raises what the job itself would of its list and settings; whether the folder can be written is not tried.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._naming = Naming.of(job.settings.output)
        self._stack = ExitStack()
        self.counts = Counts()
        self.notices: list[str] = []

    def __enter__(self) -> Self:
        folder = Path(self._job.settings.output.output)
        with ExitStack() as stack:
            copies = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
            copy_databases(folder, copies)
            self._manifest = stack.enter_context(Manifest(copies))
            self._hosts = stack.enter_context(Hosts(copies / "hosts.sqlite"))
            control = Control()
            self._woken = threading.Event()
            control.on_change(self._woken.set)
            self._feeder = stack.enter_context(Feeder(self._job.source, control))
            reserve = reservations(self._job.settings.output, self._manifest.claims, folder, self._hear)
            self._supply = Unfinished(self._feeder, self._manifest, self._job.ask_again, self._on_known, reserve)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[Planned]:
        """Go through what would be asked, in the order of the list. Raises InputError where it cannot be read."""
        while not self._supply.list_ended:
            self._woken.clear()
            if not self._supply.waiting:
                self._woken.wait(PATIENCE)
            tickets = self._supply.pull(BATCH, time.monotonic())
            self.counts.lines = self._supply.lines
            yield from self._planned([ticket.task for ticket in tickets])
        self._feeder.check()
        if not self.counts.lines:
            raise InputError("the list holds no URLs: put one on each line")

    def hosts(self, most: int) -> tuple[Sequence[tuple[str, int]], int]:
        """Give the hosts with the most images, "host:port" and their number, and how many other hosts there are."""
        return self._hosts.largest(most)

    def _planned(self, tasks: Sequence[Task]) -> Sequence[Planned]:
        names = self._names(tasks)
        found = [Planned(task, names.get(task.index), self._fault(task)) for task in tasks]
        self._hosts.add(planned.task.host for planned in found if planned.fault is None)
        faulty = sum(planned.fault is not None for planned in found)
        self.counts.faulty += faulty
        self.counts.asked += len(found) - faulty
        return found

    def _names(self, tasks: Sequence[Task]) -> Mapping[int, str]:
        """Give by index the names that are known before the answers."""
        known = [task for task in tasks if self._naming.known(task)]
        stems = [self._naming.stem(task) for task in known]
        if not self._naming.unique:
            wanted = [(stem, task.url) for stem, task in zip(stems, known, strict=True)]
            stems = [name for name, _ in self._manifest.claims.reserve(wanted)]
        return {task.index: stem for task, stem in zip(known, stems, strict=True)}

    def _on_known(self, _: Row) -> None:
        self.counts.known += 1

    def _hear(self, event: Event) -> None:
        if isinstance(event, Notice):
            self.notices.append(event.text)

    def _fault(self, task: Task) -> FetchError | None:
        try:
            if not task.host:
                normalise(task.url)
            expected(task.columns, self._job.settings.intake.hash_col)
        except FetchError as error:
            return error
        return None
