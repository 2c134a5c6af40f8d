"""How many images are of which host, counted on disk: a list of millions may have as many hosts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from downloader.manifest.database import connect, translated

_SCHEMA = "CREATE TABLE IF NOT EXISTS hosts (host TEXT PRIMARY KEY, images INTEGER) WITHOUT ROWID;"
_ADD = "INSERT INTO hosts VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET images = images + excluded.images"


class Hosts:
    """Counts by host; a context manager. A file that is there already is gone on with."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = connect(path, _SCHEMA, synchronous="OFF")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, hosts: Iterable[str]) -> None:
        """Count an image of each of these hosts."""
        with translated(self._path), self._database:
            self._database.execute("BEGIN")
            self._database.executemany(_ADD, Counter(hosts).items())

    def largest(self, most: int) -> tuple[Sequence[tuple[str, int]], int]:
        """Give the hosts with the most images, the largest first, and how many others there are."""
        with translated(self._path):
            found = self._database.execute("SELECT * FROM hosts ORDER BY images DESC, host LIMIT ?", (most,)).fetchall()
            [(count,)] = self._database.execute("SELECT count(*) FROM hosts")
        return found, count - len(found)
