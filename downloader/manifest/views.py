"""Looking at a manifest without writing it: for status, retry, audit and failed.jsonl. Works while a run is on."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downloader.errors import OutputError, UsageError, is_transient
from downloader.manifest.database import FOLDER
from downloader.model import Line
from downloader.settings import each_field


@dataclass(frozen=True, slots=True)
class Cause:
    """The failures of one code, with one of them as a sample."""

    code: str
    count: int
    url: str
    detail: str

    @property
    def transient(self) -> bool:
        """Whether another run may help."""
        return is_transient(self.code)


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the manifest of an output folder for reading; raises UsageError where there is none."""
    path = folder / FOLDER / "manifest.sqlite"
    if not os.path.isfile(path):  # noqa: PTH113 - Path's own raises for names that are too long
        raise UsageError(f"{str(folder)!r} holds no manifest: name a folder that 'downloader get' has written")
    try:
        with closing(_open(path)) as database:
            yield database
    except sqlite3.DatabaseError as error:
        raise UsageError(
            f"the manifest {str(path)!r} cannot be read: {error}; "
            "bring it back from a copy, or fetch the list into another folder"
        ) from error


def _open(path: Path) -> sqlite3.Connection:
    uri = path.resolve().as_uri()
    database = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=30)
    try:
        database.execute("SELECT 1 FROM images LIMIT 1")
    except sqlite3.OperationalError as error:
        database.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        # On a read-only medium a database in WAL mode opens only when nobody can be writing it.
        return sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)
    return database


def counts(database: sqlite3.Connection) -> dict[str, int]:
    """Count the rows by status."""
    return dict(database.execute("SELECT status, count(*) FROM images GROUP BY status"))


def causes(database: sqlite3.Connection) -> Sequence[Cause]:
    """Group the failures by code, the most frequent first."""
    # With one min() SQLite takes the other bare columns from the row that has it.
    query = """SELECT code, count(*), url, detail, min("index") FROM images WHERE status = 'failed'
               GROUP BY code ORDER BY 2 DESC, 1"""
    return [Cause(*row[:4]) for row in database.execute(query)]


def worst_hosts(database: sqlite3.Connection, most: int = 5) -> Sequence[tuple[str, int]]:
    """Give the hosts with the most failures."""
    # The part between "//" and the next "/" or the end.
    query = """SELECT substr(rest, 1, instr(rest || '/', '/') - 1) AS host, count(*)
               FROM (SELECT substr(url, instr(url, '//') + 2) AS rest FROM images
                     WHERE status = 'failed' AND instr(url, '//')) WHERE rest NOT LIKE '/%' AND rest <> ''
               GROUP BY host ORDER BY 2 DESC, 1 LIMIT ?"""
    return list(database.execute(query, (most,)))


def learnt(database: sqlite3.Connection) -> dict[str, str]:
    """Give what the folder's last run learnt of hosts."""
    found = database.execute("SELECT value FROM meta WHERE name = 'hosts'").fetchone()
    return dict(json.loads(found[0])) if found else {}


def known_settings(database: sqlite3.Connection) -> dict[str, Any]:
    """Give the settings of the folder's last run by their flat names, without those that another version knew."""
    found = database.execute("SELECT value FROM meta WHERE name = 'settings'").fetchone()
    names = {setting.name for _, setting in each_field()}
    return {name: value for name, value in json.loads(found[0]).items() if name in names} if found else {}


def withheld(database: sqlite3.Connection) -> Sequence[str]:
    """Give the flags whose secrets the folder's last run was given; they are not among its settings."""
    found = database.execute("SELECT value FROM meta WHERE name = 'withheld'").fetchone()
    return list(json.loads(found[0])) if found else []


class FailedLines:
    """The failures of a folder as a source of lines, for ``retry``; ``codes`` empty means all."""

    def __init__(self, folder: Path, codes: frozenset[str] = frozenset()) -> None:
        self._folder = folder
        self._codes = codes

    def __iter__(self) -> Iterator[Line]:
        """Go through the failures in the order of their indexes."""
        with reading(self._folder) as database:
            query = "SELECT url, code, place, columns FROM images WHERE status = 'failed' ORDER BY \"index\""
            for url, code, place, columns in database.execute(query):
                if not self._codes or code in self._codes:
                    yield Line(url, place or "", json.loads(columns) if columns else {})


def write_failures(database: sqlite3.Connection, folder: Path) -> int:
    """Write failed.jsonl, one failure a line, usable as input; removes it when nothing failed. Gives their number."""
    target, part = folder / "failed.jsonl", folder / FOLDER / "failed.jsonl.part"
    query = """SELECT url, "index", code, detail, http_status, attempts, columns FROM images
               WHERE status = 'failed' ORDER BY "index" """
    count = 0
    try:
        with part.open("w", encoding="utf-8") as file:
            for url, index, code, detail, http_status, attempts, columns in database.execute(query):
                line = {"url": url, "index": index, "code": code, "detail": detail, "http_status": http_status,
                        "attempts": attempts}  # fmt: skip
                own = json.loads(columns) if columns else {}
                file.write(json.dumps({**own, **line}, ensure_ascii=False) + "\n")
                count += 1
        if count:
            os.replace(part, target)  # noqa: PTH105
        else:
            part.unlink()
            target.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {str(target)!r}: {error.strerror or error}") from error
    return count


@dataclass(frozen=True, slots=True)
class Finding:
    """A saved image that is no longer what was saved."""

    index: int
    path: str
    code: str  # "missing" or "damaged"


def audit(folder: Path) -> Iterator[Finding | None]:
    """Hash again what stands in the folder; gives None for each image that is whole, a Finding for each other."""
    with reading(folder) as database:
        query = 'SELECT "index", path, sha256 FROM images WHERE status = \'saved\' ORDER BY "index"'
        for index, path, sha256 in database.execute(query):
            yield look(folder, index, path, sha256)


def look(folder: Path, index: int, path: str, sha256: str) -> Finding | None:
    """Compare a file with what was saved; gives None where it is whole."""
    try:
        if not (folder / path).is_file():  # nor a pipe, which would never end
            return Finding(index, path, "missing")
        with (folder / path).open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return Finding(index, path, "missing")
    return None if whole else Finding(index, path, "damaged")


def kept(database: sqlite3.Connection, asked: frozenset[str]) -> Sequence[tuple[str, str | None, int]]:
    """Count, by status and code, the rows that a retry of these codes leaves alone; no codes means all failures."""
    query = "SELECT status, code, count(*) FROM images GROUP BY status, code"
    return [row for row in database.execute(query) if row[0] != "failed" or (asked and row[1] not in asked)]
