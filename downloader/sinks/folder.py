"""Images as files in a folder, each under its final name only when it is whole."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from downloader.errors import OutputError
from downloader.model import Failed, Fetched, Image, Outcome, Payload, Saved
from downloader.policy.formats import SUFFIX
from downloader.policy.naming import FileName, around, check_template, name_of
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

    def store(self, stream: Iterable[Sequence[Fetched | Failed]]) -> Iterator[Sequence[Outcome]]:
        """Put each image in place, then yield its outcome. Raises OutputError, after yielding what is in place."""
        for results in stream:
            outcomes: list[Outcome] = []
            try:
                for result in results:
                    outcomes.append(self._store(result) if isinstance(result, Fetched) else result)
            except OutputError:
                yield outcomes
                raise
            yield outcomes

    def _store(self, fetched: Fetched) -> Saved:
        task, payload = fetched.task, fetched.payload
        own = name_of(task, self._template, SUFFIX.get(payload.image.format, ".bin"))
        name = self._free_name(own, task.url, payload)
        return Saved(task, self._place(name, payload), payload.image, fetched.effort)

    def _free_name(self, own: FileName, url: str, payload: Payload) -> FileName:
        """Give the task's own name, or the first around what stands there, in the same order in every run.

        The same bytes under a name are the task's own, left by a crash between rename and commit: adopted.
        """
        with _translated(self._folder / own):
            if self._is_blocked(own):  # a file stands where a folder is needed
                own = FileName(own.replace("/", "_"))
            name, turn = own, 0
            while os.path.lexists(self._folder / name) and not _holds(self._folder / name, payload.image):
                name, turn = around(own, f"{url}#{turn}" if turn else url), turn + 1
            return name

    def _is_blocked(self, name: FileName) -> bool:
        above = self._folder.joinpath(*name.split("/")[:-1])
        return any(os.path.lexists(path) and not path.is_dir() for path in (above, *above.parents))

    def _place(self, name: FileName, payload: Payload) -> str:
        path = self._folder / name
        part = payload.body if isinstance(payload.body, Path) else self._parts / "sink.part"
        with _translated(path):
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
            if isinstance(payload.body, bytes):
                part.write_bytes(payload.body)
            if self._fsync:
                _flush(part)
            os.replace(part, path)  # noqa: PTH105
            if self._fsync:
                _flush(path.parent)
        return str(name)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def _holds(path: Path, image: Image) -> bool:
    if not path.is_file() or path.stat().st_size != image.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == image.sha256


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
