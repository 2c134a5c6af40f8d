"""Whose name is whose in an output folder: on disk, so that ten million names fit in little memory.

A name is claimed once and stays its owner's through all runs, be its image saved or not, so that a later run names all
others as the first did. The owner is a URL, or a sha256 where names are made of the bytes; names that differ only in
case or normalisation are one (``policy.naming.fold``).

The file can be lost: what is saved is claimed again from the manifest.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from downloader.errors import OutputError
from downloader.manifest.database import connect, is_damage, key_of, remove, translated
from downloader.policy.naming import FileName, fold, names

_SCHEMA = """
CREATE TABLE IF NOT EXISTS names (key BLOB PRIMARY KEY, owner BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (run INTEGER PRIMARY KEY);
"""


class Claims:
    """The names of a folder, opened when the first is asked for. Safe to call from any thread."""

    def __init__(self, path: Path, run: int, saved: Callable[[int], Iterable[tuple[str, str, str]]]) -> None:
        """Take the number of this run, and what gives path, URL and sha256 of the images saved after a run."""
        self._path = path
        self._run = run
        self._saved = saved
        self._database: sqlite3.Connection | None = None
        self._lock = threading.Lock()  # names are reserved in the job's own thread, and taken in that of the sink

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()

    def ready(self) -> None:
        """Have the file there, and knowing what is saved, for other processes of this run (``Guest``)."""
        with self._lock:
            self._opened()

    def take(self, name: str, owner: str) -> bool:
        """Tell whether a name, without suffix, is this owner's: from now on, if it was nobody's."""
        with self._lock, translated(self._path):
            database = self._opened()
            return _take(database, name, owner) is not None

    def reserve(self, wanted: Sequence[tuple[FileName, str]]) -> Sequence[tuple[FileName, bool]]:
        """Give owners their names, or names around them, in this order: each name, and whether it was free till now."""
        if not wanted:
            return ()
        with self._lock, translated(self._path), self._opened() as database:
            database.execute("BEGIN")
            return [_first(database, name, owner) for name, owner in wanted]

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            try:
                self._database = self._caught_up()
            except OutputError as error:
                if not is_damage(error):
                    raise
                remove(self._path)
                self._database = self._caught_up()
        return self._database

    def _caught_up(self) -> sqlite3.Connection:
        """Open the file, and claim what runs have saved that did not need it."""
        database = connect(self._path, _SCHEMA, synchronous="OFF")
        with translated(self._path), database:
            database.execute("BEGIN")
            [(last,)] = database.execute("SELECT coalesce(max(run), 0) FROM known")
            for path, url, sha256 in self._saved(last):
                _take(database, path.rpartition(".")[0], sha256 if sha256 in path else url)
            database.execute("INSERT OR IGNORE INTO known VALUES (?)", (self._run - 1,))
        return database


class Guest:
    """The names as another process of the same run takes them; their owner has the file ready and keeps it whole.

    Used by one thread, that of the sink.
    """

    def __init__(self, path: Path, wait_until_ready: Callable[[], None]) -> None:
        """Take the file, and what waits for its owner to say that it is there."""
        self._path = path
        self._wait_until_ready = wait_until_ready
        self._database: sqlite3.Connection | None = None

    def take(self, name: str, owner: str) -> bool:
        """Do what ``Claims.take`` does."""
        if self._database is None:
            self._wait_until_ready()
            self._database = connect(self._path, _SCHEMA, synchronous="OFF")
        with translated(self._path):
            # Most names were reserved for their owners: to look first spares the lock that writers wait for.
            found = _owner(self._database, name)
            if found is not None:
                return found == key_of(owner)
            return _take(self._database, name, owner) is not None


def _owner(database: sqlite3.Connection, name: str) -> bytes | None:
    found = database.execute("SELECT owner FROM names WHERE key = ?", (key_of(fold(name)),)).fetchone()
    return found[0] if found else None


def _first(database: sqlite3.Connection, name: FileName, owner: str) -> tuple[FileName, bool]:
    found = ((each, _take(database, each, owner)) for each in names(name, owner))
    return next((each, new) for each, new in found if new is not None)


def _take(database: sqlite3.Connection, name: str, owner: str) -> bool | None:
    """Claim a name: True where it was free, False where it was this owner's before, None where it is another's."""
    key, mark = key_of(fold(name)), key_of(owner)
    if database.execute("INSERT OR IGNORE INTO names VALUES (?, ?)", (key, mark)).rowcount:
        return True
    [(found,)] = database.execute("SELECT owner FROM names WHERE key = ?", (key,))
    return False if found == mark else None
