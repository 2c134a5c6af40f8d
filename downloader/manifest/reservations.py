"""Names given out in the order of the list, before anything is fetched: the same in every run, whoever is fastest."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from downloader.manifest.claims import Claims
from downloader.model import Notice, Skipped, Task
from downloader.policy.naming import EXISTS, SUFFIXES, stands
from downloader.policy.template import Naming
from downloader.ports import Emit
from downloader.settings import Output

Reserve = Callable[[Sequence[Task]], Iterable[Task | Skipped]]


def reservations(settings: Output, claims: Claims, folder: Path, emit: Emit) -> Reserve:
    """Give what reserves names, which lets tasks pass where each has one by itself. Raises UsageError."""
    naming = Naming.of(settings)
    skip = settings.on_conflict == "skip"
    if naming.unique and not skip and not naming.columns:
        return list
    return _Reservations(naming, claims, folder, emit, skip=skip)


class _Reservations:
    """Looks at each batch of new tasks once. Used by the job's own thread alone."""

    def __init__(self, naming: Naming, claims: Claims, folder: Path, emit: Emit, *, skip: bool) -> None:
        self._naming = naming
        self._claims = claims
        self._folder = folder
        self._emit = emit
        self._skip = skip
        self._claim = skip or not naming.unique
        self._missing = set(naming.columns)

    def __call__(self, tasks: Sequence[Task]) -> Sequence[Task | Skipped]:
        """Give the tasks to fetch, and those that are to be skipped as such."""
        self._tell_missing(tasks)
        early = [task for task in tasks if self._claim and self._naming.known(task)]
        reserved = self._claims.reserve([(self._naming.stem(task), task.url) for task in early])
        taken = {}
        for task, (name, new) in zip(early, reserved, strict=True):
            # What came under a name that was reserved before is this folder's own, left by a crash.
            if self._skip and new and (path := self._standing(name)):
                taken[task.index] = path
        return [_skipped(task, taken[task.index]) if task.index in taken else task for task in tasks]

    def _standing(self, name: str) -> str | None:
        paths = (f"{name}{suffix}" for suffix in SUFFIXES)
        return next((path for path in paths if os.path.lexists(self._folder / path)), None)

    def _tell_missing(self, tasks: Sequence[Task]) -> None:
        """Say once of each column that names are made of where a line does not have it."""
        for task in tasks if self._missing else ():
            for column in sorted(self._missing - task.columns.keys()):
                self._missing.discard(column)
                self._emit(Notice(f"index {task.index} has no column {column!r}: there its name goes without"))


def _skipped(task: Task, path: str) -> Skipped:
    return Skipped(task, EXISTS, stands(path), path)
