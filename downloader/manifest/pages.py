"""Pages of a manifest's rows, each found by the index of the last: the thousandth costs what the first does."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SHOWN = (
    "index", "url", "final_url", "path", "status", "code", "detail", "http_status", "bytes", "sha256", "format",
    "attempts", "seconds", "place", "columns", "width", "height", "steps", "fields",
)  # fmt: skip

_JSON = frozenset(("columns", "fields"))

STEP = 1000
"""Rows read at once: no reader holds the database's history for long."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: those of a status, of codes, of a host; empty for any."""

    status: str = ""
    codes: Sequence[str] = ()
    host: str = ""  # as it stands in URLs, with its port if that is unusual

    def _conditions(self) -> Iterator[tuple[str, Any]]:
        if self.status:
            yield "status = ?", self.status
        if self.codes:
            yield "code IN (SELECT value FROM json_each(?))", json.dumps(list(self.codes))
        if self.host:
            yield "instr(url || '/', ?) IN (6, 7)", f"//{self.host.lower()}/"

    def query(self) -> tuple[str, Sequence[Any]]:
        """Give the condition of SQL and its values."""
        found = list(self._conditions())
        return " AND ".join(["1", *(condition for condition, _ in found)]), [value for _, value in found]


def page(database: sqlite3.Connection, wanted: Wanted, after: int, most: int) -> Sequence[dict[str, Any]]:
    """Give up to ``most`` rows with an index above ``after``, as JSON objects in the order of their indexes."""
    condition, values = wanted.query()
    names = ", ".join(f'"{name}"' for name in _SHOWN)
    query = f'SELECT {names} FROM images WHERE "index" > ? AND {condition} ORDER BY "index" LIMIT ?'  # noqa: S608
    return [_shown(row) for row in database.execute(query, (after, *values, most))]


def one(database: sqlite3.Connection, index: int) -> dict[str, Any] | None:
    """Give the row of an index, or None."""
    return next(iter(page(database, Wanted(), index - 1, 1)), None) if _has(database, index) else None


def _has(database: sqlite3.Connection, index: int) -> bool:
    return database.execute('SELECT 1 FROM images WHERE "index" = ?', (index,)).fetchone() is not None


def hosts_of(database: sqlite3.Connection, code: str, most: int = 5) -> Mapping[str, int]:
    """Give the hosts with the most failures of a code."""
    query = """SELECT substr(rest, 1, instr(rest || '/', '/') - 1) AS host, count(*)
               FROM (SELECT substr(url, instr(url, '//') + 2) AS rest FROM images
                     WHERE status = 'failed' AND code = ? AND instr(url, '//')) WHERE rest NOT LIKE '/%' AND rest <> ''
               GROUP BY host ORDER BY 2 DESC, 1 LIMIT ?"""
    return dict(database.execute(query, (code, most)).fetchall())


def _shown(row: Sequence[Any]) -> dict[str, Any]:
    values = dict(zip(_SHOWN, row, strict=True))
    return {name: json.loads(value) if name in _JSON and value else value for name, value in values.items()}
