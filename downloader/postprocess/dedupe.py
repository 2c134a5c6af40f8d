"""Keeping one of images that are alike: the lowest index, whatever order they come in."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from downloader.errors import OutputError
from downloader.model import Failed, Fetched, Outcome, Saved, Skipped
from downloader.policy.likeness import CODE, Key, Likeness, named
from downloader.ports import Shelf

MOST = 1000
"""Outcomes handed on at once, or a page more."""


class Change(Protocol):
    """What another image's arrival makes of one."""

    @property
    def index(self) -> int:
        """Which image changes."""

    @property
    def first(self) -> int:
        """Whom it names now."""

    @property
    def path(self) -> str | None:
        """The file of the one it names, where that is kept."""

    @property
    def was(self) -> str | None:
        """Its own file, where it was kept till now."""


class Index(Protocol):
    """Which images are alike, among all that were fetched."""

    def enter(self, index: int, key: Key | None) -> int:
        """Enter an image; gives the lowest index that is alike, which may be its own."""

    def keep(self, index: int, path: str) -> None:
        """Hear that an image is kept, and where."""

    def follow(self, index: int) -> str | None:
        """Hear that an image is not kept; gives the path of the one it names, where that is kept."""

    def outdone(self, index: int) -> Iterator[Sequence[Change]]:
        """Give, in pages, what changes now that this image is settled."""

    def siblings(self, path: str) -> Sequence[str]:
        """Give the kept images whose path differs from this one in its suffix at most."""


class Dedupe:
    """A sink around a sink, which stores the first of images that are alike. Used by the job's own thread alone.

    An image is a duplicate if any that was fetched has a lower index and is alike, be that one kept or a duplicate
    itself; it names the lowest such index. So what is kept depends on what was fetched alone and never on the order
    of arrival, and a job that was stopped and resumed ends like one that was not. By looks likeness is not transitive:
    where B is like A and C like B, both are duplicates, C of B, although C is not like A.

    When a lower index comes later, those that must give way are told again as Skipped, ``instead`` of what they were;
    their files go once the other's is in place. Until that is committed they are missing, and a run killed meanwhile
    is mended by the next: it fetches the lower index again, which has no row, and finds the same.
    """

    def __init__(
        self,
        shelf: Shelf,
        likeness: Likeness,
        index: Index,
        recall: Callable[[Iterable[int]], Mapping[int, Saved | Skipped]],
    ) -> None:
        self._shelf = shelf
        self._likeness = likeness
        self._index = index
        self._recall = recall  # gives outcomes of the past, with all that is known of their images

    def store(self, stream: Iterable[Sequence[Fetched | Failed | Skipped]]) -> Iterator[Sequence[Outcome]]:
        """Put each image in place that is to be kept, then yield its outcome, behind those that it changes.

        Raises OutputError, after yielding what is in place.
        """
        for outcomes in self._shelf.store(map(self._judged, stream)):
            told: list[Outcome] = []
            try:
                for outcome in outcomes:
                    for page in self._settled(outcome):
                        told += page
                        if len(told) > MOST:
                            yield told
                            told = []
            except OutputError:
                yield told
                raise
            yield told

    def _judged(self, results: Sequence[Fetched | Failed | Skipped]) -> Sequence[Fetched | Failed | Skipped]:
        """Let through what is to be stored, in ascending order, so that no image outdoes one of its own batch."""
        ascending = sorted(results, key=lambda result: result.task.index)
        return [self._judge(result) if isinstance(result, Fetched) else result for result in ascending]

    def _judge(self, fetched: Fetched) -> Fetched | Skipped:
        task, image = fetched.task, fetched.payload.image
        lowest = self._index.enter(task.index, self._likeness.key_of(image))
        if lowest == task.index:
            return fetched
        self._shelf.drop(fetched, self._index.siblings)
        return Skipped(task, CODE, named(lowest), None, fetched.effort, image)

    def _settled(self, outcome: Outcome) -> Iterator[Sequence[Outcome]]:
        """Give an outcome, behind what it changes: the other way round a crash between could leave those unmended."""
        index = outcome.task.index
        if isinstance(outcome, Saved):
            self._index.keep(index, outcome.path)
        elif isinstance(outcome, Skipped) and outcome.image is not None:
            first = self._index.follow(index)
            outcome = replace(outcome, path=first) if outcome.code == CODE else outcome
        for changes in self._index.outdone(index):
            known = self._recall(change.index for change in changes)
            yield [self._changed(known[change.index], change) for change in changes]
        yield (outcome,)

    def _changed(self, known: Saved | Skipped, change: Change) -> Skipped:
        """Tell again of an image that gives way, or names another one than before."""
        task, image, effort = known.task, known.image, known.effort
        status = "skipped"
        if change.was is not None and image is not None:
            status = "saved"
            self._shelf.withdraw(Saved(task, change.was, image, effort), self._index.siblings)
        return Skipped(task, CODE, named(change.first), change.path, effort, image, instead=status)
