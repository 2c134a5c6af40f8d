"""Where a body waits until it is judged: in memory up to 1 MiB, beyond that in a part file the sink renames."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from downloader.errors import OutputError

THRESHOLD = 1 << 20
"""Bytes a body may take in memory; memory in play is at most this times the jobs."""


class Spool:
    """Opens parts in one folder, on the file system of the images, so that a rename puts them in place."""

    def __init__(self, folder: Path, run: int) -> None:
        self._folder = str(folder)
        self._run = run  # in the names, so that a worker left behind by an earlier run writes nowhere that matters

    def part(self, name: str) -> "Part":
        """Give an empty part; ``name`` is unique among those open."""
        return Part(f"{self._folder}/{self._run}-{name}.part")


class Part:
    """The bytes of one attempt. Used by one worker, and by the sink once the worker has handed it over."""

    __slots__ = ("_chunks", "_file", "_path", "_size")

    def __init__(self, path: str) -> None:
        self._path = path  # a text: making a Path costs more than all else here, and few bodies need one
        self._chunks: list[bytes] = []
        self._size = 0
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        """Append bytes; raises OutputError when the disk does not take them."""
        self._size += len(data)
        if self._file is not None:
            self._on_disk(self._file.write, data)
            return
        self._chunks.append(data)
        if self._size > THRESHOLD:
            self._spill()

    def close(self) -> bytes | Path:
        """Give the whole body, as bytes or as the path of the part."""
        if self._file is None:
            chunks, self._chunks = self._chunks, []  # let go at once: what comes next is put where they were
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self._on_disk(lambda _: self._file and self._file.close(), b"")
        self._file = None
        return Path(self._path)

    def discard(self) -> None:
        """Drop what was written."""
        self._chunks.clear()
        if self._file is not None:
            with suppress(OSError):  # the disk is full: the bytes were not wanted anyway
                self._file.close()
            Path(self._path).unlink(missing_ok=True)

    def _spill(self) -> None:
        self._on_disk(self._open, b"")
        chunks, self._chunks = self._chunks, []
        for chunk in chunks:
            self._on_disk(self._file.write, chunk)  # type: ignore[union-attr]  # just opened

    def _open(self, _: bytes) -> None:
        self._file = Path(self._path).open("xb")  # noqa: SIM115 - it is closed by whoever ends the body

    def _on_disk(self, act: Callable[[bytes], object], data: bytes) -> None:
        try:
            act(data)
        except OSError as error:
            raise OutputError(f"cannot write {self._path!r}: {error.strerror or error}") from error
