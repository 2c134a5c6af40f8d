"""Which URLs have been seen, and under which index: on disk, so that ten million lines fit in little memory.

A URL keeps the index of its first sight through all runs. When a run meets it again it is a twin: the n-th sight of a
URL has an index of its own, kept as well, so that the same list brings the same rows.

The file can be lost: it is made anew from the manifest, and lines without a row only get other indexes.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from downloader.errors import OutputError
from downloader.manifest.database import connect, is_damage, key_of, remove, translated
from downloader.manifest.rows import as_json
from downloader.model import Task
from downloader.record import record

_SCHEMA = """
CREATE TABLE IF NOT EXISTS urls (key BLOB PRIMARY KEY, "index" INTEGER, run INTEGER, sights INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS twins (first INTEGER, nth INTEGER, "index" INTEGER, run INTEGER, PRIMARY KEY (first, nth))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lines ("index" INTEGER PRIMARY KEY, place TEXT, columns TEXT);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
"""

_VARIABLES = 500
"""Values bound in one statement; every SQLite takes 999."""

_blob = bytearray
"""How keys are bound: of bytes, unlike bytearrays, sqlite3 asks around whether somebody would adapt them."""


@record(frozen=True, slots=True)
class Sight:
    """One line as this run sees it: its index, and the index of the first line with this URL where it is a twin."""

    index: int
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Twin:
    """A line whose URL another line had first, with what its list says of it; columns are a JSON object, or None."""

    first: int
    index: int
    run: int  # the last one that saw it
    place: str | None
    columns: str | None


@dataclass(slots=True)
class _Entry:
    index: int
    run: int = 0
    sights: int = 0  # in that run


class Seen:
    """The index of seen URLs. Used by the job's own thread alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Lost at worst with the machine's power, and then made anew: no need to wait for the disk.
        self._database = connect(path, _SCHEMA, synchronous="OFF")
        with translated(path):
            counters = dict(self._database.execute("SELECT name, value FROM counters"))
        self.run: int = counters.get("run", 0) + 1
        self._next: int = counters.get("next", 0)
        # Told by what the rebuild commits last: one that was cut short is made again.
        self.empty = not counters
        if counters:
            with translated(path):
                self._save_counters()

    def behind(self, last_run: int, last_index: int) -> bool:
        """Tell whether the manifest knows more than this file, which a power cut may have set back."""
        return self.run <= last_run or self._next <= last_index

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def enter(self, urls: Sequence[str]) -> Sequence[Sight]:
        """Enter lines in their order and commit; what this run has seen is remembered by the number of the run."""
        keys = [key_of(url) for url in urls]
        with self._disposable():
            self._database.execute("BEGIN")
            known = {key: _Entry(index, run, sights) for key, index, run, sights in self._find(set(keys))}
            sights = [self._sight(known, key) for key in keys]
            self._database.executemany(
                "INSERT OR REPLACE INTO urls VALUES (?, ?, ?, ?)",
                [(_blob(key), entry.index, entry.run, entry.sights) for key, entry in known.items()],
            )
            self._save_counters()
            self._database.execute("COMMIT")
        return sights

    def met(self, urls: Iterable[str]) -> set[str]:
        """Give those of these URLs that this run has seen."""
        by_key = {key_of(url): url for url in urls}
        with self._disposable():
            return {by_key[key] for key, _, run, _ in self._find(by_key) if run == self.run}

    def keep(self, twins: Iterable[Task]) -> None:
        """Keep what the list says of these twins, for when their first line is done."""
        rows = [(task.index, task.place, as_json(task.columns)) for task in twins]
        if rows:
            with self._disposable(), self._database:
                self._database.execute("BEGIN")
                self._database.executemany("INSERT OR REPLACE INTO lines VALUES (?, ?, ?)", rows)

    def twins_of(self, firsts: Sequence[int]) -> Iterator[Twin]:
        """Give the twins of these first lines."""
        for some in _slices(firsts):
            marks = ",".join("?" * len(some))
            query = f"""SELECT first, "index", run, place, columns FROM twins LEFT JOIN lines USING ("index")
                        WHERE first IN ({marks}) ORDER BY 2"""  # noqa: S608
            with self._disposable():
                yield from (Twin(*row) for row in self._database.execute(query, some).fetchall())

    def rebuild(self, rows: Iterable[tuple[int, str, str | None, str | None]], last_run: int) -> None:
        """Enter what the manifest knows in the order of the indexes: index, URL, place and columns.

        The same URL again is a twin.
        """
        with translated(self._path):
            self._database.execute("BEGIN")
            self.run = last_run + 1  # a number of its own, or rows of earlier runs would pass for this one's
            for index, url, place, columns in rows:
                self._next = max(self._next, index + 1)
                first = self._database.execute('SELECT "index" FROM urls WHERE key = ?', (key_of(url),)).fetchone()
                if first is None:
                    self._database.execute("INSERT INTO urls VALUES (?, ?, 0, 0)", (key_of(url), index))
                    continue
                nth = self._database.execute("SELECT count(*) FROM twins WHERE first = ?", first).fetchone()[0] + 2
                self._database.execute("INSERT INTO twins VALUES (?, ?, ?, 0)", (*first, nth, index))
                self._database.execute("INSERT INTO lines VALUES (?, ?, ?)", (index, place, columns))
            self._save_counters()
            self._database.execute("COMMIT")

    @contextmanager
    def _disposable(self) -> Iterator[None]:
        """Remove the file where it turns out to be damaged: the next run makes it anew from the manifest."""
        try:
            with translated(self._path):
                yield
        except OutputError as error:
            if is_damage(error):
                remove(self._path)
                raise OutputError(
                    f"{str(self._path)!r} was damaged and is removed: the next run makes it anew"
                ) from error
            raise

    def _find(self, keys: Iterable[bytes]) -> Iterator[tuple[bytes, int, int, int]]:
        for some in _slices(list(map(_blob, keys))):
            marks = ",".join("?" * len(some))
            yield from self._database.execute(f"SELECT * FROM urls WHERE key IN ({marks})", some)  # noqa: S608

    def _sight(self, known: dict[bytes, "_Entry"], key: bytes) -> Sight:
        entry = known.get(key)
        if entry is None:
            entry = known[key] = _Entry(self._new_index())
        if entry.run != self.run:
            entry.run, entry.sights = self.run, 0
        entry.sights += 1
        if entry.sights == 1:
            return Sight(entry.index)
        return Sight(self._twin(entry.index, entry.sights), first=entry.index)

    def _twin(self, first: int, nth: int) -> int:
        """Give the index of the n-th sight of a URL: the one it has had in earlier runs, or a new one."""
        query = 'SELECT "index" FROM twins WHERE first = ? AND nth = ?'
        known = self._database.execute(query, (first, nth)).fetchone()
        index: int = known[0] if known else self._new_index()
        self._database.execute("INSERT OR REPLACE INTO twins VALUES (?, ?, ?, ?)", (first, nth, index, self.run))
        return index

    def _new_index(self) -> int:
        self._next += 1
        return self._next - 1

    def _save_counters(self) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO counters VALUES (?, ?)", [("run", self.run), ("next", self._next)]
        )


def _slices(values: Sequence[object]) -> Iterator[list[object]]:
    for start in range(0, len(values), _VARIABLES):
        yield list(values[start : start + _VARIABLES])
