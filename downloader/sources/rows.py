"""Rows of a table with the numbers of the lines they begin on; a broken quote costs its own line, and no other."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Self, TypeAlias

from downloader.errors import InputError
from downloader.sources.lines import bounded

MOST = 1 << 20
"""Longest row, in bytes, line breaks within quotes included."""

Numbered: TypeAlias = tuple[int, str]


def decoded(file: BinaryIO) -> Iterator[Numbered]:
    """Go through the lines of a table as text; bytes that are no UTF-8 stay what they are."""
    for number, raw in bounded(file, MOST):
        yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape")


class Rows:
    """The rows of a table, each with its number; blank lines are passed over.

    A quote that is never closed would swallow the rest of the file. So what ends in an error, or grows past ``MOST``,
    is taken back: its first line is a row as it is written, without regard to quotes, and the others are read again.
    """

    def __init__(self, first: Numbered, lines: Iterator[Numbered], delimiter: str) -> None:
        """Take the first line apart from the others, since who chose the delimiter has looked at it."""
        # The module's limit of a field is one for all its users: it is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), MOST))
        self._lines = lines
        self._delimiter = delimiter
        self._again: deque[Numbered] = deque([first])
        self._taken: list[Numbered] = []  # the lines of the row under way
        self._size = 0
        self._error: InputError | OSError | None = None  # where the file cannot be read on
        self._csv = self._reader()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[int, list[str]]:
        """Give the next row; raises InputError or OSError behind the last that could be read."""
        while (row := self._row()) is not None:
            if len(row) > 1 or (row and row[0].strip()):
                return self._taken[0][0], row
        if self._error:
            raise self._error
        raise StopIteration

    def _row(self) -> list[str] | None:
        self._taken.clear()
        self._size = 0
        try:
            return next(self._csv, None)
        except csv.Error:
            return self._as_written()

    def _as_written(self) -> list[str]:
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        self._csv = self._reader()
        return first[1].rstrip("\r\n").split(self._delimiter)

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(iter(self._text, None), delimiter=self._delimiter, strict=True)

    def _text(self) -> str | None:
        line = self._again.popleft() if self._again else self._pull()
        if line is None:
            return None
        self._taken.append(line)
        self._size += len(line[1])
        if self._size > MOST and len(self._taken) > 1:
            raise csv.Error(f"the row is longer than {MOST} characters")
        return line[1]

    def _pull(self) -> Numbered | None:
        try:
            return next(self._lines, None)
        except (InputError, OSError) as error:
            self._error = error
            return None
