"""Which images are alike, among all that were fetched: on disk, so that a million fit in little memory.

Two dhashes are found by multi-index hashing (M. Norouzi, A. Punjani, D. Fleet, "Fast Search in Hamming Space with
Multi-Index Hashing", 2012): cut into chunks, one of them is the same, or nearly, so the keys that share one hold all
that are alike. Among 200,000 random dhashes that makes on a busy core, lookups a second: 14,000 with 2 bits, 6,800 with
4, 930 with 8 (216 in nine chunks without the nearly) and 37 with 16; without bits it is one row of an index, and an
image takes 0.1 ms in all.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downloader.manifest.database import connect, remove, translated
from downloader.policy.likeness import Chunk, Key, Likeness
from downloader.policy.naming import FileName, beside

# "first" is the lowest index alike, the image's own where it is kept; NULL until the image has been settled. "stem" is
# what files beside an image share with it. Equal keys are looked up once: a thousand copies of one "not available".
_SCHEMA = """
CREATE TABLE entries ("index" INTEGER PRIMARY KEY, key, first INTEGER, path TEXT, stem TEXT);
CREATE TABLE keys (key PRIMARY KEY, lowest INTEGER) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX named ON entries (key, first);
CREATE INDEX stems ON entries (stem) WHERE stem IS NOT NULL;
"""

PAGE = 1000
"""Images told of at once: when the first of many copies comes last, all the others have to name it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What another image's arrival makes of one: the index it names now, the file of that, and its own till now."""

    index: int
    first: int
    path: str | None  # of the first, where that is kept
    was: str | None  # its own path, where it was kept


@dataclass(frozen=True, slots=True)
class _Arrival:
    near: Sequence[Key]
    lowest: int


class Lookalikes:
    """The images of a folder by their keys, in a file that lives no longer than a run. Used by the job's thread alone.

    An image is entered when it comes, settled (``keep`` or ``follow``) when it is stored or left, and then ``outdone``
    tells which images it changes; images must be settled in the order in which they were entered.
    """

    def __init__(self, path: Path, likeness: Likeness) -> None:
        self._path = path
        self._likeness = likeness
        self._chunks = likeness.chunks
        self._arrivals: dict[int, _Arrival] = {}
        with translated(path):
            remove(path)  # left by a crash
        self._database = connect(path, _SCHEMA, synchronous="OFF")

    def close(self) -> None:
        """Remove the file."""
        self._database.close()
        with translated(self._path):
            remove(self._path)

    def load(self, rows: Iterable[tuple[int, str | None, int | None, str | None]]) -> None:
        """Enter the images of earlier runs, once: index, digits of the key, whom it names, and its path if kept."""
        key = self._likeness.key
        values = (
            (index, key(digits), index if first is None else first, path, _stem(path))
            for index, digits, first, path in rows
        )
        with translated(self._path), self._database:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", values)
            # Whom they name may have been lost since, or not have come yet: then they wait for a first again.
            self._database.execute("""UPDATE entries SET first = "index" WHERE first NOT IN
                                      (SELECT "index" FROM entries)""")
            self._database.execute("""INSERT INTO keys SELECT key, min("index") FROM entries
                                      WHERE key IS NOT NULL GROUP BY key""")
        with translated(self._path):  # made at once they are made sooner
            self._database.executescript(_INDEXES)
            for number, chunk in enumerate(self._chunks):
                self._database.execute(f"CREATE INDEX chunk{number} ON keys ({_sql(chunk)})")

    def enter(self, index: int, key: Key | None) -> int:
        """Enter an image that was fetched; gives the lowest index that is alike, which may be its own."""
        with translated(self._path), self._database:
            self._database.execute("BEGIN")
            self._database.execute('INSERT OR REPLACE INTO entries ("index", key) VALUES (?, ?)', (index, key))
            if key is None:
                return index
            self._database.execute(
                "INSERT INTO keys VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET lowest = min(lowest, excluded.lowest)",
                (key, index),
            )
            near = self._near(key)
            lowest = min(self._lowest(each) for each in near)
        self._arrivals[index] = _Arrival(near, lowest)
        return lowest

    def keep(self, index: int, path: str) -> None:
        """Hear that an image is kept, and where."""
        self._change('SET first = "index", path = ?, stem = ? WHERE "index" = ?', path, _stem(path), index)

    def follow(self, index: int) -> str | None:
        """Hear that an image is not kept; gives the path of the one it names, where that is kept."""
        first = self._arrivals[index].lowest if index in self._arrivals else index
        self._change('SET first = ? WHERE "index" = ?', first, index)
        return self._path_of(first)

    def outdone(self, index: int) -> Iterator[Sequence[Change]]:
        """Change the images that name this one from now on, and those whose first it was that is no longer kept."""
        if (arrival := self._arrivals.pop(index, None)) is None:
            return
        path, gone = self._path_of(index), []
        for key in arrival.near:
            while page := self._select('SELECT "index", path FROM entries WHERE key = ? AND first > ?', key, index):
                changed = json.dumps([each for each, _ in page])
                self._change(
                    'SET first = ?, path = NULL, stem = NULL WHERE "index" IN (SELECT value FROM json_each(?))',
                    index, changed,
                )  # fmt: skip
                gone += [each for each, was in page if was]
                yield [Change(each, index, path, was) for each, was in page]
        if self._chunks:  # else they are alike themselves, and name this one
            for first in gone:
                yield from self._orphaned(first)

    def siblings(self, path: str) -> Sequence[str]:
        """Give the kept images whose path differs from this one in its suffix at most."""
        return [found for (found,) in self._select("SELECT DISTINCT path FROM entries WHERE stem = ?", _stem(path))]

    def _orphaned(self, first: int) -> Iterator[Sequence[Change]]:
        """Give those that go on naming an image which is no longer kept."""
        query = 'SELECT "index" FROM entries WHERE key = ? AND first = ? AND "index" > ? ORDER BY "index"'
        [(own,)] = self._select('SELECT key FROM entries WHERE "index" = ?', first)
        for key in self._near(own):
            last = first
            while page := self._select(query, key, first, last):
                yield [Change(index, first, None, None) for (index,) in page]
                [last] = page[-1]

    def _near(self, key: Key) -> Sequence[Key]:
        """Give the keys that are alike, among those there are, the key's own first."""
        if not self._chunks or isinstance(key, bytes):
            return [key]
        sharing = (other for chunk in self._chunks for other in self._sharing(key, chunk))
        found = {other for other in sharing if self._likeness.alike(key, other)}
        return [key, *(found - {key})]

    def _sharing(self, key: int, chunk: Chunk) -> Iterator[int]:
        values = self._likeness.neighbours(key, chunk)
        query = f"SELECT key FROM keys WHERE {_sql(chunk)} IN (SELECT value FROM json_each(?))"  # noqa: S608
        with translated(self._path):
            return (found for (found,) in self._database.execute(query, (json.dumps(values),)).fetchall())

    def _lowest(self, key: Key) -> int:
        [(lowest,)] = self._select("SELECT lowest FROM keys WHERE key = ?", key)
        return int(lowest)

    def _path_of(self, index: int) -> str | None:
        found = self._select('SELECT path FROM entries WHERE "index" = ?', index)
        return found[0][0] if found else None

    def _select(self, query: str, *values: object) -> Sequence[Sequence[Any]]:
        with translated(self._path):
            return self._database.execute(f"{query} LIMIT {PAGE}", values).fetchall()

    def _change(self, change: str, *values: object) -> None:
        with translated(self._path):
            self._database.execute(f"UPDATE entries {change}", values)


def _stem(path: str | None) -> str | None:
    return beside(FileName(path), "") if path is not None else None


def _sql(chunk: Chunk) -> str:
    """Give the SQL of a key's chunk, the same in its index and in queries."""
    return f"key >> {chunk.start} & {chunk.mask}"
