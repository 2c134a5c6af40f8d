"""The manifest itself: rows, commits, and what twins make of another's outcome."""

import fcntl
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from downloader.errors import OutputError, UsageError
from downloader.manifest import views
from downloader.manifest.claims import Claims
from downloader.manifest.database import FOLDER, connect, is_damage, remove, translated
from downloader.manifest.lookalikes import Lookalikes
from downloader.manifest.lot import Lot
from downloader.manifest.rows import COLUMNS, SCHEMA, inserts, outcome_of
from downloader.manifest.seen import Seen
from downloader.model import NO_EFFORT, Failed, Outcome, Saved, Skipped, Task
from downloader.policy.likeness import CODE, Likeness, named_in

COMMIT_ROWS = 1000
COMMIT_SECONDS = 0.5
_ALL = ", ".join(f'"{column}"' for column in COLUMNS)

_DIGITS = {"sha256": "coalesce(source_sha256, sha256)", "dhash": "json_extract(fields, '$.dhash')"}
"""Where the manifest has what images are told to be alike by."""


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

    def __init__(self, folder: Path, *, fsync: bool = False, whole: bool = False) -> None:
        """Open or make the manifest of an output folder; ``whole`` where all its rows count and not a list's alone.

        Raises UsageError when another run is at work there, OutputError when the folder cannot be written.
        """
        self._folder = folder
        self._whole = whole
        self._home = folder / FOLDER
        self.path = self._home / "manifest.sqlite"
        with translated(folder):
            self._home.mkdir(parents=True, exist_ok=True)
            self._lock = (self._home / "lock").open("a")
        self._take_lock(folder)
        with ExitStack() as undo:  # what fails half-way must not keep the folder locked
            undo.callback(self._lock.close)
            self._database = connect(self.path, SCHEMA, synchronous="FULL" if fsync else "NORMAL")
            undo.callback(self._database.close)
            self._check_columns(folder)
            self.seen = self._open_seen()
            undo.pop_all()
        self.lot = Lot(self._home / "parked.sqlite")
        self.claims = Claims(self._home / "claims.sqlite", self.run, self._names)
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
            self.claims.close()
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

    def recall(self, indexes: Iterable[int]) -> dict[int, Saved | Skipped]:
        """Give the outcomes of these fetched images as they were told last, committed or pending."""
        wanted = set(indexes)
        pending = {
            outcome.task.index: outcome
            for outcome in self._pending
            if outcome.task.index in wanted and not isinstance(outcome, Failed)
        }
        query = f'SELECT {_ALL} FROM images WHERE "index" IN (SELECT value FROM json_each(?))'  # noqa: S608
        with translated(self.path):
            rows = self._database.execute(query, (json.dumps(list(wanted - set(pending))),)).fetchall()
        return pending | {row[0]: outcome_of(row) for row in rows}

    def lookalikes(self, likeness: Likeness) -> Lookalikes:
        """Open the index of images that are alike, with what earlier runs have fetched; to be closed by the caller."""
        index = Lookalikes(self._home / "lookalikes.sqlite", likeness)
        query = f"""SELECT "index", {_DIGITS[likeness.how]}, detail, path, status FROM images WHERE status = 'saved'
                    OR (status = 'skipped' AND sha256 IS NOT NULL)"""  # noqa: S608
        with translated(self.path):
            index.load(
                (number, digits, named_in(detail), path if status == "saved" else None)
                for number, digits, detail, path, status in self._database.execute(query)
            )
        return index

    def twin(self, task: Task, of: Row) -> Outcome:
        """Give the outcome of a twin whose first line has this row."""
        if of.status == "failed":
            return Failed(task, of.code or "", of.detail or "", NO_EFFORT, of.http_status)
        return Skipped(task, CODE, f"the same URL as index {of.index}", of.path)

    def remember(self, name: str, value: Any) -> None:
        """Keep a fact about the folder, as JSON."""
        with translated(self.path):
            self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def write_failures(self) -> int:
        """Write failed.jsonl beside the images, or remove it when nothing failed; gives the number of failures."""
        self._commit()
        with translated(self.path):
            return views.write_failures(self._database, self._folder)

    def _names(self, since: int) -> Iterator[tuple[str, str, str]]:
        """Give path, URL and sha256 of what runs behind this one have saved; safe to call from any thread."""
        query = """SELECT path, url, sha256 FROM images WHERE status = 'saved' AND run > ? ORDER BY "index" """
        with translated(self.path), closing(connect(self.path, "", synchronous="OFF")) as database:
            yield from database.execute(query, (since,))

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
            for statement, rows in inserts((*outcomes, *twins, *former), self.run):
                self._database.executemany(statement, rows)
            self._database.execute("COMMIT")
        return [*self._counted(outcomes), *twins]

    def _counted(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Leave out what is told again of rows that this run has not told or met: those of former lists."""
        again = [outcome.task.url for outcome in outcomes if outcome.instead]
        if not again or self._whole:
            return outcomes
        met = self.seen.met(again)
        return [outcome for outcome in outcomes if not outcome.instead or outcome.task.url in met]

    def _twins(self, outcomes: Sequence[Outcome]) -> tuple[Sequence[Outcome], Sequence[Outcome]]:
        """Fan outcomes out to the twins of their tasks: those in this run's list, and those of former lists alone."""
        firsts = {outcome.task.index: outcome for outcome in outcomes}
        new = {outcome.task.index for outcome in outcomes if not outcome.instead}
        in_list: list[Outcome] = []
        in_former_lists: list[Outcome] = []
        for line in self.seen.twins_of(list(firsts)):
            first = firsts[line.first]
            columns = {"columns": json.loads(line.columns)} if line.columns else {}
            task = Task(line.index, first.task.url, first.task.host, line.place or "", **columns)
            twin = self.twin(task, _row(first, self.run))
            if line.first not in new and isinstance(twin, Skipped):
                twin = replace(twin, instead=twin.status)  # it followed its first line before
            (in_list if line.run == self.run else in_former_lists).append(twin)
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
        if columns != list(COLUMNS):
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
                seen.rebuild(
                    self._database.execute('SELECT "index", url, place, columns FROM images ORDER BY "index"'), last_run
                )
        return seen


def _row(outcome: Outcome, run: int) -> Row:
    task = outcome.task
    http_status = getattr(outcome, "http_status", None)
    return Row(task.index, task.url, outcome.status, outcome.code, outcome.detail, outcome.path, http_status, run)
