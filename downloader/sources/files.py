"""The lists a person names: files by their suffix, ``-`` for stdin, and URLs given one by one."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

from downloader.errors import InputError
from downloader.model import Line

Reader: TypeAlias = Callable[[BinaryIO, str], Iterator[Line]]
"""Reads an open list; the name is what its lines' places begin with."""


class Lists:
    """Goes through URLs given directly, then through each list in turn."""

    def __init__(self, reader: Callable[[str], Reader], urls: Iterable[str] = (), lists: Sequence[str] = ()) -> None:
        """Take URLs and names of lists; ``reader`` gives the reader for a suffix. Raises InputError for a lost list."""
        self._reader = reader
        self._urls = urls
        self._lists = lists
        for name in lists:
            if name != "-" and not Path(name).exists():
                raise InputError(f"there is no list {name!r}: give the path of a file, or '-' for stdin")

    def __iter__(self) -> Iterator[Line]:
        """Go through all lines once; raises InputError where a list cannot be read."""
        for number, url in enumerate(self._urls, start=1):
            yield Line(url, f"argument {number}")
        for name in self._lists:
            try:
                yield from self._read(name)
            except OSError as error:
                raise InputError(
                    f"the list {name!r} cannot be read: {error.strerror or error}; mend that, or give another list"
                ) from error

    def _read(self, name: str) -> Iterator[Line]:
        if name == "-":
            yield from self._reader("")(sys.stdin.buffer, "stdin")
            return
        with Path(name).open("rb") as file:
            place = Path(name).name.encode("utf-8", "backslashreplace").decode()
            yield from self._reader(Path(name).suffix.lstrip(".").lower())(file, place)
