"""A list on its way to the disk: unpacked, and within bounds."""

import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from downloader.manifest.database import translated
from downloader.service.problems import Problem
from downloader.service.serving import Bounds

STEP = 1 << 20
"""Bytes written, or unpacked, at once."""

LOOK_EVERY = 16 << 20
"""Bytes written between two looks at the room on the disk."""


class ListFile:
    """Writes a list, and counts; called in threads, one after another."""

    def __init__(self, path: Path, bounds: Bounds, floor: int, *, packed: bool = False) -> None:
        """Take where to, the bounds of a job, and the bytes that must stay free on the disk."""
        self._path = path
        with translated(path):
            self._file: BinaryIO = path.open("wb")
        self._bounds = bounds
        self._floor = floor
        self._size = 0
        self._lines = 0
        self._next = LOOK_EVERY
        self._packed = packed
        self._unpack = zlib.decompressobj(wbits=31)

    def write(self, data: bytes) -> None:
        """Take bytes as they came; raises Problem past the bounds, and for what is no gzip."""
        for piece in self._unpacked(data) if self._packed else (data,):
            self._size += len(piece)
            self._lines += piece.count(b"\n")
            if self._size > self._bounds.unpacked:
                raise Problem(413, f"the list is larger than {self._bounds.unpacked} bytes")
            if self._lines > self._bounds.urls:
                raise Problem(413, f"the list has more than {self._bounds.urls} lines")
            self._look()
            with translated(self._path):
                self._file.write(piece)

    def close(self) -> None:
        """End the file; raises Problem where its packed form was cut short."""
        with translated(self._path):
            self._file.close()
        if self._packed and not self._unpack.eof:
            raise Problem(400, "the list ends in the middle of its gzip: send the whole file")

    def _look(self) -> None:
        if self._size >= self._next:
            self._next = self._size + LOOK_EVERY
            if shutil.disk_usage(self._path.parent).free < self._floor:
                raise Problem(507, "the disk is nearly full: delete jobs, or give the service more room")

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        # In steps: a few bytes may stand for gigabytes.
        try:
            while data:
                if self._unpack.eof:
                    self._unpack = zlib.decompressobj(wbits=31)
                yield self._unpack.decompress(data, STEP)
                data = self._unpack.unconsumed_tail or self._unpack.unused_data
        except zlib.error as error:
            raise Problem(400, f"the list is no gzip: {error}") from error
