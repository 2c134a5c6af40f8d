"""The manifest itself: rows, commits, and what twins make of another's outcome."""

import fcntl
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from downloader.errors import OutputError, UsageError
from downloader.manifest import views
from downloader.manifest.database import FOLDER, connect, is_damage, remove, translated
from downloader.manifest.lot import Lot
from downloader.manifest.seen import Seen
from downloader.model import NO_EFFORT, Failed, Outcome, Skipped, Task, Work, work_fields

COMMIT_ROWS = 1000
COMMIT_SECONDS = 0.5

_COLUMNS = (
    "index", "url", "final_url", "path", "status", "code", "detail", "http_status", "bytes", "sha256", "format", "etag",
    "last_modified", "attempts", "seconds", "first_time", "last_time", "place", "columns", "run",
    "source_sha256", "source_width", "source_height", "width", "height", "steps", "fields",
)  # fmt: skip

# "place" is where the line stands in its list, "columns" the user's own as a JSON object; times are seconds since the
# epoch; "run" is the run that wrote the row. From "source_sha256" on stands what post-processing did; "fields" is what
# its steps found out, a JSON object.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS images (
    "index" INTEGER PRIMARY KEY, url TEXT NOT NULL, final_url TEXT, path TEXT, status TEXT NOT NULL, code TEXT,
    detail TEXT, http_status INTEGER, bytes INTEGER, sha256 TEXT, format TEXT, etag TEXT, last_modified TEXT,
    attempts INTEGER NOT NULL, seconds REAL NOT NULL, first_time REAL, last_time REAL, place TEXT,
    columns TEXT, run INTEGER NOT NULL,
    source_sha256 TEXT, source_width INTEGER, source_height INTEGER, width INTEGER, height INTEGER, steps TEXT,
    fields TEXT
);
CREATE INDEX IF NOT EXISTS failures ON images (code) WHERE status = 'failed';
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""

_INSERT = f"INSERT OR REPLACE INTO images VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Row:
    """What the resume rules need to know of a row."""

    index: int
    url: str
    status: str
    code: str | None
    detail: str | None
    path: str | None
    http_status: int | None
    run: int


class Manifest:
    """The one writer of a folder's ledger, which it locks; a context manager. Used by the job's own thread alone."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        """Open or make the manifest of an output folder.

        Raises UsageError when another run is at work there, OutputError when the folder cannot be written.
        """
        self._folder = folder
        self._home = folder / FOLDER
        self.path = self._home / "manifest.sqlite"
        with translated(folder):
            self._home.mkdir(parents=True, exist_ok=True)
            self._lock = (self._home / "lock").open("a")
        self._take_lock(folder)
        with ExitStack() as undo:  # what fails half-way must not keep the folder locked
            undo.callback(self._lock.close)
            self._database = connect(self.path, _SCHEMA, synchronous="FULL" if fsync else "NORMAL")
            undo.callback(self._database.close)
            self._check_columns(folder)
            self.seen = self._open_seen()
            undo.pop_all()
        self.lot = Lot(self._home / "parked.sqlite")
        self._pending: list[Outcome] = []
        self._committed_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Commit what is pending and let the folder go."""
        try:
            self._commit()
        finally:
            self.seen.close()
            self.lot.close()
            self._database.close()
            self._lock.close()

    @property
    def run(self) -> int:
        """The number of this run in this folder, from 1."""
        return self.seen.run

    def record(self, stream: Iterable[Sequence[Outcome]]) -> Iterator[Sequence[Outcome]]:
        """Commit outcomes every 1,000 rows or 0.5 s, and then hand them on, with those of their twins.

        When the stream ends by an error, what came before it is committed and handed on first.
        """
        try:
            for outcomes in stream:
                self._pending += outcomes
                yield self._commit() if self._is_due() else ()
        except Exception:
            yield self._commit()
            raise
        yield self._commit()

    def add(self, outcome: Outcome) -> None:
        """Have an outcome recorded that no engine made: a twin whose first line was done before."""
        self._pending.append(outcome)

    def find(self, indexes: Iterable[int]) -> dict[int, Row]:
        """Give the rows that exist among these indexes."""
        fields = '"index", url, status, code, detail, path, http_status, run'
        # json_each takes any number of values in one variable.
        query = f'SELECT {fields} FROM images WHERE "index" IN (SELECT value FROM json_each(?))'  # noqa: S608
        with translated(self.path):
            return {row[0]: Row(*row) for row in self._database.execute(query, (json.dumps(list(indexes)),))}

    def twin(self, task: Task, of: Row) -> Outcome:
        """Give the outcome of a twin whose first line has this row."""
        if of.status == "failed":
            return Failed(task, of.code or "", of.detail or "", NO_EFFORT, of.http_status)
        return Skipped(task, "duplicate", f"the same URL as index {of.index}", of.path)

    def remember(self, name: str, value: Any) -> None:
        """Keep a fact about the folder, as JSON."""
        with translated(self.path):
            self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def write_failures(self) -> int:
        """Write failed.jsonl beside the images, or remove it when nothing failed; gives the number of failures."""
        self._commit()
        with translated(self.path):
            return views.write_failures(self._database, self._folder)

    def _is_due(self) -> bool:
        return len(self._pending) >= COMMIT_ROWS or (
            bool(self._pending) and time.monotonic() - self._committed_at >= COMMIT_SECONDS
        )

    def _commit(self) -> Sequence[Outcome]:
        outcomes, self._pending = self._pending, []
        self._committed_at = time.monotonic()
        if not outcomes:
            return ()
        twins, former = self._twins(outcomes)
        with translated(self.path):
            self._database.execute("BEGIN")
            rows = [_values(outcome, self.run) for outcome in (*outcomes, *twins, *former)]
            self._database.executemany(_INSERT, rows)
            self._database.execute("COMMIT")
        return [*outcomes, *twins]

    def _twins(self, outcomes: Sequence[Outcome]) -> tuple[Sequence[Outcome], Sequence[Outcome]]:
        """Fan outcomes out to the twins of their tasks: those in this run's list, and those of former lists alone."""
        firsts = {outcome.task.index: outcome for outcome in outcomes}
        in_list: list[Outcome] = []
        in_former_lists: list[Outcome] = []
        for first, index, run in self.seen.twins_of(list(firsts)):
            task = Task(index, firsts[first].task.url, firsts[first].task.host)
            (in_list if run == self.run else in_former_lists).append(self.twin(task, _row(firsts[first], self.run)))
        return in_list, in_former_lists

    def _take_lock(self, folder: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise UsageError(
                f"another run is at work in {str(folder)!r}: wait for it, or choose another --output"
            ) from None

    def _check_columns(self, folder: Path) -> None:
        """Refuse a folder of another version now, and not when its images have been fetched."""
        columns = [row[1] for row in self._database.execute("PRAGMA table_info(images)")]
        if columns != list(_COLUMNS):
            raise UsageError(f"{str(folder)!r} was written by another version of this tool: choose another --output")

    def _open_seen(self) -> Seen:
        path = self._home / "seen.sqlite"
        try:
            seen = Seen(path)
        except OutputError as error:
            if not is_damage(error):
                raise
            remove(path)
            seen = Seen(path)
        with translated(self.path):
            last_run, last_index = self._database.execute(
                'SELECT coalesce(max(run), 0), coalesce(max("index"), -1) FROM images'
            ).fetchone()
        if not seen.empty and seen.behind(last_run, last_index):
            seen.close()
            remove(path)
            seen = Seen(path)
        if seen.empty:
            with translated(self.path):
                seen.rebuild(self._database.execute('SELECT "index", url FROM images ORDER BY "index"'), last_run)
        return seen


def _row(outcome: Outcome, run: int) -> Row:
    task = outcome.task
    http_status = getattr(outcome, "http_status", None)
    return Row(task.index, task.url, outcome.status, outcome.code, outcome.detail, outcome.path, http_status, run)


def _values(outcome: Outcome, run: int) -> tuple[Any, ...]:
    """Give the values of a row, in the order of its columns."""
    task, effort = outcome.task, outcome.effort
    image = getattr(outcome, "image", None)
    columns: Mapping[str, str] = task.columns
    return (
        task.index,
        task.url,
        image.final_url if image else None,
        outcome.path,
        outcome.status,
        outcome.code,
        outcome.detail,
        image.http_status if image else getattr(outcome, "http_status", None),
        image.size if image else None,
        image.sha256 if image else None,
        image.format if image else None,
        image.etag if image else None,
        image.last_modified if image else None,
        effort.attempts,
        round(effort.seconds, 6),
        effort.first or None,
        effort.last or None,
        task.place or None,
        json.dumps(dict(columns), ensure_ascii=False) if columns else None,
        run,
        *_work_values(image.work if image else None),
    )


def _work_values(work: Work | None) -> tuple[Any, ...]:
    if work is None:
        return (None,) * 7
    fields = json.dumps(work.fields, ensure_ascii=False) if work.fields else None
    return *list(work_fields(work).values())[:-1], fields
