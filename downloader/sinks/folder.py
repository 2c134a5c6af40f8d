"""Images as files in a folder, each under its final name only when it is whole."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from downloader.errors import OutputError
from downloader.model import Failed, Fetched, Outcome, Payload, Saved, Skipped, with_write
from downloader.policy.naming import BESIDE, EXISTS, FileName, beside, flat, names, stands
from downloader.policy.template import Naming, suffix_of
from downloader.ports import Claims, Siblings
from downloader.settings import Output
from downloader.sinks.placing import Placing


class FolderSink:
    """Puts each image in place at once under its final name: nobody ever sees half an image.

    Bodies wait in ``parts``, on the same file system, in a folder of their own, so that sweeping them after a crash
    touches no file of the user's. ``claims`` tells whose a name is where the template alone does not.
    """

    def __init__(self, folder: Path, parts: Path, settings: Output, claims: Claims | None = None) -> None:
        self._naming = Naming.of(settings)
        self._stem = self._naming.namer()
        self._places = Placing(folder, parts, fsync=settings.fsync)
        self._claims = claims
        self._on_conflict = settings.on_conflict
        self._claims_all = settings.on_conflict == "skip" or not self._naming.unique

    def store(self, stream: Iterable[Sequence[Fetched | Failed | Skipped]]) -> Iterator[Sequence[Outcome]]:
        """Put each image in place, then yield its outcome. Raises OutputError, after yielding what is in place."""
        for results in stream:
            outcomes: list[Outcome] = []
            try:
                for result in results:
                    outcomes.append(self._timed(result) if isinstance(result, Fetched) else result)
            except OutputError:
                yield outcomes
                raise
            yield outcomes

    def drop(self, fetched: Fetched, siblings: Siblings) -> None:
        """Let an image go that is not to be stored: its part, and its own orphan where a crash has left one."""
        stem = self._naming.stem(fetched.task, fetched.payload)
        for name in self._names(stem if self._places.has_way(stem) else flat(stem), fetched):
            if self._is_orphan(name, fetched):
                self._remove(name, fetched.payload.extras, siblings)
                break
            if self._on_conflict != "rename":  # it would not have gone around
                break
        self._places.let_go(fetched.payload.body)

    def withdraw(self, saved: Saved, siblings: Siblings) -> None:
        """Remove an image that was stored, and what stands beside it, unless its file is not what was stored."""
        name, image = FileName(saved.path), saved.image
        steps = image.work.steps if image.work else ()
        if self._places.holds(name, image.size, image.sha256):
            self._remove(name, [BESIDE[step] for step in steps if step in BESIDE], siblings)

    def _remove(self, name: FileName, suffixes: Iterable[str], siblings: Siblings) -> None:
        """Remove an image's files, the image last: while it stands, a crash in between can be mended."""
        suffixes = tuple(suffixes)
        shared = {file for path in siblings(name) for file in _files(FileName(path), suffixes)}
        for file in reversed(_files(name, suffixes)):
            if file not in shared:
                self._places.remove(file)

    def _timed(self, fetched: Fetched) -> Saved | Skipped:
        """Store an image, and enter how long that took where its time is measured."""
        if (phases := fetched.effort.phases) is None:
            return self._store(fetched)
        begin = time.monotonic()
        stored = self._store(fetched)
        return replace(stored, effort=with_write(stored.effort, phases, time.monotonic() - begin))

    def _store(self, fetched: Fetched) -> Saved | Skipped:
        task, payload = fetched.task, fetched.payload
        stem = self._stem(task, payload)
        names = self._names(stem if self._places.make_way(stem) else flat(stem), fetched)
        while not self._put(name := next(names), fetched):
            if self._on_conflict == "skip":
                self._places.let_go(payload.body)
                there = next((file for file, _ in _bodies(name, payload) if self._places.stands(file)), name)
                return Skipped(task, EXISTS, stands(there), there, fetched.effort, payload.image)
        return Saved(task, name, payload.image, fetched.effort)

    def _names(self, stem: FileName, fetched: Fetched) -> Iterator[FileName]:
        """Go through the names an image may have, its own first, without end; always in the same order."""
        suffix = suffix_of(fetched.payload)
        for each in names(stem, fetched.task.url):
            if not self._claims_all or self._is_own(each, fetched):
                yield FileName(each + suffix)

    def _is_own(self, stem: str, fetched: Fetched) -> bool:
        return self._claims is None or self._claims.take(stem, self._naming.owner(fetched.task, fetched.payload))

    def _put(self, name: FileName, fetched: Fetched) -> bool:
        """Put an image under a name and its extras beside it, the image last: it is what says that all is there."""
        made = []
        for file, body in _bodies(name, fetched.payload):
            if self._places.put(file, body):
                made.append(file)
            elif not self._takes_over(file, body, fetched):
                for each in made:
                    self._places.remove(each)
                return False
        return True

    def _takes_over(self, file: FileName, body: bytes | Path, fetched: Fetched) -> bool:
        """Take what stands under a name for one's own, or replace it where that is asked; never another row's.

        The same bytes under a name are the task's own, left by a crash between placing and commit: adopted.
        """
        if not (self._claims_all or self._is_own(file.rpartition(".")[0], fetched)):
            return False
        if self._places.holds(file, *_whole(body, fetched)):
            self._places.let_go(body)
            return True
        return self._on_conflict == "overwrite" and self._places.put_over(file, body)

    def _is_orphan(self, name: FileName, fetched: Fetched) -> bool:
        """Tell whether all that stands under a name is what would be stored there; it may be nothing."""
        bodies = _bodies(name, fetched.payload)
        there = [(file, body) for file, body in bodies if self._places.stands(file)]
        return all(self._places.holds(file, *_whole(body, fetched)) for file, body in there) and (
            not there or self._claims_all or self._is_own(name.rpartition(".")[0], fetched)
        )


def _bodies(name: FileName, payload: Payload) -> Sequence[tuple[FileName, bytes | Path]]:
    if not payload.extras:
        return ((name, payload.body),)
    return [*((beside(name, suffix), data) for suffix, data in payload.extras.items()), (name, payload.body)]


def _whole(body: bytes | Path, fetched: Fetched) -> tuple[int, str]:
    """Give size and sha256 of one of an image's bodies."""
    payload = fetched.payload
    if body is payload.body:
        return payload.image.size, payload.image.sha256
    return len(body), hashlib.sha256(body).hexdigest()  # type: ignore[arg-type]  # what goes beside it is bytes


def _files(name: FileName, suffixes: Iterable[str]) -> Sequence[FileName]:
    return [name, *(beside(name, suffix) for suffix in suffixes)]
