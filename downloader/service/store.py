"""The list of jobs, in SQLite: what must outlive the service."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from downloader.manifest.database import connect, translated
from downloader.service.states import ENDED, State

KEYS_KEPT = 86400.0
"""Seconds for which an Idempotency-Key is remembered."""

PROBE_EVERY = 1.0
"""Seconds between two writes that only see whether it can be done: everybody may ask for that."""

# "number" is the order of submission; "options" and "counts" are JSON objects; times are seconds since the epoch.
# "codes" is a JSON list of the failures that a retry asks again, null for the whole list.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, list TEXT NOT NULL,
    name TEXT NOT NULL, options TEXT NOT NULL, codes TEXT, created REAL NOT NULL, started REAL, ended REAL,
    reason TEXT, counts TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS states ON jobs (state, number);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, digest TEXT NOT NULL, id TEXT NOT NULL, at REAL NOT NULL)
WITHOUT ROWID;
"""

_JSON = frozenset(("options", "codes", "counts"))


@dataclass(frozen=True, slots=True)
class Record:
    """One job as it is kept."""

    id: str
    list: str  # the name of its list, in its folder
    name: str = ""  # what a person calls it
    state: State = State.QUEUED
    options: Mapping[str, Any] = field(default_factory=dict)
    codes: Sequence[str] | None = None
    created: float = field(default_factory=time.time)
    started: float | None = None
    ended: float | None = None
    reason: str | None = None
    counts: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0  # given by the store


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key, and the digest of the request it came with."""

    key: str
    digest: str


class Store:
    """Owns DATA/service.sqlite. Each call takes the lock and may wait for the disk: not for the event loop."""

    def __init__(self, path: Path) -> None:
        """Open or make it; raises OutputError."""
        self._path = path
        self._lock = threading.Lock()
        self._probed = -PROBE_EVERY  # when a probe was written last
        self._database = connect(path, _SCHEMA, synchronous="FULL")
        self._database.row_factory = sqlite3.Row

    def close(self) -> None:
        """Let it go."""
        with self._lock:
            self._database.close()

    def add(self, record: Record, key: Key | None = None) -> Record | None:
        """Keep a new job; gives None, and keeps nothing, where its key is taken."""
        with self._writing() as database:
            if key and not self._enter(database, key, record.id):
                return None
            names = [each.name for each in fields(Record) if each.name != "number"]
            marks = ", ".join("?" * len(names))
            values = [_stored(name, getattr(record, name)) for name in names]
            database.execute(f"INSERT INTO jobs ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608 - our own names
        return self.get(record.id)

    def known(self, key: Key) -> tuple[str, str] | None:
        """Give the job and the digest that came with a key before."""
        with self._reading() as database:
            found = database.execute("SELECT id, digest FROM keys WHERE key = ?", (key.key,)).fetchone()
        return (found["id"], found["digest"]) if found else None

    def get(self, job: str) -> Record | None:
        """Give a job, or None."""
        with self._reading() as database:
            row = database.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()
        return _record(row) if row else None

    def page(self, before: int | None, most: int, states: Iterable[str] = ()) -> Sequence[Record]:
        """Give up to ``most`` jobs, the latest first, older than ``before``; of any state where none is named."""
        wanted = list(states) or list(State)
        query = "SELECT * FROM jobs WHERE number < ? AND state IN (SELECT value FROM json_each(?))"
        with self._reading() as database:
            rows = database.execute(
                f"{query} ORDER BY number DESC LIMIT ?", (before or 1 << 62, json.dumps(wanted), most)
            )
            return [_record(row) for row in rows]

    def in_state(self, state: State) -> Sequence[Record]:
        """Give all jobs of a state, in the order of their submission."""
        with self._reading() as database:
            return [
                _record(row) for row in database.execute("SELECT * FROM jobs WHERE state = ? ORDER BY number", (state,))
            ]

    def first(self, state: State) -> Record | None:
        """Give the job of a state that was submitted first."""
        with self._reading() as database:
            row = database.execute("SELECT * FROM jobs WHERE state = ? ORDER BY number LIMIT 1", (state,)).fetchone()
        return _record(row) if row else None

    def tally(self) -> dict[str, int]:
        """Count the jobs by state."""
        with self._reading() as database:
            return dict(map(tuple, database.execute("SELECT state, count(*) FROM jobs GROUP BY state")))

    def change(self, job: str, **values: Any) -> None:
        """Change what is kept of a job."""
        stored = [_stored(name, value) for name, value in values.items()]
        with self._writing() as database:
            names = ", ".join(f"{name} = ?" for name in values)
            database.execute(f"UPDATE jobs SET {names} WHERE id = ?", (*stored, job))  # noqa: S608 - our own names

    def remove(self, job: str) -> None:
        """Forget a job and its key."""
        with self._writing() as database:
            database.execute("DELETE FROM keys WHERE id = ?", (job,))
            database.execute("DELETE FROM jobs WHERE id = ?", (job,))

    def unended(self) -> int:
        """Count the jobs that have not ended."""
        return sum(number for state, number in self.tally().items() if state not in ENDED)

    def probe(self) -> None:
        """Write, to see that it can be done; raises OutputError."""
        if time.monotonic() < self._probed + PROBE_EVERY:
            return
        with self._writing() as database:
            # A statement that changes nothing writes nothing, and is well on a disk that is full.
            database.execute("INSERT OR REPLACE INTO keys VALUES ('', '', '', ?)", (time.time() - KEYS_KEPT,))
        self._probed = time.monotonic()

    def _enter(self, database: sqlite3.Connection, key: Key, job: str) -> bool:
        database.execute("DELETE FROM keys WHERE at < ?", (time.time() - KEYS_KEPT,))
        entered = database.execute(
            "INSERT OR IGNORE INTO keys VALUES (?, ?, ?, ?)", (key.key, key.digest, job, time.time())
        )
        return entered.rowcount == 1

    @contextmanager
    def _reading(self) -> Any:
        with self._lock, translated(self._path):
            yield self._database

    @contextmanager
    def _writing(self) -> Any:
        with self._lock, translated(self._path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise


def _stored(name: str, value: Any) -> Any:
    return json.dumps(value) if name in _JSON and value is not None else value


def _record(row: sqlite3.Row) -> Record:
    values = {name: json.loads(row[name]) if name in _JSON and row[name] else row[name] for name in row.keys()}  # noqa: SIM118 - a Row's own
    return Record(**(values | {"state": State(row["state"])}))
