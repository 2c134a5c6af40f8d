"""Images as files in a folder, each under its final name only when it is whole."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from downloader.errors import OutputError
from downloader.model import Failed, Fetched, Outcome, Payload, Saved, Skipped
from downloader.policy.formats import SUFFIX
from downloader.policy.naming import BESIDE, FileName, around, beside, check_template, name_of
from downloader.ports import Siblings
from downloader.settings import Output


class FolderSink:
    """Writes a part in ``parts``, on the same file system, and renames it: nobody ever sees half an image.

    Parts have a folder of their own, so that sweeping them after a crash touches no file of the user's.
    """

    def __init__(self, folder: Path, parts: Path, settings: Output) -> None:
        check_template(settings.name)
        self._folder = folder
        self._parts = parts
        self._template = settings.name
        self._fsync = settings.fsync
        self._made: set[Path] = {folder}

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
        payload = fetched.payload
        name = self._name(fetched)
        with _translated(self._folder / name):
            self._remove(name, payload.extras, siblings)
            if isinstance(payload.body, Path):
                payload.body.unlink(missing_ok=True)

    def withdraw(self, saved: Saved, siblings: Siblings) -> None:
        """Remove an image that was stored, and what stands beside it, unless its file is not what was stored."""
        path, image = self._folder / saved.path, saved.image
        steps = image.work.steps if image.work else ()
        with _translated(path):
            if _holds(path, image.size, image.sha256):
                self._remove(FileName(saved.path), [BESIDE[step] for step in steps if step in BESIDE], siblings)

    def _remove(self, name: FileName, suffixes: Iterable[str], siblings: Siblings) -> None:
        """Remove an image's files, the image last: while it stands, a crash in between can be mended."""
        suffixes = tuple(suffixes)
        shared = {file for path in siblings(name) for file in _files(FileName(path), suffixes)}
        for file in reversed(_files(name, suffixes)):
            if file not in shared:
                (self._folder / file).unlink(missing_ok=True)

    def _timed(self, fetched: Fetched) -> Saved:
        """Store an image, and enter how long that took where its time is measured."""
        begin = time.monotonic()
        saved = self._store(fetched)
        if (phases := saved.effort.phases) is None:
            return saved
        phases = replace(phases, write=time.monotonic() - begin)
        return replace(saved, effort=replace(saved.effort, phases=phases))

    def _store(self, fetched: Fetched) -> Saved:
        task, payload = fetched.task, fetched.payload
        name = self._name(fetched)
        for suffix, data in payload.extras.items():  # first: the image is what says that all is there
            self._place(beside(name, suffix), data)
        return Saved(task, self._place(name, payload.body), payload.image, fetched.effort)

    def _name(self, fetched: Fetched) -> FileName:
        task, payload = fetched.task, fetched.payload
        own = name_of(task, self._template, SUFFIX.get(payload.image.format, ".bin"))
        return self._free_name(own, task.url, payload)

    def _free_name(self, own: FileName, url: str, payload: Payload) -> FileName:
        """Give the task's own name, or the first around what stands there, in the same order in every run.

        The same bytes under a name are the task's own, left by a crash between rename and commit: adopted.
        """
        with _translated(self._folder / own):
            if self._is_blocked(own):  # a file stands where a folder is needed
                own = FileName(own.replace("/", "_"))
            name, turn = own, 0
            while not self._is_free(name, payload):
                name, turn = around(own, f"{url}#{turn}" if turn else url), turn + 1
            return name

    def _is_free(self, name: FileName, payload: Payload) -> bool:
        wanted = {name: (payload.image.size, payload.image.sha256)}
        for suffix, data in payload.extras.items():
            wanted[beside(name, suffix)] = len(data), hashlib.sha256(data).hexdigest()
        paths = {self._folder / each: whole for each, whole in wanted.items()}
        return all(not os.path.lexists(path) or _holds(path, *whole) for path, whole in paths.items())

    def _is_blocked(self, name: FileName) -> bool:
        above = self._folder.joinpath(*name.split("/")[:-1])
        return any(os.path.lexists(path) and not path.is_dir() for path in (above, *above.parents))

    def _place(self, name: FileName, body: bytes | Path) -> str:
        path = self._folder / name
        part = body if isinstance(body, Path) else self._parts / "sink.part"
        with _translated(path):
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
            if isinstance(body, bytes):
                part.write_bytes(body)
            if self._fsync:
                _flush(part)
            os.replace(part, path)  # noqa: PTH105
            if self._fsync:
                _flush(path.parent)
        return str(name)


def _files(name: FileName, suffixes: Iterable[str]) -> Sequence[FileName]:
    return [name, *(beside(name, suffix) for suffix in suffixes)]


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def _holds(path: Path, size: int, sha256: str) -> bool:
    if not path.is_file() or path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
